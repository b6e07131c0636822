-- Reads of a selection of events. {rows} are the entries or the documents of a generation, {schema}.
-- $vector (in a walk, {vector}) is the next offset of each partition; $first, $last and $within say the span, and $retracted whether retracted
-- events too. {conditions} are those of conditions.sql, {columns} what both kinds of rows tell of an event.
-- A row is visible at a vector V when from_offset < V[p] and (until_offset is null or until_offset >= V[p]).

-- name: selected
{conditions} and {dated}
    and from_offset < ($vector::bigint[])[partition + 1]
    and (until_offset is null or until_offset >= ($vector::bigint[])[partition + 1])
    and ($retracted or not retracted)

-- name: dated
earliest <= $last::date and latest >= $first::date
    and (not $within or (earliest >= $first::date and latest <= $last::date))

-- name: contents
-- Contents come with their rows until they reach $most_bytes; beyond, only their size does.
octet_length(revisions.content) as size,
    case
        when sum(octet_length(revisions.content)) over (order by {order} rows unbounded preceding)
            - octet_length(revisions.content) < $most_bytes::bigint
        then revisions.content
    end as content

-- name: contents_of
-- Of events, each a revision.
select event_id, revision, content
from unnest($event_ids::uuid[], $revisions::int[]) as wanted (event_id, revision)
join {schema}.revisions using (event_id, revision);

-- name: walk
-- A page in order, from an index, behind the last row seen. {alternatives} are the values of one condition, each with an
-- index range of its own for each span class; those of the classes are merged as far as the page goes.
select {found}, revisions.action, revisions.recorded_at, revisions.first_recorded_at, {contents}
from (
    select entry.*
    from (select) as once
    {alternatives}
    cross join lateral (
        select *
        from (
{classes}
        ) as entry
        order by earliest {direction}, latest {direction}, accepted_at {direction}, event_id {direction}
        limit $most_rows
    ) as entry
    order by earliest {direction}, latest {direction}, accepted_at {direction}, event_id {direction}
    limit $most_rows
) as found
join {schema}.revisions using (event_id, revision)
order by {order};

-- name: walk_class
-- Those of a span class. An event of at most {days} days that reaches the first day begins at most so many before.
-- The index is entered at the key of the last row seen, or at the bound where that is nearer. No other condition says
-- where, for the planner would enter it there and pass over all rows up to the key.
(
    select {columns}
    from {walked}
    where {conditions} and {rows}.span = {span}
        and {other_end}
        and latest >= $first::date and (not $within or latest <= $last::date)
        and ({rows}.earliest, latest, accepted_at, event_id) {beyond} (
            {nearest},
            case when {inside} then $latest::date else '{far}' end,
            case when {inside} then $accepted_at::timestamptz else '{far}' end,
            $event_id::uuid
        )
        and from_offset < ({vector})[partition + 1]
        and (until_offset is null or until_offset >= ({vector})[partition + 1])
        and ($retracted or not retracted)
    order by earliest {direction}, latest {direction}, accepted_at {direction}, event_id {direction}
)

-- name: lowest
coalesce(case when $within then $first::date else $first::date - {days} end, '-infinity')

-- name: walked
{schema}.{rows}

-- name: walked_with_documents
-- Entries of which the documents are asked, one by one.
{schema}.entries
cross join lateral (
    select from {schema}.documents
    where documents.event_id = entries.event_id and documents.revision = entries.revision and {said}
    offset 0
) as document

-- name: walk_now
-- A walk of a pair, and, in the same snapshot, how far the generation is and which one is to be read: told by one row,
-- of which nothing is found where the page is empty. It is read there, unless another vector is given.
with moment as materialized ({pair_vector}),
at as materialized (
    select coalesce(
        $at::bigint[],
        array(
            select coalesce(moment.next_offset, 0)
            from generate_series(0, (select max(partition_count) from moment) - 1) as each (partition)
            left join moment using (partition)
            order by partition
        )
    ) as vector
)
select found.*,
    case when row_number() over () = 1 then (
        select json_build_array(
            readable.n,
            json_agg(json_build_array(partition, next_offset, partition_count, redriven, last_offset) order by partition)
        )::text from moment
    ) end as moment
from ({readable}) as readable
left join (
{walk}
) as found on true
order by {order};

