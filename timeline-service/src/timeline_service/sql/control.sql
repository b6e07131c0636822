-- The secrets in the control schema, timeline.

-- name: keep_secret
-- The first process makes it, all others read it.
insert into timeline.secrets (name, value) values ($1, $2) on conflict (name) do nothing;

-- name: secret
select value from timeline.secrets where name = $1;
