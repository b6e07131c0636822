-- What the projector asks and writes. {schema} is its generation's, {n} the generation's number.

-- name: take_over
-- Become the owner of partitions: whoever owned them before finds another epoch and rolls back. $5: only of the live
-- generation, of which no swap makes another meanwhile. Partitions by which a topic has grown are nobody's.
with generation as (select n from timeline.generations where n = {n} and (live or not $5) for share)
insert into {schema}.checkpoints (
    partition, next_offset, epoch, owner, cluster_id, partition_count, applied, duplicate, rejected, parked
)
select partition, 0, 1, $2, $3, $4, 0, 0, 0, 0 from generation, unnest($1::int[]) as partition
where partition < coalesce((select min(partition_count) from {schema}.checkpoints), $4)
order by partition
on conflict (partition) do update set epoch = checkpoints.epoch + 1, owner = excluded.owner, stopped = null
returning partition, next_offset, epoch, cluster_id, partition_count, last_offset, last_timestamp, last_sha256,
    recorded_at, parked;

-- name: checkpoints
select partition, next_offset, epoch, cluster_id, partition_count, last_offset, last_timestamp, last_sha256,
    recorded_at, parked
from {schema}.checkpoints order by partition;

-- name: last_failing
-- $1 partitions, $2 how many of each, $3 the problem of what is parked behind another one.
select asked.partition, last.failing
from unnest($1::int[]) as asked (partition)
cross join lateral (
    select "offset", failing
    from (
        (
            select from_offset as "offset", false as failing from {schema}.revisions
            where revisions.partition = asked.partition order by from_offset desc limit $2
        )
        union all
        (
            select "offset", outcome = 'parked' and problem is distinct from $3 from {schema}.outcomes
            where outcomes.partition = asked.partition order by "offset" desc limit $2
        )
    ) as either
    order by "offset" desc
    limit $2
) as last
order by asked.partition, last."offset";

-- name: is_live
select exists (select from timeline.generations where n = {n} and live);

-- name: lock_checkpoints
-- In partition order, so that two projectors cannot wait for each other.
select partition from {schema}.checkpoints where partition = any($1::int[]) order by partition for update;

-- name: advance_checkpoints
-- The fence: a row counts only if its epoch and offset are what we think, and nobody has stopped it.
update {schema}.checkpoints as mine set
    next_offset = batch.next_offset,
    last_offset = batch.next_offset - 1,
    last_timestamp = batch.last_timestamp,
    last_sha256 = batch.last_sha256,
    recorded_at = batch.recorded_at,
    applied = mine.applied + batch.applied,
    duplicate = mine.duplicate + batch.duplicate,
    rejected = mine.rejected + batch.rejected,
    parked = mine.parked + batch.parked,
    gaps = mine.gaps + batch.gaps
from unnest(
    $1::int[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bytea[], $7::timestamptz[],
    $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[]
) as batch (
    partition, epoch, expected, next_offset, last_timestamp, last_sha256, recorded_at,
    applied, duplicate, rejected, parked, gaps
)
where mine.partition = batch.partition and mine.epoch = batch.epoch and mine.next_offset = batch.expected
    and mine.stopped is null
returning mine.partition;

-- name: load_histories
-- All that verdicts on these events can depend on. $1 their ids in one text: of an array each is looked at by the client.
select event_id, revision, action, record_id, digest, partition, from_offset, first_accepted_at, first_recorded_at
from {schema}.revisions where event_id = any(string_to_array($1, ',')::uuid[]) order by event_id, revision;

-- name: load_contents
-- The words that a correction or retraction takes out of their pairs.
select distinct on (event_id) event_id, content
from {schema}.revisions where event_id = any($1::uuid[]) order by event_id, revision desc;

-- name: load_parked
-- Events of which a record is parked: later ones park behind it.
select distinct event_id from {schema}.outcomes where outcome = 'parked' and event_id = any($1::uuid[]);

-- name: close_revisions
update {schema}.revisions as old set until_offset = closed.until_offset
from unnest($1::uuid[], $2::int[], $3::bigint[]) as closed (event_id, revision, until_offset)
where old.event_id = closed.event_id and old.revision = closed.revision;

-- name: close_entries
update {schema}.entries as old set until_offset = closed.until_offset
from unnest(
    $1::text[], $2::smallint[], $3::date[], $4::date[], $5::timestamptz[], $6::uuid[], $7::bigint[]
) as closed (pair, span, earliest, latest, accepted_at, event_id, until_offset)
where old.pair = closed.pair and old.span = closed.span and old.earliest = closed.earliest
    and old.latest = closed.latest and old.accepted_at = closed.accepted_at and old.event_id = closed.event_id
    and old.until_offset is null;

-- name: count_pairs
insert into {schema}.pair_counts as old (partition, pair, events, last_offset)
select * from unnest($1::int[], $2::text[], $3::bigint[], $4::bigint[])
on conflict (partition, pair) do update
set events = old.events + excluded.events, last_offset = greatest(old.last_offset, excluded.last_offset);

-- name: count_batches
-- Offsets may lie before those that are counted already: a redrive judges what was parked.
insert into {schema}.batch_counts as old (
    partition, batch, outcome, problem, records, first_offset, last_offset, first_at, last_at
)
select * from unnest(
    $1::int[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::timestamptz[],
    $9::timestamptz[]
)
on conflict (batch, partition, outcome, problem) do update set
    records = old.records + excluded.records,
    first_offset = least(old.first_offset, excluded.first_offset),
    last_offset = greatest(old.last_offset, excluded.last_offset),
    first_at = least(old.first_at, excluded.first_at),
    last_at = greatest(old.last_at, excluded.last_at);

-- name: pass_markers
-- $5 how many offsets were found to hold no record.
update {schema}.checkpoints set next_offset = $4, gaps = gaps + $5
where partition = $1 and epoch = $2 and next_offset = $3 and stopped is null
returning partition;

-- name: name_cluster
-- What was made from an archive names no cluster until its last record was found in one.
update {schema}.checkpoints set cluster_id = $4
where partition = $1 and epoch = $2 and next_offset = $3 and cluster_id = ''
returning partition;

-- name: stop
update {schema}.checkpoints set stopped = $4
where partition = $1 and epoch = $2 and next_offset = $3
returning partition;
