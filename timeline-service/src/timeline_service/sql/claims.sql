-- Locks of replays, each a number, which are let go with the connection at the latest.

-- name: take
select pg_try_advisory_lock($1);

-- name: release
select pg_advisory_unlock($1);
