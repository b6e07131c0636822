-- What is drawn of a pair's events. {rows} are the entries or the documents of a generation, {schema}; {selected} is that of
-- selections.sql. {direction} is 0 where both have acted, 1 and 2 where the pair's first or second country has.

-- name: extent
-- How many are selected, and between which days, as far as these are known; whether one goes on.
select
    count(*) as events,
    min(case when earliest > '-infinity' then earliest else nullif(latest, 'infinity') end) as first,
    max(case when latest < 'infinity' then latest else nullif(earliest, '-infinity') end) as last,
    coalesce(bool_or(latest = 'infinity'), false) as open
from {schema}.{rows}
where {selected};

-- name: shown
-- What reaches into the days that are seen. An event of a span class of at most so many days begins at most so many before.
{selected}
    and earliest <= $shown_last::date and latest >= $shown_first::date
    and (
        span = 0 and earliest >= $shown_first::date
        or span = 1 and earliest >= $shown_first::date - 31
        or span = 2 and earliest >= $shown_first::date - 366
        or span = 3
    )

-- name: bins
-- Each event counts once, in the bin of its earliest possible day: $starts are the first days of bins, which count from 1.
-- What begins before the first of them, or nobody knows when, counts in bin 0.
select width_bucket(earliest, $starts::date[]) as bin, {direction} as direction, valence, count(*) as events
from {schema}.{rows}
where {shown}
group by 1, 2, 3
order by 1, 2, 3;

-- name: marks
-- In the contract's order.
select
    event_id, found.earliest, found.latest, found.retracted, found.direction, found.valence, found.sources,
    revisions.content::json ->> 'title' as title, revisions.content::json ->> 'when' as written
from (
    select
        event_id, revision, earliest, latest, accepted_at, retracted, {direction} as direction, valence, sources
    from {schema}.{rows}
    where {shown}
    order by earliest, latest, accepted_at, event_id
    limit $most_rows
) as found
join {schema}.revisions using (event_id, revision)
order by found.earliest, found.latest, found.accepted_at, event_id;

-- name: direction_of_entries
direction

-- name: direction_of_documents
case
    when facets @> array['initiator:' || $first_country::text] then 1
    when facets @> array['initiator:' || $second_country::text] then 2
    else 0
end
