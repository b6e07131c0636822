-- Built after a rebuild has filled the tables, at once for a live generation.
alter table revisions add primary key (event_id, revision);
create unique index revisions_by_position on revisions (partition, from_offset);
-- A record makes one entry in a pair: by it the last to be recorded are found, and, with where entries ended, what was
-- between two offsets. These two take 2.3 of the 166 microseconds of processor time that an event costs the live
-- projection and PostgreSQL, and revisions_by_principal takes 1.3. Where a third of all records are corrections it is 5
-- of 178 for all three. entries_in_order was unique instead, with from_offset in it: it is an eighth smaller now.
create unique index entries_by_position on entries (pair, partition, from_offset);
create index entries_ended on entries (pair, partition, until_offset) where until_offset is not null;
create index entries_in_order on entries (pair, span, earliest, latest, accepted_at, event_id);
create index entries_by_type on entries (pair, type, span, earliest, latest, accepted_at, event_id);
create index entries_by_valence on entries (pair, valence, span, earliest, latest, accepted_at, event_id);
create index entries_by_domain on entries (pair, domain, span, earliest, latest, accepted_at, event_id)
where domain is not null;
create index entries_by_direction on entries (pair, direction, span, earliest, latest, accepted_at, event_id)
where direction > 0;
-- The partition stands first, as in the indexes by position: else the planner, which takes rows for sorted where all
-- have one principal, would take these instead.
create index outcomes_by_kind on outcomes (partition, coalesce(problem, outcome), "offset");
create index outcomes_by_batch on outcomes (partition, batch, "offset") where batch is not null;
create index revisions_by_batch on revisions (partition, batch, from_offset) where batch is not null;
create index outcomes_by_principal on outcomes (partition, principal, coalesce(problem, outcome), "offset");
create index revisions_by_principal on revisions (partition, principal, from_offset);
alter table documents add primary key (event_id, revision);
create index documents_in_order on documents (span, earliest, latest, accepted_at, event_id);
create index documents_by_content on documents using gin (facets, words);
