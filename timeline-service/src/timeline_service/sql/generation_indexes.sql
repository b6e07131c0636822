-- Built after a rebuild has filled the tables, at once for a live generation.
alter table revisions add primary key (event_id, revision);
create unique index revisions_by_position on revisions (partition, from_offset);
create unique index entries_in_order on entries (pair, span, earliest, latest, accepted_at, event_id, from_offset);
