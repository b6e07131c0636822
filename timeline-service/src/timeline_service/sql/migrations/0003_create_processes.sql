-- Who works on the projection, and when it was last heard of: a process that is killed leaves its name in the checkpoints.
create table processes (
    name text primary key,
    kind text not null check (kind in ('projector', 'replayer')),
    heard_at timestamptz not null default clock_timestamp()
);
comment on table processes is 'Processes by host/pid. Who has not been heard of for a while is gone; old rows are swept.';
