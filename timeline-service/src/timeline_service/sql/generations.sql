-- Which generations there are, and which one is read.

-- name: live
-- $1 shape: the live generation, or, where that has another shape, the last live one of this shape.
select n, live, code_version from timeline.generations
where ready and until is null and shape = $1 and (live or live_at is not null)
order by live desc, live_at desc
limit 1;

-- name: any_live
select n, shape, code_version from timeline.generations where live;

-- name: ready
select n, live, until, shape, code_version, created_at from timeline.generations where ready order by n;

-- name: create
-- $1 until, $2 shape, $3 code version: under a number that there never was, not ready.
insert into timeline.generations (n, live, ready, until, shape, code_version)
values (nextval('timeline.generation_numbers'), false, false, $1, $2, $3)
returning n;

-- name: note_in_replay
update timeline.replays set generation = $2 where id = $1;

-- name: lock
-- $1 the generation: nobody else swaps or drops meanwhile.
select n, live, ready, until, shape, code_version from timeline.generations where n = $1 for update;

-- name: lock_all
select n from timeline.generations order by n for update;

-- name: finish
update timeline.generations set ready = true where n = $1;

-- name: retire
update timeline.generations set live = false where live;

-- name: make_live
update timeline.generations set live = true, ready = true, live_at = clock_timestamp() where n = $1;

-- name: unfinished
select n from timeline.generations where not ready order by n;

-- name: drop
-- False if it is live.
select timeline.drop_generation($1);

-- name: be_impatient
-- A lock that is not to be had so soon is LockedError.
set local lock_timeout = '2s';

-- name: begin_index
set local search_path = {schema};
set local maintenance_work_mem = '256MB';

-- name: lacks
-- $1 an index, with its schema.
select to_regclass($1) is null;

-- name: tables
-- $1 schema.
select tablename from pg_tables where schemaname = $1;

-- name: lock_checkpoints
-- How far the live generation {n} and its documents are. Its projectors wait.
select checkpoint.partition, checkpoint.next_offset, coalesce(search.next_offset, 0) as documents
from {schema}.checkpoints as checkpoint
left join {schema}.search_checkpoints as search using (partition)
order by checkpoint.partition
for update of checkpoint;

-- name: reached
select checkpoint.partition, checkpoint.next_offset, coalesce(search.next_offset, 0) as documents
from {schema}.checkpoints as checkpoint
left join {schema}.search_checkpoints as search using (partition);

-- name: fence
-- Whoever owns its partitions finds another epoch and rolls back.
update {schema}.checkpoints set epoch = epoch + 1, owner = '';

-- name: tell
-- Whoever waits for what is projected reads another generation from now on.
select pg_notify('dyadline_projected', 'swapped');
