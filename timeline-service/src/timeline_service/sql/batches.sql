-- What the API asks of the loads of a generation: {schema}. Their counts are kept by partition, outcome and problem, so a
-- load takes as many rows as it has of these, however many records it has.

-- name: page
-- By name, from behind the last one seen: loads come in the order of the index until there are enough.
select batch as name, min(first_at) as first_at, max(last_at) as last_at, sum(records)::bigint as records,
    coalesce(sum(records) filter (where outcome = 'applied'), 0)::bigint as applied,
    coalesce(sum(records) filter (where outcome = 'duplicate'), 0)::bigint as duplicate,
    coalesce(sum(records) filter (where outcome = 'rejected'), 0)::bigint as rejected,
    coalesce(sum(records) filter (where outcome = 'parked'), 0)::bigint as parked
from {schema}.batch_counts
where batch > $after
group by batch
order by batch
limit $most_rows;

-- name: one
select partition, outcome, problem, records, first_offset, last_offset, first_at, last_at
from {schema}.batch_counts
where batch = $name
order by partition, outcome, problem;
