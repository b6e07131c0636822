"""What both services share at their edges: problems, guards, parameters, pages, and the topic's fitness."""
