#!/bin/sh
# Run once, when the database is laid out: a role that may do nothing but follow.
set -eu
psql --set=ON_ERROR_STOP=1 --set=password="$POSTGRES_PASSWORD" --username="$POSTGRES_USER" <<SQL
create role replica with replication login password :'password';
select pg_create_physical_replication_slot('replica');
SQL
echo "host replication replica samenet scram-sha-256" >>"$PGDATA/pg_hba.conf"
