-- How a generation goes, by whoever may not drop schemas: all roles but that of the migrations, to which it belongs.
create function drop_generation(generation integer) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    is_live boolean;
begin
    select live into is_live from timeline.generations where n = generation for update;
    if is_live then
        return false;
    end if;
    delete from timeline.generations where n = generation;
    execute format('drop schema if exists %I cascade', 'timeline_g' || generation);
    return true;
end
$$;
comment on function drop_generation is 'Drops a generation and its tables; false, with nothing done, if it is live.';
revoke execute on function drop_generation from public;
