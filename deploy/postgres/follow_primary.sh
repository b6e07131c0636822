#!/bin/sh
# Follow the primary: copied from it the first time, and from where it stands afterwards.
set -eu
PGPASSWORD=$(cat /run/secrets/postgres_password)
export PGPASSWORD
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  pg_basebackup --host=postgres --username=replica --pgdata="$PGDATA" --slot=replica --wal-method=stream \
    --write-recovery-conf --progress
  chmod 700 "$PGDATA"
fi
exec postgres
