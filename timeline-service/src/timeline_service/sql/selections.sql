-- Reads of a selection of events. {rows} are the entries or the documents of a generation, {schema}.
-- $1 the vector, $2 from, $3 to, $4 within, $5 retracted too. {conditions} are those of conditions.sql, whose values
-- come last. A row is visible at a vector V when from_offset < V[p] and (until_offset is null or until_offset >= V[p]).

-- name: selected
{conditions}
    and earliest <= $3::date and latest >= $2::date
    and (not $4 or (earliest >= $2::date and latest <= $3::date))
    and from_offset < ($1::bigint[])[partition + 1]
    and (until_offset is null or until_offset >= ($1::bigint[])[partition + 1])
    and ($5 or not retracted)

-- name: contents
-- Contents come with their rows until they reach {bytes}; beyond, only their size does.
octet_length(revisions.content) as size,
    case
        when sum(octet_length(revisions.content)) over (order by {order} rows unbounded preceding)
            - octet_length(revisions.content) < {bytes}
        then revisions.content
    end as content

-- name: contents_of
-- $1 events, $2 revisions of theirs.
select event_id, revision, content
from unnest($1::uuid[], $2::int[]) as wanted (event_id, revision)
join {schema}.revisions using (event_id, revision);

-- name: walk
-- A page in order, from an index: $6–$9 the key of the last row seen, $10 limit, $11 bytes. {alternatives} are the values of one
-- condition, each with an index range of its own for each span class: an event of at most `days` days that reaches $2
-- begins at most so many before.
select found.*, revisions.action, revisions.recorded_at, revisions.first_recorded_at, {contents}
from (
    select entry.*
    from (values (0::smallint, 0), (1::smallint, 31), (2::smallint, 366), (3::smallint, null)) as class (span, days)
    {alternatives}
    cross join lateral (
        select
            coalesce(case when $4 then $2::date else $2::date - class.days end, '-infinity') as low, $3::date as high
    ) as bound
    cross join lateral (
        -- The index is entered at the key of the last row seen, or at the bound where that is nearer.
        -- No other condition says where, for the planner would enter it there and pass over all rows up to the key.
        select event_id, revision, earliest, latest, accepted_at, retracted, partition, from_offset
        from {schema}.{rows}
        where {conditions} and {rows}.span = class.span
            and {other_end}
            and latest >= $2::date and (not $4 or latest <= $3::date)
            and ({rows}.earliest, latest, accepted_at, event_id) {beyond} (
                {nearest},
                case when {inside} then $7::date else '{far}' end,
                case when {inside} then $8::timestamptz else '{far}' end,
                $9::uuid
            )
            and from_offset < ($1::bigint[])[partition + 1]
            and (until_offset is null or until_offset >= ($1::bigint[])[partition + 1])
            and ($5 or not retracted)
        order by earliest {direction}, latest {direction}, accepted_at {direction}, event_id {direction}
        limit $10
    ) as entry
    order by earliest {direction}, latest {direction}, accepted_at {direction}, event_id {direction}
    limit $10
) as found
join {schema}.revisions using (event_id, revision)
order by {order};

-- name: estimate
-- How many documents there are by the planner's statistics; nothing is read.
explain (format json) select from {schema}.documents where {conditions};

-- name: gather
-- A page in order of rows that are few: all of them are found by what they hold, and then sorted. As in a walk.
select found.*, revisions.action, revisions.recorded_at, revisions.first_recorded_at, {contents}
from (
    select event_id, revision, earliest, latest, accepted_at, retracted, partition, from_offset
    from {schema}.{rows}
    where {selected}
        and (earliest, latest, accepted_at, event_id) {beyond} ($6::date, $7::date, $8::timestamptz, $9::uuid)
    order by earliest {direction}, latest {direction}, accepted_at {direction}, event_id {direction}
    limit $10
) as found
join {schema}.revisions using (event_id, revision)
order by {order};

-- name: best
-- $6 the words, $7 limit, $8 bytes: what fits them best, and of equals the contract's order.
select found.*, revisions.action, revisions.recorded_at, revisions.first_recorded_at, {contents}
from (
    select
        event_id, revision, earliest, latest, accepted_at, retracted, partition, from_offset,
        ts_rank(words, $6::text::tsquery) as rank
    from {schema}.documents
    where {selected}
    order by rank desc, earliest, latest, accepted_at, event_id
    limit $7
) as found
join {schema}.revisions using (event_id, revision)
order by {order};

