-- What the API asks of a generation, {schema}. `$1` is always the vector: the next offset of each partition.
-- A row is visible at a vector V when from_offset < V[p] and (until_offset is null or until_offset >= V[p]).

-- name: vector
select partition, next_offset, partition_count from {schema}.checkpoints order by partition;

-- name: timeline_page
-- $2 pair, $3 from, $4 to, $5 within, $6 retracted too, $7–$10 the key of the last row seen, $11 limit.
-- One index range for each span class: an event of at most `days` days that reaches $3 begins at most so many before.
select found.*, revisions.action, revisions.accepted_at as changed_at, revisions.recorded_at,
    revisions.first_recorded_at, revisions.content
from (
    select entry.*
    from (values (0::smallint, 0), (1::smallint, 31), (2::smallint, 366), (3::smallint, null)) as class (span, days)
    cross join lateral (
        select
            coalesce(case when $5 then $3::date else $3::date - class.days end, '-infinity') as low, $4::date as high
    ) as bound
    cross join lateral (
        -- The index is entered at the key of the last row seen, or at the bound where that is nearer.
        select event_id, revision, earliest, latest, accepted_at, retracted, partition, from_offset
        from {schema}.entries
        where pair = $2 and entries.span = class.span
            and earliest >= bound.low and earliest <= bound.high
            and latest >= $3::date and (not $5 or latest <= $4::date)
            and (entries.earliest, latest, accepted_at, event_id) {beyond} (
                {nearest},
                case when {inside} then $8::date else '{far}' end,
                case when {inside} then $9::timestamptz else '{far}' end,
                $10::uuid
            )
            and from_offset < ($1::bigint[])[partition + 1]
            and (until_offset is null or until_offset >= ($1::bigint[])[partition + 1])
            and ($6 or not retracted)
        order by earliest {direction}, latest {direction}, accepted_at {direction}, event_id {direction}
        limit $11
    ) as entry
    order by earliest {direction}, latest {direction}, accepted_at {direction}, event_id {direction}
    limit $11
) as found
join {schema}.revisions using (event_id, revision)
order by earliest {direction}, latest {direction}, found.accepted_at {direction}, event_id {direction};

-- name: timeline_count
-- $2–$6 as in a page.
select count(*)
from {schema}.entries
where pair = $2 and earliest <= $4::date and latest >= $3::date
    and (not $5 or (earliest >= $3::date and latest <= $4::date))
    and from_offset < ($1::bigint[])[partition + 1]
    and (until_offset is null or until_offset >= ($1::bigint[])[partition + 1])
    and ($6 or not retracted);

-- name: event
-- $2 the event: its revision at the vector.
select event_id, revision, action, partition, from_offset, recorded_at, first_accepted_at, first_recorded_at, content
from {schema}.revisions
where event_id = $2 and from_offset < ($1::bigint[])[partition + 1]
order by revision desc
limit 1;

-- name: revisions
-- $2 the event: all its revisions at the vector.
select event_id, revision, action, partition, from_offset, recorded_at, first_accepted_at, first_recorded_at, content,
    principal, reason, duplicate_of
from {schema}.revisions
where event_id = $2 and from_offset < ($1::bigint[])[partition + 1]
order by revision;

-- name: applied_record
-- $1 partition, $2 offset.
select event_id, revision, recorded_at from {schema}.revisions where partition = $1 and from_offset = $2;

-- name: other_record
-- $1 partition, $2 offset.
select event_id, outcome, problem, detail, revision, first_position, recorded_at
from {schema}.outcomes where partition = $1 and "offset" = $2;

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

-- name: status
select partition, next_offset, owner, applied, duplicate, rejected, parked, recorded_at, stopped
from {schema}.checkpoints order by partition;

-- name: vector_as_of
-- $1 a moment: for each partition the offset after the last revision that was recorded by then. A partition's
-- recorded_at never falls, so the offset is found by halving the range: low is not after it, high is.
with recursive search (partition, low, high) as (
    select partition, 0::bigint, next_offset from {schema}.checkpoints
    union all
    select
        half.partition,
        case when probe.recorded_at <= $1 then probe.from_offset + 1 else half.low end,
        case when probe.recorded_at <= $1 then half.high else half.middle end
    from (select partition, low, high, (low + high) / 2 as middle from search where low < high) as half
    left join lateral (
        select from_offset, recorded_at from {schema}.revisions
        where revisions.partition = half.partition and from_offset >= half.middle and from_offset < half.high
        order by from_offset limit 1
    ) as probe on true
)
select partition, max(low) as next_offset from search group by partition order by partition;

-- name: pairs_at
-- $1 the vector, $2 country or null, $3 whether by count, $4–$5 count and pair of the last row seen, $6 limit.
with counted as (
    select
        pair, count(*) as count,
        min(earliest) filter (where earliest > '-infinity') as first,
        max(latest) filter (where latest < 'infinity') as last
    from {schema}.entries
    where ($2::text is null or $2 = split_part(pair, '-', 1) or $2 = split_part(pair, '-', 2))
        and from_offset < ($1::bigint[])[partition + 1]
        and (until_offset is null or until_offset >= ($1::bigint[])[partition + 1])
        and not retracted
    group by pair
)
select pair, count, first, last
from counted
where $5::text is null or case when $3 then (-count, pair) > (-$4::bigint, $5) else pair > $5 end
order by case when $3 then -count end, pair
limit $6;

-- name: parked
-- $1–$2 partition and offset of the last row seen, $3 limit.
select
    partition, "offset", event_id, problem, detail, recorded_at, code_version, key, value, headers,
    exists (
        select from {schema}.redrives where redrives.partition = outcomes.partition and redrives."offset" = outcomes."offset"
    ) as redriving
from {schema}.outcomes
where outcome = 'parked' and (partition, "offset") > ($1::int, $2::bigint)
order by partition, "offset"
limit $3;

-- name: request_redrive
-- $1 partition, $2 offset: nothing if that record is not parked.
insert into {schema}.redrives (partition, "offset")
select partition, "offset" from {schema}.outcomes where partition = $1 and "offset" = $2 and outcome = 'parked'
on conflict (partition, "offset") do update set requested_at = redrives.requested_at
returning requested_at;
