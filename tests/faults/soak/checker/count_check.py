"""Counts that must add up to the offsets, from `/v1/status` and from the tables, and what a verification finds."""

import asyncio
from collections import Counter
from typing import Any, Final

import asyncpg
from tests.faults.soak.checker.asker import Asker, UnansweredError
from tests.faults.soak.checker.findings import Findings
from tests.faults.soak.checker.verdicts import Log

OUTCOMES: Final = ("applied", "duplicate", "rejected", "parked")
_VERIFICATION_SECONDS: Final = 600.0


async def check_status(asker: Asker, log: Log, findings: Findings) -> None:
    """What each service says of its offsets and counts."""
    counts = Counter(record.outcome for record in log.all())
    for _ in range(asker.count):
        try:
            status = await asker.get("/v1/status")
        except UnansweredError as error:
            findings.add("wrong", str(error))
            continue
        told = {name: status["records"][name] for name in ("total", *OUTCOMES)}
        expected = {"total": counts.total(), **{name: counts[name] for name in OUTCOMES}}
        if told != expected:
            kind = _direction(told["total"], expected["total"])
            findings.add(kind, f"/v1/status counts {told}, the log makes it {expected}")
        for each in status["partitions"]:
            bounds = (each["log_start"], each["log_end"], each["next_offset"], each["lag"])
            partition = each["partition"]
            end = log.bounds.ends[partition]
            if bounds != (log.bounds.starts[partition], end, end, 0):
                findings.add("wrong", f"/v1/status says {bounds} of partition {partition}, which ends at {end}")


def _direction(told: int, expected: int) -> Any:
    return "lost" if told < expected else "twice" if told > expected else "wrong"


async def _checkpoints(database_url: str) -> list[asyncpg.Record]:
    """The checkpoints of the live generation."""
    connection = await asyncpg.connect(database_url, timeout=30)
    try:
        control = await connection.fetchval("select schemaname from pg_tables where tablename = 'generations'")
        live = await connection.fetchval(f"select n from {control}.generations where live")
        return list(await connection.fetch(f"select * from timeline_g{live}.checkpoints order by partition"))
    finally:
        await connection.close()


async def check_tables(database_url: str, log: Log, findings: Findings) -> None:
    """The checkpoints' counts by partition, and with the offsets that hold no record they are the next offset."""
    try:
        rows = await _checkpoints(database_url)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        findings.add("wrong", f"the checkpoints cannot be read: {error!r}")
        return
    held = {row["partition"]: row for row in rows}
    for partition, end in log.bounds.ends.items():
        records = log.partitions.get(partition, [])
        if partition not in held:
            if end:
                findings.add("lost", f"no checkpoint of partition {partition}, which ends at {end}")
            continue
        row = held[partition]
        counts = Counter(record.outcome for record in records)
        told = {name: row[name] for name in OUTCOMES}
        expected = {name: counts[name] for name in OUTCOMES}
        where = f"the checkpoint of partition {partition}"
        if row["next_offset"] != end:
            findings.add("wrong", f"{where} is at {row['next_offset']}, the log ends at {end}")
        if told != expected:
            kind = _direction(sum(told.values()), sum(expected.values()))
            findings.add(kind, f"{where} counts {told}, the log makes it {expected}")
        gaps = end - log.bounds.starts[partition] - len(records)
        if sum(told.values()) + gaps + log.bounds.starts[partition] != row["next_offset"]:
            findings.add("wrong", f"{where}: {sum(told.values())} records and {gaps} gaps are not {row['next_offset']}")
    findings.looked_at["checkpoints"] += len(rows)


async def check_verification(asker: Asker, findings: Findings) -> None:
    """Have the product compare what it shows with its log: it must come to its end and find no difference."""
    try:
        filed, _ = await asker.answer("POST", "/v1/replays", body={"kind": "verify"})
        path = f"/v1/replays/{filed['id']}"
        ends = asyncio.get_running_loop().time() + _VERIFICATION_SECONDS
        view = await asker.get(path)
        while view["state"] in {"queued", "running"} and asyncio.get_running_loop().time() < ends:
            await asyncio.sleep(0.5)
            view = await asker.get(path)
    except UnansweredError as error:
        findings.add("wrong", f"no verification: {error}")
        return
    result = view.get("result") or {}
    if view["state"] != "succeeded":
        reason = f"{view.get('reason')} after {_VERIFICATION_SECONDS:.0f} s at most"
        findings.add("wrong", f"the verification {filed['id']} is {view['state']}: {reason}")
    elif result.get("equal") is not True or result.get("differences"):
        differences = result.get("differences", [])
        findings.add("wrong", f"the verification {filed['id']} finds {len(differences)} differences: {differences[:3]}")
    findings.looked_at["verifications"] += 1
