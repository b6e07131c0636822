"""The language that both services share: dates, countries, events, records, positions."""
