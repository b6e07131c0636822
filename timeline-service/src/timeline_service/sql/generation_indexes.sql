-- Built after a rebuild has filled the tables, at once for a live generation.
alter table revisions add primary key (event_id, revision);
create unique index revisions_by_position on revisions (partition, from_offset);
-- A record makes one entry in a pair. By it the last to be recorded are found, and what was between two offsets.
create unique index entries_by_position on entries (pair, partition, from_offset);
create index entries_ended on entries (pair, partition, until_offset) where until_offset is not null;
create index entries_in_order on entries (pair, span, earliest, latest, accepted_at, event_id);
create index entries_by_type on entries (pair, type, span, earliest, latest, accepted_at, event_id);
create index entries_by_valence on entries (pair, valence, span, earliest, latest, accepted_at, event_id);
create index entries_by_domain on entries (pair, domain, span, earliest, latest, accepted_at, event_id)
where domain is not null;
create index entries_by_direction on entries (pair, direction, span, earliest, latest, accepted_at, event_id)
where direction > 0;
alter table documents add primary key (event_id, revision);
create index documents_in_order on documents (span, earliest, latest, accepted_at, event_id);
create index documents_by_content on documents using gin (facets, words);
