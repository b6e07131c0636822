-- How far generations are. {schema} is that of generation {n}.

-- name: live
select n from timeline.generations where live;

-- name: reached
select partition, next_offset from {schema}.checkpoints;

-- name: loaded
select partition, applied + duplicate + rejected + parked as records from {schema}.checkpoints;

-- name: counts
select partition, applied + duplicate + rejected + parked as records, parked, applied from {schema}.checkpoints;

-- name: stopped
-- Where generation {n} is stopped, and why.
select partition, next_offset, stopped from {schema}.checkpoints where stopped is not null order by partition;

-- name: origins
-- Of which logs generation {n} says that it was made.
select distinct cluster_id, partition_count from {schema}.checkpoints;
