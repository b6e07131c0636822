-- What became of records, the newest first. Of each partition, and of each kind that is asked for, come $most_of_each,
-- those before its offset of $before, and none before that of $since. The index is entered and left at whole keys: no other condition says where, for
-- the planner, which cannot know how rare a kind is, would look for it among all records.

-- name: listed
select {columns}
from ({parts}) as found
order by recorded_at desc, partition desc, place desc
limit $most_rows;

-- name: others
-- Those that made no revision.
(
    select other.*
    from unnest($before::bigint[], $since::bigint[]) with ordinality as part (before, since, number)
    {kinds}
    cross join lateral (
        select
            partition, "offset" as place, event_id, outcome, problem, detail, revision, first_position, recorded_at,
            principal, batch
        from {schema}.outcomes
        where ({key}) < ({asked}, part.before) and ({key}) >= ({asked}, part.since){filters}
        order by {order}
        limit $most_of_each
    ) as other
)

-- name: applied
(
    select made.*
    from unnest($before::bigint[], $since::bigint[]) with ordinality as part (before, since, number)
    cross join lateral (
        select
            partition, from_offset as place, event_id, 'applied' as outcome, null as problem, null as detail, revision,
            null as first_position, recorded_at, principal, batch
        from {schema}.revisions
        where ({key}) < ({asked}, part.before) and ({key}) >= ({asked}, part.since){filters}
        order by {order}
        limit $most_of_each
    ) as made
)

-- name: kinds
cross join unnest($kinds::text[]) as wanted (kind)
