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
-- $1 partition; all columns that a load sets, and their values.
update {schema}.checkpoints set ({columns}) = row({values}) where partition = $1;

-- name: finish_documents
insert into {schema}.search_checkpoints (partition, next_offset) values ($1, $2);
