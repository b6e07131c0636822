-- How a partition is loaded into empty tables, in one transaction. {schema} is theirs.

-- name: begin
-- $1 partition, $2 cluster, $3 number of partitions. Nothing if the partition is loaded already; whoever loads it
-- meanwhile is waited for.
insert into {schema}.checkpoints (
    partition, next_offset, epoch, owner, cluster_id, partition_count, applied, duplicate, rejected, parked
)
values ($1, 0, 0, '', $2, $3, 0, 0, 0, 0)
on conflict (partition) do nothing
returning partition;

-- name: finish
-- $1 partition, $2 next offset, $3–$6 its last record, $7–$11 counts.
update {schema}.checkpoints set
    next_offset = $2, last_offset = $3, last_timestamp = $4, last_sha256 = $5, recorded_at = $6,
    applied = $7, duplicate = $8, rejected = $9, parked = $10, gaps = $11
where partition = $1;

-- name: finish_documents
insert into {schema}.search_checkpoints (partition, next_offset) values ($1, $2);

-- name: loaded
select partition, next_offset, applied + duplicate + rejected + parked as records from {schema}.checkpoints;