-- name: estimate
-- How many documents there are by the planner's statistics; nothing is read.
explain (format json) select from {schema}.documents where {conditions};

-- name: gather
-- A page in order of rows that are few: all of them are found by what they hold, and then sorted. As in a walk.
select {found}, revisions.action, revisions.recorded_at, revisions.first_recorded_at, {contents}
from (
    select {columns}
    from {schema}.{rows}
    where {selected}
        and (earliest, latest, accepted_at, event_id) {beyond} (
            $earliest::date, $latest::date, $accepted_at::timestamptz, $event_id::uuid
        )
    order by earliest {direction}, latest {direction}, accepted_at {direction}, event_id {direction}
    limit $most_rows
) as found
join {schema}.revisions using (event_id, revision)
order by {order};

-- name: estimate_newest
-- The same of entries or documents, and of a span of dates.
explain (format json) select from {schema}.{rows}
where {conditions} and {dated} and {near};

-- name: walk_newest
-- A page of the last to be recorded, from an index. Of each partition come $most_of_each, those before its offset of
-- $before. Where rows have no index by the place of their record, those of the revisions lead to them.
select {found}, revisions.action, revisions.recorded_at, revisions.first_recorded_at, {contents}
from (
    select entry.*
    from unnest($before::bigint[]) with ordinality as part (before, number)
    cross join lateral (
        select {columns}
        from {placed}
        where {selected}
            and ({in_partition}, {at_offset}) < ((part.number - 1)::integer, part.before)
            and ({in_partition}, {at_offset}) >= ((part.number - 1)::integer, 0)
        order by {in_partition} desc, {at_offset} desc
        limit $most_of_each
    ) as entry
    cross join lateral (
        select recorded_at from {schema}.revisions
        where event_id = entry.event_id and revision = entry.revision
        limit 1  -- so that the planner, which cannot know how few they are, does not sort all revisions first
    ) as record
    order by record.recorded_at desc, entry.partition desc, entry.from_offset desc
    limit $most_rows
) as found
join {schema}.revisions using (event_id, revision)
order by {order};

-- name: gather_newest
-- The same of rows that are few: all of them are found by what they hold.
select {found}, revisions.action, revisions.recorded_at, revisions.first_recorded_at, {contents}
from (
    select entry.*
    from (
        select {columns}, row_number() over (partition by partition order by from_offset desc) as nth
        from {schema}.{rows}
        where {selected} and {near} and from_offset < ($before::bigint[])[partition + 1]
    ) as entry
    join {schema}.revisions as record using (event_id, revision)
    where nth <= $most_of_each
    order by record.recorded_at desc, entry.partition desc, entry.from_offset desc
    limit $most_rows
) as found
join {schema}.revisions using (event_id, revision)
order by {order};

-- name: near
-- An event of at most so many days that reaches the first day begins at most so many before: for statistics, and for an
-- index, which know nothing else of where spans end.
(
    (span = 0 and earliest >= $first::date)
    or (span = 1 and earliest >= $first::date - 31)
    or (span = 2 and earliest >= $first::date - 366)
    or span = 3
)

-- name: placed_entries
{schema}.entries

-- name: placed_documents
(
    select event_id as of_event, revision as of_revision, partition as in_partition, from_offset as at_offset
    from {schema}.revisions
) as record
cross join lateral (
    select * from {schema}.documents
    where event_id = record.of_event and revision = record.of_revision
    limit 1  -- so that the planner does not look through all documents first
) as document

-- name: best
-- What fits the words best, and of equals the contract's order.
select {found}, revisions.action, revisions.recorded_at, revisions.first_recorded_at, {contents}
from (
    select
        {columns},
        ts_rank(words, $words::text::tsquery) as rank
    from {schema}.documents
    where {selected}
    order by rank desc, earliest, latest, accepted_at, event_id
    limit $most_rows
) as found
join {schema}.revisions using (event_id, revision)
order by {order};

-- name: count
select count(*) from {schema}.{rows} where {selected};

