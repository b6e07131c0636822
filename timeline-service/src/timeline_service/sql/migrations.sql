-- How the control schema, {control}, is brought up to date; what it becomes is in migrations/.

-- name: begin
set local lock_timeout = '30s';
set local statement_timeout = '10min';

-- name: lock
-- $1 a number: one process at a time.
select pg_advisory_xact_lock($1);

-- name: create
create schema if not exists {control};
create table if not exists {control}.migrations (
    number integer primary key,
    name text not null,
    applied_at timestamptz not null default now()
);

-- name: enter
set local search_path = {control};

-- name: applied
select number from migrations;

-- name: note
insert into migrations (number, name) values ($1, $2);

-- name: generations
select count(*) from generations;

-- name: make_first
-- $1 shape, $2 code version.
insert into generations (n, live, live_at, shape, code_version) values (1, true, clock_timestamp(), $1, $2);

-- name: file_rebuild
-- $1 shape, $2 the digest of the trusted keys: file a rebuild where the live generation has another shape, or was judged
-- by other keys; the API does not read it, or nobody projects it.
with filed as (
    insert into replays (id, kind)
    select gen_random_uuid(), 'rebuild' from generations where live
        and (shape is distinct from $1 or coalesce(substring(code_version from '\.keys-(.*)$'), '') <> $2)
    on conflict ((true)) where kind <> 'verify' and state in ('queued', 'running') do nothing
    returning id
)
select n from generations, filed where live;
