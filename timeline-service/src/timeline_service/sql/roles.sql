-- Roles of least privilege, one for each kind of process of Dyadline's timeline service.
--
-- Run this as the role that runs `timeline migrate`, after every `timeline migrate`; to run it again changes nothing:
--
--     timeline migrate && timeline migrate --print-roles | psql --single-transaction --set ON_ERROR_STOP=1 "$DATABASE_URL"
--
-- It needs CREATEROLE where the roles are not there yet. Then give each role a password (psql: \password dyadline_api),
-- and each process the DATABASE_URL of its role:
--
--     timeline serve      dyadline_api        reads; files replays and redrives; drops generations that are not live
--     timeline project    dyadline_projector  writes rows of generations; makes, alters and drops nothing
--     timeline replayer   dyadline_replayer   makes generations, and shows them; alters nothing else
--     timeline migrate    whoever runs this   owns the control schema, timeline

do $$
declare
    name text;
begin
    foreach name in array array['dyadline_api', 'dyadline_projector', 'dyadline_replayer'] loop
        if not exists (select from pg_roles where rolname = name) then
            execute format('create role %I login', name);
        end if;
        execute format('grant connect on database %I to %I', current_database(), name);
    end loop;
    execute format('grant create on database %I to dyadline_replayer', current_database());
end
$$;

-- The replayer ends sessions of the other two that hold up a swap, and its projectors write; whoever migrates drops what
-- it has made.
grant dyadline_api, dyadline_projector to dyadline_replayer;
grant dyadline_replayer to current_user;

-- The control schema. A lock on a row of generations, which keeps a swap away, needs the right to update some column.
grant usage on schema timeline to dyadline_api, dyadline_projector;
grant select on timeline.generations, timeline.redrives, timeline.processes to dyadline_api, dyadline_projector;
grant select, insert on timeline.secrets to dyadline_api;
grant select, insert on timeline.replays to dyadline_api;
grant update (cancelling, state, finished_at) on timeline.replays to dyadline_api;
grant insert on timeline.redrives to dyadline_api;
grant execute on function timeline.drop_generation(integer) to dyadline_api;
grant update (created_at) on timeline.generations to dyadline_projector;
grant delete on timeline.redrives to dyadline_projector;
grant insert, update, delete on timeline.processes to dyadline_projector;
grant select, insert, update on timeline.generations to dyadline_replayer;
grant update on timeline.replays to dyadline_replayer;
grant usage on sequence timeline.generation_numbers to dyadline_replayer;

-- Generations: those that there are, and those that the replayer will make.
do $$
declare
    name text;
begin
    for name in select nspname from pg_namespace where nspname ~ '^timeline_g[0-9]+$' loop
        execute format('grant usage on schema %I to dyadline_api, dyadline_projector', name);
        execute format('grant select on all tables in schema %I to dyadline_api', name);
        execute format('grant select, insert, update, delete on all tables in schema %I to dyadline_projector', name);
    end loop;
end
$$;
alter default privileges for role dyadline_replayer grant usage on schemas to dyadline_api, dyadline_projector;
alter default privileges for role dyadline_replayer grant select on tables to dyadline_api;
alter default privileges for role dyadline_replayer
    grant select, insert, update, delete on tables to dyadline_projector;
