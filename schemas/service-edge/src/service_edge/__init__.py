"""The manners that both services share at their edges: problems, doors, parameters, the topic's fitness."""
