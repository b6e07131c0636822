-- What outlives every projection: which generations there are, and which one is read.
create table generations (
    n integer primary key,
    live boolean not null,
    created_at timestamptz not null default now()
);
comment on table generations is 'The projections there are; each is a schema timeline_gN. One is live.';
create unique index generations_one_live on generations (live) where live;
