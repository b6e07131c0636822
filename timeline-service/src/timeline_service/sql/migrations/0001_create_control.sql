-- What outlives every projection: which generations there are and which one is read, and the key of cursors.
create table generations (
    n integer primary key,
    live boolean not null,
    created_at timestamptz not null default now()
);
comment on table generations is 'The projections there are; each is a schema timeline_gN. One is live.';
create unique index generations_one_live on generations (live) where live;

create table secrets (
    name text primary key,
    value bytea not null
);
comment on table secrets is 'Random keys that all API processes share, such as the one that seals cursors.';
