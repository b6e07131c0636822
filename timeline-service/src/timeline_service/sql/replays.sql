-- The table of replays: the API files and shows them, the replayer claims and carries them out.

-- name: file
-- $1 id, $2 kind, $3 until, $4 generation: nothing if the replay would build beside another one that does.
insert into timeline.replays (id, kind, until, generation) values ($1, $2, $3, $4)
on conflict ((true)) where kind <> 'verify' and state in ('queued', 'running') do nothing
returning *;

-- name: building
select id from timeline.replays where kind <> 'verify' and state in ('queued', 'running');

-- name: replay
select * from timeline.replays where id = $1;

-- name: replays
-- $1–$2 requested_at and id of the last row seen, $3 limit: the newest first. Results are without their lists of
-- differences and explained records, which may be long.
select id, kind, state, until, generation, requested_at, started_at, finished_at, progress, reason,
    result #- '{explained,records}' #- '{differences}' as result
from timeline.replays
where (requested_at, id) < ($1, $2)
order by requested_at desc, id desc
limit $3;

-- name: cancel
-- One that nobody has begun is over at once, one that runs is told.
update timeline.replays set
    cancelling = true,
    state = case when state = 'queued' then 'cancelled' else state end,
    finished_at = case when state = 'queued' then clock_timestamp() else finished_at end
where id = $1 and state in ('queued', 'running')
returning *;

-- name: last_verification
select * from timeline.replays
where kind = 'verify' and until is null and state = 'succeeded'
order by finished_at desc
limit 1;

-- name: replayers
-- Who carries replays out: their connections say so.
select application_name from pg_stat_activity
where datname = current_database() and starts_with(application_name, $1)
order by application_name;

-- name: open
-- What is to be done, the oldest first.
select id, kind from timeline.replays where state in ('queued', 'running') order by requested_at, id;

-- name: claim
-- $1 id, $2 owner.
update timeline.replays set
    state = 'running', owner = $2, started_at = coalesce(started_at, clock_timestamp())
where id = $1 and state in ('queued', 'running')
returning *;

-- name: note_stuck
-- Only such attempts count: an outage, or a replayer that is killed, says nothing of the replay.
update timeline.replays set attempts = attempts + 1 where id = $1 returning attempts;

-- name: cancelling
select cancelling from timeline.replays where id = $1;

-- name: note_progress
update timeline.replays set progress = $2 where id = $1;

-- name: note_result
update timeline.replays set result = $2 where id = $1;

-- name: finish
-- $1 id, $2 state, $3 result, $4 reason.
update timeline.replays set
    state = $2, result = coalesce($3, result), reason = $4, finished_at = clock_timestamp()
where id = $1 and state = 'running';

-- name: notify
-- $1 channel: wakes whoever waits for news of a replay.
select pg_notify($1, '');
