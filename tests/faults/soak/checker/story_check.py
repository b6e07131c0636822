"""What clients were told while it ran, beside what the log says: reads, pages, exports and live streams."""

import hashlib
from collections import Counter
from collections.abc import Iterable

from tests.faults.soak.checker.findings import Findings, Kind
from tests.faults.soak.checker.language import Vector, format_positions, join, parse_positions
from tests.faults.soak.checker.timelines import timeline_at
from tests.faults.soak.checker.verdicts import Event, Log, Record
from tests.faults.soak.load.history import LIVE_NAMES, EventSeen, History, LiveSession, Traversal, VerdictSeen, unpack


def check_stories(history: History, log: Log, findings: Findings) -> None:
    """Hold all that was told against the log."""
    for sentence in history.broken:
        findings.add("wrong", sentence)
    for seen in history.events_seen:
        _check_event(seen, log, findings)
    for verdict in history.verdicts_seen:
        _check_verdict(verdict, log, findings)
    for traversal in history.traversals:
        _check_traversal(traversal, log, findings)
    for session in history.live:
        _check_live(session, log, findings)
    _check_exports(history, log, findings)
    findings.looked_at["reads of what was just written"] += len(history.events_seen) + len(history.verdicts_seen)
    findings.looked_at["reads with a position"] += history.answered["reads with a position"]
    findings.looked_at["traversals and exports of timelines"] += len(history.traversals)
    findings.looked_at["live sessions"] += len(history.live)
    findings.looked_at["live records"] += sum(len(session.positions) for session in history.live)
    findings.looked_at["exports of the log"] += len(history.exports)


def _check_event(seen: EventSeen, log: Log, findings: Findings) -> None:
    event = log.events.get(seen.event_id)
    least = event.at(parse_positions(seen.asked)) if event else 0
    asked = f"a read of {seen.event_id} at {seen.asked}"
    if seen.revision < least:
        findings.add("lost", f"{asked} showed revision {seen.revision} although {least} was applied by then")
    if not seen.revision:
        return
    if event is None or seen.revision > len(event.revisions):
        findings.add("wrong", f"{asked} showed revision {seen.revision}, which the log does not make")
        return
    revision = event.revisions[seen.revision - 1]
    told = (seen.position, seen.status, seen.content)
    expected = (event.position(seen.revision), _status(event, seen.revision), revision.words.digest)
    if told != expected:
        findings.add("wrong", f"{asked} showed revision {seen.revision} as {told[:2]}, the log has {expected[:2]}")


def _check_verdict(seen: VerdictSeen, log: Log, findings: Findings) -> None:
    partition, _, offset = seen.position.partition(":")
    record = log.at(int(partition), int(offset))
    if record is None:
        findings.add("wrong", f"{seen.position} was told to be {seen.outcome}, but the log has no record there")
    elif difference := verdict_difference(record, seen):
        findings.add("wrong", difference)


def verdict_difference(record: Record, seen: VerdictSeen) -> str:
    """In which way a told verdict is not that of the log; empty if it is."""
    # Of the others the contract does not say whether they name a revision.
    numbered = record.outcome == "applied" or record.problem == "stale-revision"
    told = (seen.outcome, seen.problem, seen.revision if numbered else None, seen.duplicate_of)
    expected = (record.outcome, record.problem, record.revision if numbered else None, record.first)
    return (
        "" if told == expected else f"the verdict on {record.position} was told as {told}, the log makes it {expected}"
    )


def _check_traversal(told: Traversal, log: Log, findings: Findings) -> None:
    expected = timeline_at(log, told.pair, told.at, retracted=told.retracted)
    if told.backwards:
        expected.reverse()
    if not told.complete:
        expected = expected[: len(told.items)]
    where = f"{told.how} of {told.pair} at {format_positions(told.at)}"
    for kind, sentence in sequence_differences(told.items, expected):
        findings.add(kind, f"{where} {sentence}")


