-- What the live feed reads: the records of each partition from one vector to another. {schema} is the generation's.
-- $1 partitions, $2 from, $3 to.

-- name: applied
-- With the words that a revision replaces, which say what pairs the event has left.
select
    made.event_id, made.revision, made.partition, made.from_offset, made.action, made.recorded_at,
    made.first_accepted_at, made.first_recorded_at, made.content, before.content as before
from unnest($1::int[], $2::bigint[], $3::bigint[]) as range (partition, low, high)
join {schema}.revisions as made
    on made.partition = range.partition and made.from_offset >= range.low and made.from_offset < range.high
left join {schema}.revisions as before on before.event_id = made.event_id and before.revision = made.revision - 1
order by made.recorded_at, made.partition, made.from_offset;

-- name: others
-- Verdicts that made no revision, with the words of the event that they are about, where there is one.
select
    said.partition, said."offset" as from_offset, said.outcome, said.problem, said.revision, said.recorded_at,
    about.content
from unnest($1::int[], $2::bigint[], $3::bigint[]) as range (partition, low, high)
join {schema}.outcomes as said
    on said.partition = range.partition and said."offset" >= range.low and said."offset" < range.high
left join lateral (
    select content from {schema}.revisions
    where revisions.event_id = said.event_id and revisions.partition = said.partition
        and from_offset < said."offset"
    order by revision desc limit 1
) as about on true
order by said.recorded_at, said.partition, said."offset";
