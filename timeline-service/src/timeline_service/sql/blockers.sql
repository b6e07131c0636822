-- Whoever holds up others in the database without being at work.

-- name: end_blockers
-- $1 a session's pid, $2 seconds: ends those of our sessions that hold it up, or hold up who does so, whose
-- transaction is older than that, and who wait for no lock themselves. A role may always end its own, and those of roles
-- that it has.
with recursive blockers (pid) as (
    select unnest(pg_blocking_pids($1))
    union
    select unnest(pg_blocking_pids(blockers.pid)) from blockers
)
select pid, application_name, pg_terminate_backend(pid) as ended
from pg_stat_activity join blockers using (pid)
where pg_has_role(usesysid, 'usage') and datname = current_database() and starts_with(application_name, 'dyadline')
    and wait_event_type is distinct from 'Lock' and xact_start < clock_timestamp() - make_interval(secs => $2);
