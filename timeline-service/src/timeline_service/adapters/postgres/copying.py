"""Rows written by COPY, whichever way their table is written."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from timeline_service.adapters.postgres.packing import can_pack, packed

if TYPE_CHECKING:
    from timeline_service.adapters.postgres.database import Connection, OwnConnection


async def copy_rows(
    connection: "Connection | OwnConnection", schema: str, table: str, kind: type[NamedTuple], rows: Sequence[Any]
) -> None:
    """Write rows of a kind, whose fields are the columns, into a table of a schema; nothing where there are none."""
    if not rows:
        return
    columns = kind._fields
    if can_pack(kind):
        await connection.copy_to_table(
            table, schema_name=schema, columns=columns, source=packed(kind, rows), format="binary"
        )
    else:
        await connection.copy_records_to_table(table, schema_name=schema, columns=columns, records=rows)
