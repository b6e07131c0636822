#!/bin/sh
# Follow the primary: copied from it the first time, and from where it stands afterwards. Begins as root, to read the secret.
set -eu
PGPASSWORD=$(cat /run/secrets/postgres_password)
export PGPASSWORD
mkdir -p "$PGDATA"
chown postgres:postgres "$PGDATA"
chmod 700 "$PGDATA"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  gosu postgres pg_basebackup --host=postgres --username=replica --pgdata="$PGDATA" --slot=replica --wal-method=stream \
    --write-recovery-conf --progress
fi
exec gosu postgres postgres
