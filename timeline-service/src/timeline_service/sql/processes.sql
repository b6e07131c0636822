-- name: hear
-- $1 name, $2 kind.
insert into timeline.processes (name, kind) values ($1, $2)
on conflict (name) do update set kind = excluded.kind, heard_at = clock_timestamp();

-- name: sweep
delete from timeline.processes where heard_at < clock_timestamp() - interval '7 days';

-- name: gone
-- $1 names, $2 seconds: those that were heard of once, and not for so long.
select name, heard_at from timeline.processes
where name = any($1) and heard_at < clock_timestamp() - make_interval(secs => $2);