-- name: count
select count(*) from {schema}.{rows} where {selected};

-- name: summary
-- One pass: counts by year and valence (fold 0), by type (1), by domain (2), and of all (3).
select
    case
        when grouping(year) = 0 then 0 when grouping(type) = 0 then 1 when grouping(domain) = 0 then 2 else 3
    end as fold,
    year, valence, type, domain, count(*) as count,
    avg(goldstein::numeric)::double precision as mean_goldstein,
    min(nullif(earliest, '-infinity')) as first, max(nullif(latest, 'infinity')) as last
from (
    select
        case when earliest > '-infinity' then extract(year from earliest)::integer end as year,
        valence, type, domain, goldstein, earliest, latest
    from {schema}.{rows}
    where {selected}
) as event
group by grouping sets ((year, valence), (type), (domain), ())
order by fold, year nulls first, count desc, type, domain;

-- name: pairs_of_entries
-- $6 country or null, $7 whether by count, $8–$9 count and pair of the last row seen, $10 limit.
with counted as (
    select
        pair, count(*) as count, min(nullif(earliest, '-infinity')) as first, max(nullif(latest, 'infinity')) as last
    from {schema}.entries
    where {selected} and ($6::text is null or $6 in (split_part(pair, '-', 1), split_part(pair, '-', 2)))
    group by pair
)
select pair, count, first, last
from counted
where $9::text is null or case when $7 then (-count, pair) > (-$8::bigint, $9) else pair > $9 end
order by case when $7 then -count end, pair
limit $10;

-- name: pairs_of_documents
-- As pairs_of_entries; a document names its pairs.
with counted as (
    select
        substr(facet, 6) as pair, count(*) as count,
        min(nullif(earliest, '-infinity')) as first, max(nullif(latest, 'infinity')) as last
    from {schema}.documents
    cross join lateral unnest(facets) as facet
    where {selected} and facet like 'pair:%'
        and ($6::text is null or $6 in (substr(facet, 6, 3), substr(facet, 10)))
    group by facet
)
select pair, count, first, last
from counted
where $9::text is null or case when $7 then (-count, pair) > (-$8::bigint, $9) else pair > $9 end
order by case when $7 then -count end, pair
limit $10;

-- name: pairs
-- $1 country or null, $2 whether by count, $3–$4 count and pair of the last row seen, $5 limit.
-- A pair's last date: within a span class it lies at most the class's days after the last row's beginning.
with counted as (
    select pair, sum(events)::bigint as count
    from {schema}.pair_counts
    where $1::text is null or $1 = split_part(pair, '-', 1) or $1 = split_part(pair, '-', 2)
    group by pair
    having sum(events) > 0
),
page as (
    select * from counted
    where $4::text is null or case when $2 then (-count, pair) > (-$3::bigint, $4) else pair > $4 end
    order by case when $2 then -count end, pair
    limit $5
)
select page.pair, page.count, bounds.first, bounds.last
from page
cross join lateral (
    select min(nullif(class_bounds.first, '-infinity')) as first, max(class_bounds.last) as last
    from (values (0::smallint, 0), (1::smallint, 31), (2::smallint, 366), (3::smallint, null)) as class (span, days)
    cross join lateral (
        select
            (
                select earliest from {schema}.entries
                where pair = page.pair and span = class.span and earliest > '-infinity'
                    and until_offset is null and not retracted
                order by earliest limit 1
            ) as first,
            (
                select max(latest) from {schema}.entries
                where pair = page.pair and span = class.span and latest < 'infinity'
                    and until_offset is null and not retracted
                    and earliest >= coalesce(
                        (
                            select newest.earliest - class.days from {schema}.entries as newest
                            where newest.pair = page.pair and newest.span = class.span
                                and newest.until_offset is null and not newest.retracted
                                and class.days is not null
                            order by newest.earliest desc limit 1
                        ),
                        '-infinity'
                    )
            ) as last
    ) as class_bounds
) as bounds
order by case when $2 then -page.count end, page.pair;
