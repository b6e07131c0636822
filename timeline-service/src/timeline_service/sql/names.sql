-- What there is to filter by: tags, actors, publishers, which are facets of documents, with their counts. {schema} is the
-- generation's. Facets between $low and $high are those of a kind whose names begin so, in the order of code points.
-- Measured among 100,000 events with 3,968 actors in 12 partitions: the first page from kept counts takes 10 ms (11 tags
-- 1 ms; 20,000 actors 31 ms; a prefix 2 ms), from the documents 127 ms, from those of one pair among 20 10 ms. To keep the
-- counts costs 14 microseconds of processor time an event, where its document takes 75; the projection itself none.

-- name: names
-- Now, from the counts that are kept, the most frequent first, behind the last one seen and its count.
with counted as (
    select facet, sum(events)::bigint as events
    from {schema}.name_counts
    where facet >= $low::text and facet < $high::text
    group by facet
    having sum(events) > 0
),
page as (
    select * from counted
    where $facet::text is null or (-events, facet) > (-$count::bigint, $facet::text collate "C")
    order by -events, facet
    limit $most_rows
)
select page.facet, {spelling} as spelling, page.events
from page
order by -page.events, page.facet;

-- name: names_of_documents
-- The same of selected events at a vector.
with counted as (
    select facet, count(*) as events
    from (
        select unnest(facets) collate "C" as facet
        from {schema}.documents
        where {selected}
    ) as about
    where facet >= $low::text and facet < $high::text
    group by facet
),
page as (
    select * from counted
    where $facet::text is null or (-events, facet) > (-$count::bigint, $facet::text collate "C")
    order by -events, facet
    limit $most_rows
)
select page.facet, {spelling} as spelling, page.events
from page
order by -page.events, page.facet;

-- name: spelling
-- As it is spelled where most events have it, and of equals where that was first.
(
    select spelling from {schema}.name_counts
    where facet = page.facet
    order by events desc, spelled_at, partition
    limit 1
)
