-- What a snapshot of the live projection, {schema}, says besides the digests of its tables.

-- name: vectors
-- How far a projection and its documents are, and how often something was put into its past.
select checkpoint.partition, checkpoint.next_offset, checkpoint.redriven,
    coalesce(search.next_offset, 0) as documents
from {schema}.checkpoints as checkpoint
left join {schema}.search_checkpoints as search using (partition)
order by checkpoint.partition;

-- name: orphan_checkpoints
-- $1 vector: checkpoints of documents that are beyond it, or of no partition.
select partition, next_offset from {schema}.search_checkpoints
where coalesce(next_offset > ($1::bigint[])[partition + 1], true) or next_offset < 0
order by partition;

-- name: reach
-- $1 the log's end: how far the rows themselves go within it, also where a checkpoint was set back or taken away.
select partition, max(reached) + 1 as next_offset
from (
    select partition, greatest(from_offset, until_offset) as reached from {schema}.revisions
    union all select partition, greatest(from_offset, until_offset) from {schema}.entries
    union all select partition, "offset" from {schema}.outcomes
) as rows
where reached < ($1::bigint[])[partition + 1]
group by partition;

-- name: reach_of_documents
select partition, max(from_offset) + 1 as next_offset
from {schema}.documents
where from_offset < ($1::bigint[])[partition + 1]
group by partition;

-- name: beyond
-- Rows beyond the vectors, which no record can have made; $3 limit.
select *
from (
    select 'revisions' as "table", jsonb_build_object('event_id', event_id, 'revision', revision) as key, partition,
        from_offset, until_offset, count(*) over () as total
    from {schema}.revisions
    where coalesce(greatest(from_offset, until_offset) >= ($1::bigint[])[partition + 1], true)
    union all
    select 'entries', jsonb_build_object('event_id', event_id, 'revision', revision, 'pair', pair), partition,
        from_offset, until_offset, count(*) over ()
    from {schema}.entries
    where coalesce(greatest(from_offset, until_offset) >= ($1::bigint[])[partition + 1], true)
    union all
    select 'outcomes', jsonb_build_object('partition', partition, 'offset', "offset"), partition, "offset", null,
        count(*) over ()
    from {schema}.outcomes
    where coalesce("offset" >= ($1::bigint[])[partition + 1], true)
    union all
    select 'documents', jsonb_build_object('event_id', event_id, 'revision', revision), partition, from_offset,
        until_offset, count(*) over ()
    from {schema}.documents
    where coalesce(from_offset >= ($2::bigint[])[partition + 1], true)
        or coalesce(until_offset >= ($1::bigint[])[partition + 1], false)
) as rows
order by "table", partition, from_offset
limit $3;

-- name: foreign_checkpoints
-- $1 cluster: checkpoints that name another one, or none.
select partition, cluster_id, last_offset from {schema}.checkpoints where cluster_id <> $1 order by partition;

-- name: parked_elsewhere
-- $1 code version: records that other code has parked, which this code might judge.
select count(*) from {schema}.outcomes where outcome = 'parked' and code_version is distinct from $1;

-- name: keep
-- What a vector does not tell the past of, as it is in this snapshot: kept in {scratch}, to be compared later.
drop table if exists {scratch}.pair_counts_then, {scratch}.batch_counts_then, {scratch}.checkpoints_then,
    {scratch}.name_counts_then;
create unlogged table {scratch}.pair_counts_then as select * from {schema}.pair_counts;
create unlogged table {scratch}.batch_counts_then as select * from {schema}.batch_counts;
create unlogged table {scratch}.name_counts_then as select * from {schema}.name_counts;
create unlogged table {scratch}.checkpoints_then as select * from {schema}.checkpoints;
