"""Who is behind the log: what ingest has signed is applied, and what was put into Kafka past it is not, ever."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from tests.faults.test_projector_faults import busy_log
from tests.integration.test_archived_replay import timeline
from tests.support.inputs.log_writing import LogWriter, open_log, read_log, recording
from tests.support.inputs.signed_records import key_line, signed_headers, signer
from tests.support.running.ingesting import an_event
from tests.support.running.processes import Service, Services
from tests.support.running.replaying import over, replayed, replays_of, verified
from tests.support.waiting import wait_until

from event_schemas.records import Record, encode_value
from ingest_service.domain.signing import RecordSigner, new_private_key
from timeline_service.code_version import keys_of
from timeline_service.judge.trusted_keys import TrustedKeys


async def append_signed(log: LogWriter, by: RecordSigner, *records: Record) -> None:
    """Append records as ingest does that has a key."""
    for record in records:
        await log.append_bytes(record.event_id.encode(), encode_value(record), signed_headers(by, record))


async def outcome(service: Service, position: str) -> tuple[str, str | None]:
    """What became of a record, once it is projected."""
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        answer = await client.get(f"{service.url}/v1/records/{position}?wait=30")
    assert answer.status_code == 200, answer.text
    return answer.json()["outcome"], answer.json().get("problem")


async def filed_rebuild(services: Services) -> dict[str, Any]:
    """The replay that was asked for last, which a migration has filed, once it is over."""
    async with replays_of(services) as replays:
        (newest,) = await replays.replays((datetime.max.replace(tzinfo=UTC), str(UUID(int=2**128 - 1))), 1)
        assert newest["kind"] == "rebuild"
        return await over(replays, str(newest["id"]))


async def shown(services: Services, generation: int) -> int:
    """How many revisions a generation holds."""
    connection = await asyncpg.connect(services.database_url)
    try:
        return int(await connection.fetchval(f"select count(*) from timeline_g{generation}.revisions"))
    finally:
        await connection.close()


async def test_what_ingest_did_not_sign_is_rejected_in_every_replay(services: Services, tmp_path: Path) -> None:
    pem, trusted = tmp_path / "signing.pem", tmp_path / "trusted.jsonl"
    pem.write_text(new_private_key())
    trusted.write_text(key_line(RecordSigner(pem.read_text())))
    keys = {"TIMELINE_TRUSTED_KEYS_FILE": str(trusted)}
    services.migrate(**keys)
    ingest = await services.ingest(INGEST_SIGNING_KEY_FILE=str(pem))
    await services.projector(**keys)
    await services.replayer(**keys)
    service = await services.timeline()
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        one = await client.post(f"{ingest.url}/v1/events", json=an_event("by itself"))
        lines = b"\n".join(json.dumps(an_event(f"in bulk {number}")).encode() for number in range(50))
        bulk = await client.post(
            f"{ingest.url}/v1/events", content=lines, headers={"content-type": "application/x-ndjson"}
        )
        assert bulk.json()["recorded"] == 50
        event_id = one.json()["id"]
        retract = await client.post(f"{ingest.url}/v1/events/{event_id}/retractions", json={"reason": "it is over"})
    async with open_log(services.bootstrap_servers, services.topic) as log:
        forged, future = recording("forged"), recording("from the future")
        (position,) = await log.append(forged)
        newer = encode_value(future).replace(b"recorded.v2", b"recorded.v9")
        parked = await log.append_bytes(future.event_id.encode(), newer)
        copied = (await read_log(services.bootstrap_servers, services.topic))[0]
        again = await log.append_bytes(copied.key, copied.value, copied.headers, partition=copied.partition)
        moved = await log.append_bytes(forged.event_id.encode(), encode_value(forged), copied.headers)
    assert await outcome(service, one.json()["position"]) == ("applied", None)
    assert await outcome(service, retract.json()["position"]) == ("applied", None)
    for at in (position, parked, moved):
        assert await outcome(service, at) == ("rejected", "unsigned")
    assert (await outcome(service, again))[0] == "duplicate"
    result = await verified(services)
    assert keys_of(result["code_version"]) == TrustedKeys(trusted.read_text()).digest
    assert result["explained"]["rejected"] == 3
    rebuilt = await replayed(services, "rebuild")
    assert rebuilt["result"]["equal"], rebuilt
    await the_archive_says_the_same(services, service, tmp_path / "log.ndjson", result, keys)


async def the_archive_says_the_same(
    services: Services, service: Service, file: Path, result: dict[str, Any], keys: dict[str, str]
) -> None:
    await asyncio.to_thread(timeline, services, "export", "--output", str(file), TIMELINE_URL=service.url)
    base, _, name = services.database_url.rpartition("/")
    connection = await asyncpg.connect(services.database_url)
    try:
        for number, (told, equal) in enumerate(((keys, True), ({}, False))):
            await connection.execute(f"create database {name}_{number}")
            elsewhere: dict[str, Any] = {
                "DATABASE_URL": f"{base}/{name}_{number}",
                "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
                **told,
            }
            said = await asyncio.to_thread(timeline, services, "replay", "--from", str(file), "--json", **elsewhere)
            loaded = json.loads(said)["result"]
            assert (loaded["digest"] == result["digest"]) == equal
            assert (loaded["code_version"] == result["code_version"]) == equal
    finally:
        for number in range(2):
            await connection.execute(f"drop database if exists {name}_{number} with (force)")
        await connection.close()


async def test_other_keys_come_into_force_by_a_rebuild_and_not_without_a_word(
    services: Services, tmp_path: Path
) -> None:
    ours, theirs, trusted = signer(1), signer(2), tmp_path / "trusted.jsonl"
    keys = {"TIMELINE_TRUSTED_KEYS_FILE": str(trusted)}
    services.migrate()
    before = await services.projector("before")
    old = await services.replayer("old")
    service = await services.timeline()
    async with open_log(services.bootstrap_servers, services.topic) as log:
        await append_signed(log, ours, *busy_log(120, 11))
        forged = recording("forged")
        (position,) = await log.append(forged)
        assert await outcome(service, position) == ("applied", None)
        held = await shown(services, 1)

        trusted.write_text(key_line(theirs))
        services.migrate(**keys)
        await old.terminate()
        replayer = await services.replayer(**keys)
        refused = await filed_rebuild(services)
        assert refused["state"] == "failed"
        assert "the others are not signed with a trusted key" in refused["reason"]
        await replayer.terminate()

        trusted.write_text(key_line(ours))
        replayer = await services.replayer("right", **keys)
        told = await replayed(services)
        assert told["state"] == "failed"
        assert "was judged by no trusted keys, and this replayer judges by the trusted keys" in told["reason"]
        projector = await services.projector("after", **keys)
        await wait_until(lambda: "timeline migrate files a rebuild by these" in projector.log)
        services.migrate(**keys)
        made = await filed_rebuild(services)
        assert made["state"] == "succeeded", made
        assert {item["position"] for item in made["result"]["differences"]} >= {position}
        assert await outcome(service, position) == ("rejected", "unsigned")
        assert await shown(services, made["result"]["generation"]) == held - 1
        await wait_until(lambda: "was judged by the trusted keys" in before.log)
        await before.terminate()
        late = recording("late")
        await append_signed(log, ours, late)
        await verified(services)
        services.migrate(**keys)  # nothing has changed, so nothing is filed


async def test_a_key_holds_for_its_time_in_every_replay(services: Services, tmp_path: Path) -> None:
    ours, next_one, trusted = signer(1), signer(2), tmp_path / "trusted.jsonl"
    async with open_log(services.bootstrap_servers, services.topic) as log:
        await append_signed(log, ours, *busy_log(20, 12))
        records = await read_log(services.bootstrap_servers, services.topic)
        after = datetime.fromtimestamp(max(record.timestamp for record in records) / 1000, UTC) + timedelta(
            milliseconds=1
        )
        await wait_until(lambda: datetime.now(UTC) > after)
        trusted.write_text(f"{key_line(ours, until=after)}\n{key_line(next_one, since=after)}\n")
        keys = {"TIMELINE_TRUSTED_KEYS_FILE": str(trusted)}
        services.migrate(**keys)
        await services.projector(**keys)
        await services.replayer(**keys)
        service = await services.timeline()
        stale, fresh = recording("signed with the key of before"), recording("signed with the next one")
        headers = [signed_headers(by, record) for by, record in ((ours, stale), (next_one, fresh))]
        positions = [
            await log.append_bytes(record.event_id.encode(), encode_value(record), signed)
            for record, signed in zip((stale, fresh), headers, strict=True)
        ]
    assert await outcome(service, positions[0]) == ("rejected", "unsigned")
    assert await outcome(service, positions[1]) == ("applied", None)
    result = await verified(services)
    assert result["explained"]["rejected"] >= 1


@pytest.mark.parametrize("text", ["", "not a key"])
async def test_a_file_of_keys_that_cannot_be_ends_the_process(services: Services, tmp_path: Path, text: str) -> None:
    file = tmp_path / "trusted.jsonl"
    file.write_text(text)
    told = await asyncio.to_thread(timeline, services, "project", status=2, TIMELINE_TRUSTED_KEYS_FILE=str(file))
    assert "TIMELINE_TRUSTED_KEYS_FILE=" in told
    assert str(file) in told
