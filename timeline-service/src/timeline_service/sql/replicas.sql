-- What is asked of a streaming replica, and of its primary, beside the questions that are put to either.

-- name: identity
-- Of whose copy this is, and whether it is one: the cluster's identifier, and the number that its database has in it.
select pg_is_in_recovery() as following,
    (select system_identifier from pg_control_system()) as cluster,
    (select oid::bigint from pg_database where datname = current_database()) as database;

-- name: reach
-- How far the copy of a generation is.
select checkpoint.partition, checkpoint.partition_count, checkpoint.next_offset,
    coalesce(search.next_offset, 0) as documents, checkpoint.redriven
from {schema}.checkpoints as checkpoint
left join {schema}.search_checkpoints as search using (partition);

-- name: replayed
-- How many seconds ago the last transaction was committed that has come here; null before the first.
select extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp())::float8;
