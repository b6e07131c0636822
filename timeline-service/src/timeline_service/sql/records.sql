-- What became of records, the newest first. Of each partition, and of each kind that is asked for, come $most_of_each,
-- those before its offset of $before.

-- name: listed
select {columns}
from ({parts}) as found
order by recorded_at desc, partition desc, place desc
limit $most_rows;

-- name: others
-- Those that made no revision.
(
    select other.*
    from unnest($before::bigint[]) with ordinality as part (before, number)
    {kinds}
    cross join lateral (
        select
            partition, "offset" as place, event_id, outcome, problem, detail, revision, first_position, recorded_at,
            principal, batch
        from {schema}.outcomes
        where {conditions} and partition = (part.number - 1)::integer and "offset" < part.before
        order by "offset" desc
        limit $most_of_each
    ) as other
)

-- name: applied
(
    select made.*
    from unnest($before::bigint[]) with ordinality as part (before, number)
    cross join lateral (
        select
            partition, from_offset as place, event_id, 'applied' as outcome, null as problem, null as detail, revision,
            null as first_position, recorded_at, principal, batch
        from {schema}.revisions
        where {conditions} and partition = (part.number - 1)::integer and from_offset < part.before
        order by from_offset desc
        limit $most_of_each
    ) as made
)

-- name: kinds
cross join unnest($kinds::text[]) as asked (kind)

-- name: of_kind
coalesce(problem, outcome) = asked.kind

-- name: of_batch
batch = $batch::text

-- name: of_principal
principal = $principal::text