def sequence_differences(told: list[tuple[str, int]], expected: list[tuple[str, int]]) -> Iterable[tuple[Kind, str]]:
    """What a list of events repeated, skipped, invented or put elsewhere."""
    if told == expected:
        return
    times = Counter(told)
    wanted = Counter(expected)
    repeated = [each for each, count in times.items() if count > 1]
    if repeated:
        yield "twice", f"told {len(repeated)} events twice, such as {repeated[0][0]}"
    if skipped := [each for each in wanted if each not in times]:
        yield (
            "lost",
            f"skipped {len(skipped)} of {len(expected)} events, such as {skipped[0][0]} (revision {skipped[0][1]})",
        )
    if strange := [each for each in times if each not in wanted]:
        yield (
            "wrong",
            f"told {len(strange)} events that do not belong there, such as {strange[0][0]} (revision {strange[0][1]})",
        )
    if times == wanted:
        at = next(n for n, (one, other) in enumerate(zip(told, expected, strict=True)) if one != other)
        yield (
            "wrong",
            f"is in another order than the contract's: {told[at][0]} stands in place of {expected[at][0]} at {at}",
        )


def _check_live(session: LiveSession, log: Log, findings: Findings) -> None:
    told: dict[int, list[tuple[int, str, int]]] = {}
    for packed, name, revision in zip(session.positions, session.names, session.revisions, strict=True):
        partition, offset = unpack(packed)
        told.setdefault(partition, []).append((offset, LIVE_NAMES[name], revision))
    who = f"a live stream of {session.topic or 'everything'} from {format_positions(session.start)}"
    for partition in sorted({*told, *session.end}):
        listed = told.get(partition, [])
        offsets = [offset for offset, _, _ in listed]
        if offsets != sorted(offsets):
            findings.add("wrong", f"{who} told partition {partition} out of order")
        if repeated := [offset for offset, count in Counter(offsets).items() if count > 1]:
            findings.add("twice", f"{who} told {partition}:{join(repeated)} twice")
        expected = _live_of(session, log, partition, session.start, session.end)
        held = dict.fromkeys(offsets)
        if missed := [offset for offset, (_, must) in expected.items() if must and offset not in held]:
            findings.add("lost", f"{who} to {format_positions(session.end)} skipped {partition}:{join(missed)}")
        for offset, said, revision in listed:
            if offset not in expected:
                findings.add("wrong", f"{who} told {partition}:{offset} as {said}, which does not belong there")
                continue
            (right, number), _ = expected[offset]
            if said != right or (said in {"applied", "left"} and revision != number):
                findings.add("wrong", f"{who} told {partition}:{offset} as {said} {revision}, it is {right} {number}")


Expected = dict[int, tuple[tuple[str, int | None], bool]]


def _live_of(session: LiveSession, log: Log, partition: int, start: Vector, end: Vector) -> Expected:
    """What a stream may tell of a partition: name and revision by offset, and whether it must.

    In whose streams a record stands that changed no event, the contract leaves open; all of them tell everything.
    """
    found: Expected = {}
    for record in log.between(partition, start.get(partition, -1) + 1, end.get(partition, -1) + 1):
        if record.outcome != "applied":
            found[record.offset] = ((record.outcome, record.revision), not session.topic)
            continue
        number = record.revision or 0
        event = log.events[record.event_id or ""]
        if _concerns(event, number, session.topic):
            found[record.offset] = (("applied", number), True)
        elif number > 1 and _concerns(event, number - 1, session.topic):
            found[record.offset] = (("left", number), True)
    return found


def _concerns(event: Event, number: int, topic: str) -> bool:
    words = event.revisions[number - 1].words
    return not topic or topic in (words.pairs if "-" in topic else words.countries)


def _check_exports(history: History, log: Log, findings: Findings) -> None:
    for told in history.exports:
        records = log.between(told.partition, told.start, told.end)
        digest = hashlib.blake2b(digest_size=16)
        for record in records:
            digest.update(record.raw)
        where = f"an export of partition {told.partition} from {told.start} to {told.end}"
        if told.records < len(records):
            findings.add("lost", f"{where} has {told.records} records of {len(records)}")
        elif told.records > len(records):
            findings.add("twice", f"{where} has {told.records} records, the log only {len(records)}")
        elif told.digest != digest.digest():
            findings.add("wrong", f"{where} is not byte for byte what the log holds")


def _status(event: Event, number: int) -> str:
    return "retracted" if event.revisions[number - 1].retracted else "current"
