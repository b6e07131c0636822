-- How parked records are found, and judged again. {schema} is the generation's, {n} its number.

-- name: find
-- $1 partitions, $2 the code version: events of which a redrive is asked for, or that other code has parked.
select distinct parked.partition, parked.event_id
from {schema}.outcomes as parked
left join timeline.redrives
    on redrives.generation = {n} and redrives.partition = parked.partition and redrives."offset" = parked."offset"
where parked.outcome = 'parked' and parked.partition = any($1::int[])
    and (redrives.requested_at is not null or parked.code_version is distinct from $2)
limit 100;

-- name: load
-- $1 partition, $2 event or null for records without one: what is parked, oldest first.
select partition, "offset", recorded_at, key, value, headers
from {schema}.outcomes
where outcome = 'parked' and partition = $1 and event_id is not distinct from $2::uuid
order by "offset";

-- name: unpark
-- $1 partition, $2 offsets: about to be judged again.
delete from {schema}.outcomes where partition = $1 and "offset" = any($2::bigint[]) and outcome = 'parked'
returning "offset", batch;

-- name: forget_parked
-- $1 partition, $2 loads: how many of their records are parked is counted once more, for no count tells where the one
-- behind the first is.
delete from {schema}.batch_counts where partition = $1 and batch = any($2::text[]) and outcome = 'parked';

-- name: count_parked
insert into {schema}.batch_counts (
    partition, batch, outcome, problem, records, first_offset, last_offset, first_at, last_at
)
select partition, batch, outcome, problem, count(*), min("offset"), max("offset"), min(recorded_at), max(recorded_at)
from {schema}.outcomes
where partition = $1 and batch = any($2::text[]) and outcome = 'parked'
group by partition, batch, outcome, problem;

-- name: forget
delete from timeline.redrives where generation = {n} and partition = $1 and "offset" = any($2::bigint[]);

-- name: recount
-- The fence of a redrive: the offset stays, the epoch must be ours. $4–$7 what the counts change by, $8 how many
-- records are no longer parked.
update {schema}.checkpoints set
    applied = applied + $4, duplicate = duplicate + $5, rejected = rejected + $6, parked = parked + $7,
    redriven = redriven + $8
where partition = $1 and epoch = $2 and next_offset = $3 and stopped is null
returning parked, redriven;

-- name: note_redriven
-- $1 partition, $2 the number of the first, $3 how far the partition is, $4 offsets: for those who listen.
insert into {schema}.redriven (partition, number, "offset", next_offset)
select $1, $2 + place - 1, "offset", $3 from unnest($4::bigint[]) with ordinality as judged ("offset", place);
