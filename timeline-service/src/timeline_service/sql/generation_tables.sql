-- One generation of the projection: everything in it derives from the log. The search path names its schema.
-- No row is shared by two partitions of the log; rows carry the offsets between which they were visible.

create table checkpoints (
    partition integer primary key,
    next_offset bigint not null,
    epoch bigint not null,
    owner text not null,
    cluster_id text not null,
    partition_count integer not null,
    last_offset bigint,
    last_timestamp bigint,
    last_sha256 bytea,
    recorded_at timestamptz,
    applied bigint not null,
    duplicate bigint not null,
    rejected bigint not null,
    parked bigint not null,
    gaps bigint not null default 0,
    redriven bigint not null default 0,
    stopped text,
    constraint accounted check (applied + duplicate + rejected + parked + gaps = next_offset)
);
comment on table checkpoints is 'How far each partition is projected, by whom, and what its last record was.';
comment on column checkpoints.gaps is 'Offsets that hold no record, such as those of transaction markers.';

create table revisions (
    event_id uuid not null,
    revision integer not null,
    partition integer not null,
    from_offset bigint not null,
    until_offset bigint,
    action text not null,
    record_id text not null,
    principal text not null,
    reason text,
    duplicate_of uuid,
    origin_source text,
    origin_id text,
    accepted_at timestamptz not null,
    recorded_at timestamptz not null,
    first_accepted_at timestamptz not null,
    first_recorded_at timestamptz not null,
    digest bytea,
    content text not null,
    batch text
);
comment on table revisions is 'Every revision of every event, its content stored once. A retraction repeats the words it retracts.';

create table entries (
    pair text not null,
    span smallint not null,
    earliest date not null,
    latest date not null,
    accepted_at timestamptz not null,
    event_id uuid not null,
    revision integer not null,
    partition integer not null,
    from_offset bigint not null,
    until_offset bigint,
    retracted boolean not null,
    type text not null,
    valence text,
    domain text,
    stage text,
    sources smallint not null,
    goldstein double precision,
    direction smallint not null
);
comment on table entries is
    'Which event stands in which pair, with its sort key and its span class: 0 a day, 1 and 2 up to 31 and 366 days, 3 longer or open. '
    'Direction: 0 mutual, 1 and 2 where the pair''s first or second country acted.';

create table pair_counts (
    partition integer not null,
    pair text not null,
    events bigint not null,
    last_offset bigint not null,
    primary key (pair, partition)
);
comment on table pair_counts is 'Current events of each pair by partition, and the last record that touched them.';

create table outcomes (
    partition integer not null,
    "offset" bigint not null,
    event_id uuid,
    outcome text not null,
    problem text,
    detail text,
    revision integer,
    first_position text,
    recorded_at timestamptz not null,
    key bytea,
    value bytea,
    headers bytea,
    code_version text,
    attempted text,
    principal text,
    batch text,
    primary key (partition, "offset")
);
comment on table outcomes is 'Verdicts that made no revision. Of malformed and parked records the bytes are kept.';
create index outcomes_parked on outcomes (event_id) where outcome = 'parked';

create table batch_counts (
    partition integer not null,
    batch text not null,
    outcome text not null,
    problem text not null,
    records bigint not null,
    first_offset bigint not null,
    last_offset bigint not null,
    first_at timestamptz not null,
    last_at timestamptz not null,
    primary key (batch, partition, outcome, problem)
);
comment on table batch_counts is
    'What became of the records of each load, by partition: how many of each outcome and problem, from where to where.';

create table redriven (
    partition integer not null,
    number bigint not null,
    "offset" bigint not null,
    next_offset bigint not null,
    primary key (partition, number)
);
comment on table redriven is
    'Records that were parked and have another outcome since, in the order in which they got it, numbered from 0, and how '
    'far their partition was then.';

create table search_checkpoints (
    partition integer primary key,
    next_offset bigint not null
);
comment on table search_checkpoints is 'How far the documents are, which are made of the revisions: never further than the checkpoints.';

create table documents (
    event_id uuid not null,
    revision integer not null,
    partition integer not null,
    from_offset bigint not null,
    until_offset bigint,
    retracted boolean not null,
    span smallint not null,
    earliest date not null,
    latest date not null,
    accepted_at timestamptz not null,
    type text not null,
    valence text,
    domain text,
    sources smallint not null,
    goldstein double precision,
    facets text[] not null,
    words tsvector not null
);
comment on table documents is
    'Every revision once more, to be searched: what it is about as facets (pair:CHN-IND, tag:chips, …), and its words.';

create table name_counts (
    partition integer not null,
    facet text collate "C" not null,
    spelling text not null,
    spelled_at bigint not null,
    events bigint not null,
    primary key (facet, partition)
);
comment on table name_counts is
    'Current events of each tag, actor and publisher by partition, as far as the documents are, and how the name is spelled in '
    'the first record that has it.';
