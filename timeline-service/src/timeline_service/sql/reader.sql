-- What the API asks of a generation: {schema}, whose number is {n}. $vector is the next offset of each partition, and
-- {columns} are those of the rows that are made of them.
-- A row is visible at a vector V when from_offset < V[p] and (until_offset is null or until_offset >= V[p]).

-- name: vector
select {columns} from {schema}.checkpoints order by partition;

-- name: search_vector
-- How far the documents are.
select checkpoint.partition, coalesce(search.next_offset, 0) as next_offset, checkpoint.partition_count,
    checkpoint.redriven
from {schema}.checkpoints as checkpoint
left join {schema}.search_checkpoints as search using (partition)
order by checkpoint.partition;

-- name: pair_vector
-- How far the generation is, and the last record of each partition that touched the pair.
select checkpoint.partition, checkpoint.next_offset, checkpoint.partition_count, checkpoint.redriven, touched.last_offset
from {schema}.checkpoints as checkpoint
left join {schema}.pair_counts as touched on touched.pair = $pair and touched.partition = checkpoint.partition

-- name: of_readable
-- One of the above, and which generation is to be read, in one snapshot. One row at least, if there is any.
select readable.n as readable, vector.*
from ({readable}) as readable
left join ({vector}) as vector on true
order by vector.partition;

-- name: touched
-- The last record of each partition that touched the pair.
select partition, last_offset from {schema}.pair_counts where pair = $pair;

-- name: event
-- The event's revision at the vector.
select {columns}
from {schema}.revisions
where event_id = $event_id and from_offset < ($vector::bigint[])[partition + 1]
order by revision desc
limit 1;

-- name: titles
-- What each of some events is called now.
select distinct on (event_id) event_id, content::json ->> 'title' as title
from {schema}.revisions
where event_id = any($event_ids::uuid[])
order by event_id, revision desc;

-- name: history
-- The event's newest revision at the vector, and the size of all. It lies in one partition, where offsets grow.
select max(revision) as revision, max(partition) as partition, max(from_offset) as from_offset,
    sum(octet_length(content))::bigint as size
from {schema}.revisions
where event_id = $event_id and from_offset < ($vector::bigint[])[partition + 1];

-- name: revisions
-- The event's revisions behind one, at the vector, until their contents reach the bytes.
select {columns}
from (
    select *, sum(octet_length(content)) over (order by revision rows unbounded preceding) as upto
    from (
        select * from {schema}.revisions
        where event_id = $event_id and revision > $behind and from_offset < ($vector::bigint[])[partition + 1]
        order by revision
        limit $most_rows
    ) as following
) as measured
where upto - octet_length(content) < $most_bytes
order by revision;

-- name: latest
-- The revisions that were recorded last: among the last ones of each partition, where offsets grow.
select {columns}
from (
    select newest.*
    from {schema}.checkpoints
    cross join lateral (
        select * from {schema}.revisions
        where revisions.partition = checkpoints.partition
            and from_offset < ($vector::bigint[])[checkpoints.partition + 1]
        order by from_offset desc
        limit $most_rows
    ) as newest
) as latest
order by recorded_at desc, partition, from_offset desc
limit $most_rows;

-- name: record
-- The revision that the record made, or its other outcome. One statement, and so one snapshot: a redrive puts the one in
-- the other's place.
select event_id, 'applied' as outcome, null as problem, null as detail, revision, null as first_position, recorded_at,
    batch
from {schema}.revisions where partition = $partition and from_offset = $offset
union all
select event_id, outcome, problem, detail, revision, first_position, recorded_at, batch
from {schema}.outcomes where partition = $partition and "offset" = $offset;

-- name: status
select {columns}
from {schema}.checkpoints order by partition;

-- name: vector_as_of
-- For each partition the offset after the last revision that was recorded by the instant. A partition's
-- recorded_at never falls, so the offset is found by halving the range: low is not after it, high is.
with recursive search (partition, low, high) as (
    select partition, 0::bigint, next_offset from {schema}.checkpoints
    union all
    select
        half.partition,
        case when probe.recorded_at <= $instant then probe.from_offset + 1 else half.low end,
        case when probe.recorded_at <= $instant then half.high else half.middle end
    from (select partition, low, high, (low + high) / 2 as middle from search where low < high) as half
    left join lateral (
        select from_offset, recorded_at from {schema}.revisions
        where revisions.partition = half.partition and from_offset >= half.middle and from_offset < half.high
        order by from_offset limit 1
    ) as probe on true
)
select partition, max(low) as next_offset from search group by partition order by partition;

-- name: parked
-- Behind the last row seen. Beyond so many bytes a record's own stay where they are.
select
    partition, "offset", event_id, problem, detail, recorded_at, code_version, size, redriving,
    case when fits then key end as key, case when fits then value end as value, case when fits then headers end as headers
from (
    select *, sum(size) over (order by partition, "offset" rows unbounded preceding) - size < $most_bytes as fits
    from (
        select *,
            coalesce(octet_length(key), 0) + coalesce(octet_length(value), 0) + octet_length(headers) as size,
            exists (
                select from timeline.redrives
                where redrives.generation = {n} and redrives.partition = outcomes.partition
                    and redrives."offset" = outcomes."offset"
            ) as redriving
        from {schema}.outcomes
        where outcome = 'parked' and (partition, "offset") > ($partition::int, $offset::bigint)
        order by partition, "offset"
        limit $most_rows
    ) as found
) as measured
order by partition, "offset";

-- name: parked_bytes
-- What is still parked at these places.
select partition, "offset", key, value, headers
from unnest($partitions::int[], $offsets::bigint[]) as wanted (partition, "offset")
join {schema}.outcomes using (partition, "offset")
where outcome = 'parked';

-- name: request_redrive
-- Nothing if the record is not parked.
insert into timeline.redrives (generation, partition, "offset")
select {n}, partition, "offset" from {schema}.outcomes
where partition = $partition and "offset" = $offset and outcome = 'parked'
on conflict (generation, partition, "offset") do update set requested_at = redrives.requested_at
returning requested_at;
