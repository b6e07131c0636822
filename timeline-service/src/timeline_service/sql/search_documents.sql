-- How the documents follow the revisions, each partition at its own checkpoint. {schema} is the generation's.

-- name: lagging
-- $1 partitions: those whose documents are behind.
select checkpoint.partition
from {schema}.checkpoints as checkpoint
left join {schema}.search_checkpoints as search using (partition)
where checkpoint.partition = any($1::int[]) and checkpoint.next_offset > coalesce(search.next_offset, 0)
order by checkpoint.partition;

-- name: lock
-- $1 partition: how far its documents are. Whoever holds the row writes them.
insert into {schema}.search_checkpoints as mine (partition, next_offset) values ($1, 0)
on conflict (partition) do update set next_offset = mine.next_offset
returning next_offset;

-- name: goal
select next_offset from {schema}.checkpoints where partition = $1;

-- name: load
-- $1 partition, $2 from, $3 to, $4 limit: revisions that have no document yet.
select event_id::text, revision, partition, from_offset, until_offset, action, first_accepted_at, content, batch
from {schema}.revisions
where partition = $1 and from_offset >= $2 and from_offset < $3
order by from_offset
limit $4;

-- name: load_at
-- $1 partition, $2 offsets: revisions that were made behind the checkpoint, by a redrive.
select event_id::text, revision, partition, from_offset, until_offset, action, first_accepted_at, content, batch
from {schema}.revisions
where partition = $1 and from_offset = any($2::bigint[]) and from_offset < $3;

-- name: count_names
-- $1 partition; $2 facets, $3 spellings, $4 the offsets of these and $5 how many events have it now, for each name of what
-- was written; $6 events and $7 revisions of which others took the place, which have theirs no longer.
insert into {schema}.name_counts as old (partition, facet, spelling, spelled_at, events)
select $1, facet, (array_agg(spelling order by spelled_at))[1], min(spelled_at), sum(change)
from (
    select * from unnest($2::text[], $3::text[], $4::bigint[], $5::int[]) as made (facet, spelling, spelled_at, change)
    union all
    select facet, '', 9223372036854775807, -1
    from unnest($6::uuid[], $7::int[]) as replaced (event_id, revision)
    join {schema}.documents using (event_id, revision)
    cross join lateral unnest(facets) as facet
    where not retracted and facet ~ '^(tag|actor|publisher):'
) as changed (facet, spelling, spelled_at, change)
group by facet
order by facet
on conflict (facet, partition) do update set
    events = old.events + excluded.events,
    spelling = case when excluded.spelled_at < old.spelled_at then excluded.spelling else old.spelling end,
    spelled_at = least(old.spelled_at, excluded.spelled_at);

-- name: close
-- $1 events: documents of revisions that others have replaced.
update {schema}.documents as old set until_offset = made.until_offset
from {schema}.revisions as made
where old.event_id = any($1::uuid[]) and old.until_offset is null
    and made.event_id = old.event_id and made.revision = old.revision and made.until_offset is not null;

-- name: advance
update {schema}.search_checkpoints set next_offset = $2 where partition = $1;
