-- What a selection asks of a row; {value} is the parameter of its value.

-- name: entries_pair
pair = {value}::text

-- name: entries_type
type = any({value}::text[])

-- name: entries_valence
valence = any({value}::text[])

-- name: entries_domain
domain = any({value}::text[])

-- name: entries_stage
stage = any({value}::text[])

-- name: entries_initiator
direction = any({value}::smallint[]) and direction > 0

-- name: alternatives_text
cross join unnest({value}::text[]) as asked (value)

-- name: alternatives_initiator
cross join unnest({value}::smallint[]) as asked (value)

-- name: each_type
type = asked.value

-- name: each_valence
valence = asked.value

-- name: each_domain
domain = asked.value

-- name: each_initiator
direction = asked.value and direction > 0

-- name: facets
facets && {value}::text[]

-- name: words
words @@ {value}::text::tsquery

-- name: sources
sources >= {value}::integer
