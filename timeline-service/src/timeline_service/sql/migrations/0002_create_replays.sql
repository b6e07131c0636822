-- Replays, what generations were made by, and redrive requests, which are wishes and no part of any projection.
alter table generations
    add column ready boolean not null default true,
    add column until bigint[],
    add column shape text,
    add column code_version text,
    add column live_at timestamptz;
comment on column generations.ready is 'False while a rebuild fills it.';
comment on column generations.until is 'Of a read-only one: the next offset of each partition, for ever.';
comment on column generations.shape is 'Digest of the statements that made its tables: who has others cannot use it.';

create sequence generation_numbers start 2;
comment on sequence generation_numbers is 'Numbers of generations, none of which comes again.';

create table replays (
    id uuid primary key,
    kind text not null check (kind in ('verify', 'rebuild', 'activate')),
    state text not null default 'queued' check (state in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    until jsonb,
    generation integer,
    cancelling boolean not null default false,
    requested_at timestamptz not null default clock_timestamp(),
    started_at timestamptz,
    finished_at timestamptz,
    attempts integer not null default 0,
    owner text,
    progress jsonb,
    result jsonb,
    reason text
);
comment on table replays is 'Replays that were asked for, how far they are, and what they found.';
create unique index replays_one_builder on replays ((true)) where kind <> 'verify' and state in ('queued', 'running');
create index replays_in_order on replays (requested_at, id);

create table redrives (
    generation integer not null references generations (n) on delete cascade,
    partition integer not null,
    "offset" bigint not null,
    requested_at timestamptz not null default now(),
    primary key (generation, partition, "offset")
);
comment on table redrives is 'Parked records that somebody asked to be projected again, until the projector has done so.';
