"""The log beside what was acknowledged: all of it is there, where it was said to be, and nothing else is."""

from collections import Counter
from collections.abc import Collection
from typing import Any

from tests.faults.soak.findings import Findings
from tests.faults.soak.history import Acknowledged, History, unpack
from tests.faults.soak.language import milliseconds_of
from tests.faults.soak.verdicts import Log, Record


def check_log(history: History, log: Log, foreign: Collection[Any] | None, findings: Findings) -> None:
    """Hold the log against all that was said; `foreign` are positions or values that somebody else wrote."""
    for told in history.acknowledged:
        _check_acknowledged(told, log, findings)
    owned = _foreign(foreign)
    copies: Counter[bytes] = Counter()
    record_ids: dict[bytes, str] = {}
    for record in log.all():
        said = next((each for each in record.said if each in history.said), None)
        if said is None:
            if record.position not in owned and record.value not in owned:
                findings.add("wrong", f"the record at {record.position} was never sent ({_words(record)})")
            continue
        copies[said] += 1
        if history.said[said].one_record and record_ids.setdefault(said, record.record_id) != record.record_id:
            sentence = f"{record.position} repeats a record id's request but has the id {record.record_id} of its own"
            findings.add("twice", sentence)
    for said, counts in history.said.items():
        found, most = copies[said], counts.acknowledged + counts.unknown
        if found < counts.acknowledged:
            sentence = f"{counts.acknowledged} times acknowledged, {found} times in the log: what has the print"
            findings.add("lost", f"{sentence} {said.hex()}")
        elif not most and found:
            findings.add("wrong", f"what was refused is in the log {found} times: what has the print {said.hex()}")
        elif found > most:
            sentence = f"sent {most} times and {found} times in the log: what has the print {said.hex()}"
            findings.add("twice", sentence)
    findings.looked_at["acknowledged positions"] += len(history.acknowledged)


def _check_acknowledged(told: Acknowledged, log: Log, findings: Findings) -> None:
    partition, offset = unpack(told.position)
    position = f"{partition}:{offset}"
    record = log.at(partition, offset)
    if record is None:
        findings.add(
            "lost", f"{position} was acknowledged for the event {told.event_id}, but the log has no record there"
        )
        return
    if told.said not in record.said:
        findings.add("wrong", f"{position} was acknowledged for {told.event_id}, but holds {_words(record)}")
        return
    if told.event_id is not None and told.event_id != record.event_id:
        findings.add("wrong", f"{position} was acknowledged with the id {told.event_id}, but has {record.event_id}")
    if told.recorded_at and milliseconds_of(told.recorded_at) not in (record.timestamp, record.recorded_at):
        findings.add("wrong", f"{position} was told recorded at {told.recorded_at}, the log says {record.timestamp} ms")
    if told.accepted_at and told.accepted_at != record.accepted_at:
        findings.add("wrong", f"{position} was told accepted at {told.accepted_at}, the log says {record.accepted_at}")


def _foreign(noted: Collection[Any] | None) -> set[Any]:
    """What others wrote, by position (a text or a pair) or by value; of objects, by both."""
    found: set[Any] = set()
    for each in noted or ():
        if isinstance(each, tuple | list):
            found.add(f"{each[0]}:{each[1]}")
        elif isinstance(each, str | bytes):
            found.add(each)
        else:
            found |= {getattr(each, name) for name in ("position", "value") if getattr(each, name, None) is not None}
    return found


def _words(record: Record) -> str:
    return (
        f"event {record.event_id}, record {record.record_id or 'none'}, {record.outcome} {record.problem or ''}".strip()
    )