-- name: summary
-- Counts by year and valence (counted 0), by type (1), by domain (2), and of all (3). The events are put into small groups
-- first, of which these are made: to sort all of them for each takes twice as long.
with grouped as (
    select
        year, valence, type, domain, count(*)::integer as events, sum(goldstein::numeric) as goldstein,
        count(goldstein)::integer as rated, min(earliest) as first, max(latest) as last
    from (
        select
            case when earliest > '-infinity' then date_part('year', earliest)::integer end as year,
            valence, type, domain, goldstein, nullif(earliest, '-infinity') as earliest,
            nullif(latest, 'infinity') as latest
        from {schema}.{rows}
        where {selected}
    ) as event
    group by year, valence, type, domain
)
select {counted}, year, valence, type, domain, sum(events) as events, sum(goldstein) as goldstein, sum(rated) as rated,
    min(first) as first, max(last) as last
from grouped
group by grouping sets ((year, valence), (type), (domain), ());

-- name: summary_since
-- The same of entries that are selected at the vector and were not at another, and, with counts below zero, of those that
-- are not any more. Both are found by where they begin and end, so that it takes no longer than there are changes.
-- That they are looked for so is what `offset 0` says: no condition of the selection leads the planner elsewhere.
with changed as (
    select 1 as sign, entry.*
    from unnest($since::bigint[]) with ordinality as part (since, number)
    cross join lateral (
        select * from {schema}.entries where pair = $pair and partition = number - 1 and from_offset >= since offset 0
    ) as entry
    where {selected}
    union all
    select -1, entry.*
    from unnest($since::bigint[]) with ordinality as part (since, number)
    cross join lateral (
        select * from {schema}.entries where pair = $pair and partition = number - 1 and until_offset >= since offset 0
    ) as entry
    where {conditions} and {dated} and ($retracted or not retracted)
        and from_offset < since and until_offset < ($vector::bigint[])[number]
)
select {counted}, year, valence, type, domain, sum(sign) as events, sum(sign * goldstein::numeric) as goldstein,
    sum(sign * (goldstein is not null)::integer) as rated, min(earliest) as first, max(latest) as last
from (
    select
        sign, case when earliest > '-infinity' then date_part('year', earliest)::integer end as year,
        valence, type, domain, goldstein, nullif(earliest, '-infinity') as earliest, nullif(latest, 'infinity') as latest
    from changed
) as event
group by sign, grouping sets ((year, valence), (type), (domain), ());

-- name: counted
case
    when grouping(year) = 0 then 0 when grouping(type) = 0 then 1 when grouping(domain) = 0 then 2 else 3
end as counted

-- name: pairs_of_entries
-- Of a country or of all, by name or by count, behind the last pair seen and its count.
with counted as (
    select
        pair, count(*) as events, min(nullif(earliest, '-infinity')) as first, max(nullif(latest, 'infinity')) as last
    from {schema}.entries
    where {selected} and ($country::text is null or $country in (split_part(pair, '-', 1), split_part(pair, '-', 2)))
    group by pair
)
select pair, events, first, last
from counted
where $pair::text is null
    or case when $by_count then (-events, pair) > (-$count::bigint, $pair) else pair > $pair end
order by case when $by_count then -events end, pair
limit $most_rows;

-- name: pairs_of_documents
-- As pairs_of_entries; a document names its pairs.
with counted as (
    select
        substr(facet, 6) as pair, count(*) as events,
        min(nullif(earliest, '-infinity')) as first, max(nullif(latest, 'infinity')) as last
    from {schema}.documents
    cross join lateral unnest(facets) as facet
    where {selected} and facet like 'pair:%'
        and ($country::text is null or $country in (substr(facet, 6, 3), substr(facet, 10)))
    group by facet
)
select pair, events, first, last
from counted
where $pair::text is null
    or case when $by_count then (-events, pair) > (-$count::bigint, $pair) else pair > $pair end
order by case when $by_count then -events end, pair
limit $most_rows;

-- name: pairs
-- As pairs_of_entries, now.
-- A pair's last date: within a span class it lies at most the class's days after the last row's beginning.
with counted as (
    select pair, sum(events)::bigint as events
    from {schema}.pair_counts
    where $country::text is null or $country = split_part(pair, '-', 1) or $country = split_part(pair, '-', 2)
    group by pair
    having sum(events) > 0
),
page as (
    select * from counted
    where $pair::text is null
        or case when $by_count then (-events, pair) > (-$count::bigint, $pair) else pair > $pair end
    order by case when $by_count then -events end, pair
    limit $most_rows
)
select page.pair, page.events, bounds.first, bounds.last
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
order by case when $by_count then -page.events end, page.pair;
