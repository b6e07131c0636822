-- How two projections are compared at one vector: $1 is that of the log, $2 that of the documents.
-- Each table of {schema} as it was at the vector. Columns that do not follow from the log are left out: who owns a
-- partition, under which epoch, what was redriven, and which code has parked a record.

-- name: checkpoints
select partition, partition_count, next_offset, last_offset, last_timestamp, last_sha256, recorded_at, applied,
    duplicate, rejected, parked, gaps
from {schema}.checkpoints
where next_offset > 0

-- name: revisions
select event_id, revision, partition, from_offset,
    case when until_offset < ($1::bigint[])[partition + 1] then until_offset end as until_offset,
    action, record_id, principal, reason, duplicate_of, origin_source, origin_id, accepted_at, recorded_at,
    first_accepted_at, first_recorded_at, digest, content, batch
from {schema}.revisions
where from_offset < ($1::bigint[])[partition + 1]

-- name: entries
select event_id, revision, pair, span, earliest, latest, accepted_at, partition, from_offset,
    case when until_offset < ($1::bigint[])[partition + 1] then until_offset end as until_offset,
    retracted, type, valence, domain, stage, sources, goldstein, direction
from {schema}.entries
where from_offset < ($1::bigint[])[partition + 1]

-- name: pair_counts
select pair, partition, events, last_offset from {schema}.pair_counts

-- name: outcomes
select partition, "offset", event_id, outcome, problem, detail, revision, first_position, recorded_at, key, value,
    headers, attempted, principal, batch
from {schema}.outcomes
where "offset" < ($1::bigint[])[partition + 1]

-- name: batch_counts
select batch, partition, outcome, problem, records, first_offset, last_offset, first_at, last_at
from {schema}.batch_counts

-- name: documents
select event_id, revision, partition, from_offset,
    case when until_offset < ($2::bigint[])[partition + 1] then until_offset end as until_offset,
    retracted, span, earliest, latest, accepted_at, type, valence, domain, sources, goldstein, facets, words
from {schema}.documents
where from_offset < ($2::bigint[])[partition + 1]

-- name: name_counts
-- Where the documents, with which they go, are as far as the log.
select facet, partition, spelling, spelled_at, events
from {schema}.name_counts
where ($1::bigint[])[partition + 1] = ($2::bigint[])[partition + 1]

-- name: digests
-- Of a view: 1,024 buckets by the first ten bits of SHA-256 over the key. A bucket's digest is SHA-256 over those of
-- its rows in the order of their keys' hashes; a row's is SHA-256 over its columns in PostgreSQL's binary format
-- (record_send), which no setting changes. Both vectors are asked for, so that all tables take the same values.
-- Without the offset the hashes would be made several times, and whole rows sorted, not hashes.
select (get_byte(key, 0) << 2) | (get_byte(key, 1) >> 6) as bucket, count(*) as rows,
    sha256(string_agg(digest, ''::bytea order by key, digest)) as digest
from (
    select sha256(record_send(row({key}))) as key, sha256(record_send(shown)) as digest
    from ({view}) as shown
    where $1::bigint[] is not null and $2::bigint[] is not null
    offset 0
) as hashed
group by bucket
order by bucket;

-- name: differences
-- $3 buckets, $4 limit: their rows that are not alike live and by the log, and how many there are. Rows that share a
-- key are told apart by their number.
with live as (
    select key, digest, row_number() over (partition by key order by digest) as copy, shown
    from (
        select sha256(record_send(row({key}))) as key, sha256(record_send(shown)) as digest, to_jsonb(shown) as shown
        from ({live}) as shown
    ) as hashed
    where ((get_byte(key, 0) << 2) | (get_byte(key, 1) >> 6)) = any($3::int[])
),
log as (
    select key, digest, row_number() over (partition by key order by digest) as copy, shown
    from (
        select sha256(record_send(row({key}))) as key, sha256(record_send(shown)) as digest, to_jsonb(shown) as shown
        from ({log}) as shown
    ) as hashed
    where ((get_byte(key, 0) << 2) | (get_byte(key, 1) >> 6)) = any($3::int[])
)
select count(*) over () as total, live.shown as live, log.shown as log
from live full join log using (key, copy)
where live.digest is distinct from log.digest and $1::bigint[] is not null and $2::bigint[] is not null
order by key, copy
limit $4;

-- name: explained
-- $2 limit: records that made no revision, though they are in the log.
select partition, "offset", outcome, problem
from {schema}.outcomes
where outcome in ('parked', 'rejected') and "offset" < ($1::bigint[])[partition + 1]
order by partition, "offset"
limit $2;

-- name: counted
select outcome, count(*) as records
from {schema}.outcomes
where "offset" < ($1::bigint[])[partition + 1]
group by outcome;
