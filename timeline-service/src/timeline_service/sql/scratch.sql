-- The schemas of replays under way.

-- name: left
-- $1 what their names begin with.
select nspname from pg_namespace where starts_with(nspname, $1);

-- name: drop
drop schema if exists {schema} cascade;
