"""The log beside what was acknowledged: all of it is there, where it was said to be, and nothing else is."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from tests.faults.soak.checker.findings import Findings
from tests.faults.soak.checker.language import milliseconds_of
from tests.faults.soak.checker.verdicts import Log, Record
from tests.faults.soak.load.history import Acknowledged, History, unpack

#: How the titles of the nemesis's own events begin, its probes among them.
NEMESIS: Final = "nemesis: "


class Foreign(Protocol):
    """A record that the nemesis wrote itself. The offset is -1 where it was not acknowledged, and may be there."""

    @property
    def partition(self) -> int:
        """Where it was sent."""
        ...

    @property
    def offset(self) -> int:
        """Where it stands, or -1."""
        ...

    @property
    def sha256(self) -> str:
        """Its value's, in hex; that of nothing for none."""
        ...


def check_log(history: History, log: Log, foreign: Sequence[Foreign], findings: Findings) -> None:
    """Hold the log against all that was said. Others wrote `foreign`, and what is titled as the nemesis does."""
    for told in history.acknowledged:
        _check_acknowledged(told, log, findings)
    others = _Others(foreign, log)
    copies: Counter[bytes] = Counter()
    record_ids: dict[bytes, str] = {}
    for record in log.all():
        said = next((each for each in record.said if each in history.said), None)
        if said is None:
            if not others.wrote(record):
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


class _Others:
    """What others wrote: noted by place, or, where it may or may not be there, by the SHA-256 of its value."""

    def __init__(self, noted: Iterable[Foreign], log: Log) -> None:
        self._log = log
        self._places = {(each.partition, each.offset) for each in noted if each.offset >= 0}
        self._hashes = {each.sha256 for each in noted if each.offset < 0}

    def wrote(self, record: Record) -> bool:
        """Whether a record is theirs."""
        if (record.partition, record.offset) in self._places:
            return True
        if record.value is not None or not record.said[0]:
            return hashlib.sha256(record.value or b"").hexdigest() in self._hashes
        event = self._log.events.get(record.event_id or "")
        return event is not None and event.revisions[0].words.title.startswith(NEMESIS)


def _words(record: Record) -> str:
    return (
        f"event {record.event_id}, record {record.record_id or 'none'}, {record.outcome} {record.problem or ''}".strip()
    )
