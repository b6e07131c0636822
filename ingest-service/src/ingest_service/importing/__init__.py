"""Other people's data as our events, without HTTP or Kafka: `cli/` sends what is made here.

A file is read line by line (`files`), a line becomes cells, cells become an event, or a word why not. Each row ends in
exactly one place of the tally (`tally`), so that a summary adds up to its input.

GDELT: `gdelt_rows` reads a row as a report, `report_store` keeps the reports on disk by date and pair, `stories` joins
those of one story, `gdelt_events` writes each story as an event. `cameo` and `country_schemes` are tables of others'
codes.
"""
