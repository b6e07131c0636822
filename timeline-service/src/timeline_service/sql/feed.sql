-- What was projected between two vectors: of $partitions, from $lows on and before $highs, one offset of
-- each for each of them. Each partition's rows go on until their contents reach $most_bytes; beyond, and only there,
-- `fits` is false and the words stay where they are.

-- name: redriven_between
-- What was judged again; lows and highs are numbers of redrives.
select found.*
from unnest($partitions::int[], $lows::bigint[], $highs::bigint[]) as part (number, low, high)
cross join lateral (
    select partition, number, "offset" from {schema}.redriven
    where partition = part.number and number >= part.low and number < part.high
    order by number limit $most_rows
) as found
order by partition, number
limit $most_rows;

-- name: redriven_before
-- How many were judged again of each partition before it had got to its next offset.
select part.number as partition, count(*) as told
from unnest($partitions::int[], $next_offsets::bigint[]) as part (number, next_offset)
join {schema}.redriven on redriven.partition = part.number and redriven.next_offset < part.next_offset
group by part.number;

-- name: applied_between
-- Revisions, with the words that each has replaced.
select
    event_id, revision, action, partition, from_offset, recorded_at, first_accepted_at, first_recorded_at, size,
    upto - size < $most_bytes as fits,
    case when upto - size < $most_bytes then content end as content,
    case when upto - size < $most_bytes then content_before end as content_before
from (
    select found.*, before.content as content_before, sized.size,
        sum(sized.size) over (partition by found.partition order by found.from_offset)::bigint as upto
    from unnest($partitions::int[], $lows::bigint[], $highs::bigint[]) as part (number, low, high)
    cross join lateral (
        select event_id, revision, action, partition, from_offset, recorded_at, first_accepted_at, first_recorded_at,
            content
        from {schema}.revisions
        where partition = part.number and from_offset >= part.low and from_offset < part.high
        order by from_offset limit part.high - part.low
    ) as found
    left join lateral (
        select old.content from {schema}.revisions as old
        where old.event_id = found.event_id and old.revision = found.revision - 1
            and found.action in ('corrected', 'reinstated')
        limit 1
    ) as before on true
    cross join lateral (
        select (octet_length(found.content) + coalesce(octet_length(before.content), 0))::bigint as size
    ) as sized
) as measured
order by partition, from_offset;

-- name: others_between
-- Records that made no revision, with the words that their event had then, if there was one.
select
    partition, "offset", outcome, problem, revision, recorded_at, attempted, size,
    upto - size < $most_bytes as fits,
    case when upto - size < $most_bytes then content end as content
from (
    select found.*, known.content, sized.size,
        sum(sized.size) over (partition by found.partition order by found."offset")::bigint as upto
    from unnest($partitions::int[], $lows::bigint[], $highs::bigint[]) as part (number, low, high)
    cross join lateral (
        select partition, "offset", event_id, outcome, problem, revision, recorded_at, attempted
        from {schema}.outcomes
        where partition = part.number and "offset" >= part.low and "offset" < part.high
        order by "offset" limit part.high - part.low
    ) as found
    left join lateral (
        select content from {schema}.revisions
        where event_id = found.event_id and partition = found.partition and from_offset < found."offset"
        order by revision desc limit 1
    ) as known on true
    cross join lateral (select coalesce(octet_length(known.content), 0)::bigint as size) as sized
) as measured
order by partition, "offset";
