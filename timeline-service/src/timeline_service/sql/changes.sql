-- What a reader of a pair was shown at one vector and not at another: $since, and $until, which is no earlier. Only rows
-- that records between the two have made or ended are looked at. An event's records lie in one partition.
-- A row is visible at a vector V when from_offset < V[p] and (until_offset is null or until_offset >= V[p]).

-- name: changed
-- Events, the last to be revised first, of each partition $most_of_each before its offset of $before. An event's place
-- is the last record between the two that gave it an entry in the pair, or took that away. `revision_then` and
-- `revision_now` are those at the two vectors, wherever the event stood.
select
    touched.event_id, touched.partition, touched.place, touched.revision_then, touched.revision_now,
    touched.shown_then, touched.shown_now,
    coalesce(octet_length(old.content), 0) + octet_length(new.content)
        + (touched.revision_now - coalesce(touched.revision_then, 0)) * $bytes_of_step::integer as size
from (
    select found.*
    from unnest($since::bigint[], $before::bigint[], $until::bigint[])
        with ordinality as part (low, before, high, number)
    cross join lateral (
        select either.*
        from (
            -- What has come to stand in the pair, and stands there at the end.
            (
                select
                    come.event_id, come.partition, come.from_offset as place, stood.revision as revision_then,
                    come.revision as revision_now, shown.retracted is not null and ($retracted or not shown.retracted) as shown_then,
                    $retracted or not come.retracted as shown_now
                from {schema}.entries as come
                left join lateral (
                    select revision, from_offset from {schema}.revisions
                    where event_id = come.event_id and from_offset < part.low
                    order by revision desc limit 1
                ) as stood on true
                left join lateral (
                    select retracted from {schema}.entries
                    where pair = $pair and partition = come.partition and from_offset = stood.from_offset
                    limit 1
                ) as shown on true
                where come.pair = $pair and come.partition = (part.number - 1)::integer
                    and come.from_offset >= part.low and come.from_offset < part.before
                    and (come.until_offset is null or come.until_offset >= part.high)
                    and ($retracted or not come.retracted or not shown.retracted)
                order by come.from_offset desc
                limit $most_of_each
            )
            union all
            -- What was moved to other pairs, and has not come back.
            (
                select
                    gone.event_id, gone.partition, gone.until_offset as place, stood.revision as revision_then,
                    stands.revision as revision_now, true as shown_then, false as shown_now
                from {schema}.entries as gone
                cross join lateral (
                    select revision, from_offset from {schema}.revisions
                    where event_id = gone.event_id and from_offset < part.low
                    order by revision desc limit 1
                ) as stood
                cross join lateral (
                    select from {schema}.entries
                    where pair = $pair and partition = gone.partition and from_offset = stood.from_offset
                        and ($retracted or not retracted)
                    limit 1
                ) as shown
                cross join lateral (
                    select revision from {schema}.revisions
                    where event_id = gone.event_id and from_offset < part.high
                    order by revision desc limit 1
                ) as stands
                where gone.pair = $pair and gone.partition = (part.number - 1)::integer
                    and gone.until_offset >= part.low and gone.until_offset < part.before
                    and not exists (
                        select from {schema}.revisions as later
                        cross join lateral (
                            select from {schema}.entries
                            where pair = $pair and partition = later.partition and from_offset = later.from_offset
                            limit 1
                        ) as back
                        where later.event_id = gone.event_id and later.revision > gone.revision
                            and later.from_offset < part.high
                    )
                order by gone.until_offset desc
                limit $most_of_each
            )
        ) as either
        order by place desc
        limit $most_of_each
    ) as found
    cross join lateral (
        select recorded_at from {schema}.revisions
        where partition = found.partition and from_offset = found.place
        limit 1
    ) as record
    order by record.recorded_at desc, found.partition desc, found.place desc
    limit $most_rows
) as touched
left join lateral (
    select content from {schema}.revisions
    where event_id = touched.event_id and revision = touched.revision_then
    limit 1
) as old on true
cross join lateral (
    select recorded_at, content from {schema}.revisions
    where event_id = touched.event_id and revision = touched.revision_now
    limit 1
) as new
cross join lateral (
    select recorded_at from {schema}.revisions
    where partition = touched.partition and from_offset = touched.place
    limit 1
) as placed
order by placed.recorded_at desc, touched.partition desc, touched.place desc;

-- name: steps
-- Of events, each with two revisions of which the first may be none: those, and all between them, which leave out what
-- they say.
select {columns}
from (
    select
        revisions.*,
        case when revision in (wanted.low, wanted.high) then content end as said
    from unnest($event_ids::uuid[], $thens::int[], $nows::int[]) as wanted (event_id, low, high)
    join {schema}.revisions using (event_id)
    where revision >= coalesce(wanted.low, 1) and revision <= wanted.high
) as step
order by event_id, revision;
