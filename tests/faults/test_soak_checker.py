"""The bench tested on itself: with no faults it finds nothing, and whatever is made untrue it finds."""

import ast
import asyncio
from array import array
from collections.abc import Awaitable, Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import httpx
import orjson
from tests.faults.soak.checker.answer_check import AnswerCheck
from tests.faults.soak.checker.asker import Asker, open_asker
from tests.faults.soak.checker.checker import check, read_log
from tests.faults.soak.checker.count_check import check_status, check_verification
from tests.faults.soak.checker.findings import Findings, Kind
from tests.faults.soak.checker.log_check import check_log
from tests.faults.soak.checker.resources import measure
from tests.faults.soak.checker.story_check import check_stories
from tests.faults.soak.checker.verdicts import Log
from tests.faults.soak.load.history import Acknowledged, History, Said, unpack
from tests.faults.soak.load.load import Load
from tests.support.running.processes import Services
from tests.support.waiting import wait_until

SOAK: Final = Path(__file__).parent / "soak"
_CHECKER: Final = (*(SOAK / "checker").glob("*.py"), SOAK / "load" / "history.py")
_PRODUCT: Final = {"event_schemas", "service_edge", "ingest_service", "timeline_service", "local_stack"}
_ENOUGH: Final = 400
_MOST: Final = 120

_LONG_AGO: Final = "2020-01-01T00:00:00.000000Z"
Body = dict[str, Any]
Look = Callable[[AnswerCheck, Asker, Findings], Awaitable[None]]


@dataclass
class QuietArena:
    """The real services, with nobody who attacks them."""

    services: Services
    topic: str
    bootstrap_servers: str
    database_url: str
    ingest_urls: tuple[str, ...]
    timeline_urls: tuple[str, ...]

    def pids(self) -> dict[str, int]:
        return {each.process.name: each.pid for each in self.services.all if each.pid is not None}


@dataclass
class Witness(httpx.AsyncBaseTransport):
    """Keeps every answer, and can give them once more, with a lie in them."""

    answers: dict[tuple[str, str], httpx.Response] = field(default_factory=dict)
    network: httpx.AsyncHTTPTransport = field(default_factory=httpx.AsyncHTTPTransport)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self.network.handle_async_request(request)
        content = httpx.Response(200, headers=answer.headers, content=await _raw(answer)).content
        kept = {name: value for name, value in answer.headers.items() if name in {"content-type", "timeline-position"}}
        self.answers[_key(request)] = httpx.Response(answer.status_code, headers=kept, content=content)
        return httpx.Response(answer.status_code, headers=kept, content=content)

    async def aclose(self) -> None:
        await self.network.aclose()

    def lying(self, path: str, lie: Callable[[Body], Body | None]) -> httpx.MockTransport:
        """The same answers; the first one whose address holds `path` and in which there is something to lie about is
        changed, and gone where the lie is None."""
        told: list[tuple[str, str]] = []

        def answer(request: httpx.Request) -> httpx.Response:
            key = _key(request)
            kept = self.answers[key]
            if path in key[1] and told in ([], [key]):
                body = orjson.loads(kept.content)
                changed = lie(deepcopy(body))
                if changed != body:
                    told[:] = [key]
                    status = 404 if changed is None else kept.status_code
                    return httpx.Response(status, headers=kept.headers, content=orjson.dumps(changed))
            return httpx.Response(kept.status_code, headers=kept.headers, content=kept.content)

        return httpx.MockTransport(answer)


async def _raw(answer: httpx.Response) -> bytes:
    pieces = [piece async for piece in answer.aiter_raw()]
    await answer.aclose()
    return b"".join(pieces)


def _key(request: httpx.Request) -> tuple[str, str]:
    return request.method, str(request.url)


def test_the_checker_imports_nothing_of_the_product() -> None:
    names = {file.stem for file in _CHECKER}
    assert "verdicts" in names
    for file in _CHECKER:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                modules = (
                    [node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names]
                )
                for module in modules:
                    assert module.split(".")[0] not in _PRODUCT, f"{file.name} imports {module}"
                    if module.startswith("tests."):
                        assert module.rpartition(".")[2] in names, f"{file.name} imports {module}"


async def test_a_run_without_faults_gives_no_findings_and_every_lie_about_it_is_found(
    services: Services, tmp_path: Path
) -> None:
    services.migrate()
    ingest, timeline = await services.ingest(), await services.timeline()
    await services.projector()
    await services.replayer()
    arena = QuietArena(
        services, services.topic, services.bootstrap_servers, services.database_url, (ingest.url,), (timeline.url,)
    )
    baseline = await measure(arena.pids(), arena.database_url)
    load, stop = Load(arena, 15, history_path=tmp_path / "history.ndjson", countries=10), asyncio.Event()
    running = asyncio.create_task(load.run(stop))
    try:
        await wait_until(lambda: running.done() or (load.acknowledged > _ENOUGH and _varied(load.history)), 60)
    finally:
        stop.set()
        await running
    witness = Witness()
    findings = await check(arena, load.history, baseline=baseline, transport=witness, most=_MOST)
    assert findings.ok, findings
    assert findings.records >= load.acknowledged == findings.acknowledged > _ENOUGH
    log = await read_log(arena.bootstrap_servers, arena.topic, Findings())
    find_lies_of_the_log(load.history, log)
    find_lies_told_meanwhile(load.history, log)
    await find_lies_of_answers(witness, arena, log)


def _varied(history: History) -> bool:
    """Whether of everything there is something to lie about."""
    return (
        any(len(each.items) > 2 for each in history.traversals)
        and bool(history.exports and history.exports[-1].records > 1)
        and any(each.revision for each in history.events_seen)
        and bool(history.verdicts_seen)
    )


def copy_of(history: History) -> History:
    """A history of which what is changed below is its own."""
    return replace(
        history,
        said=dict(history.said),
        acknowledged=[*history.acknowledged],
        events_seen=[*history.events_seen],
        verdicts_seen=[*history.verdicts_seen],
        exports=[*history.exports],
        broken=[],
        traversals=deepcopy(history.traversals),
        live=deepcopy(history.live),
    )


def find_lies_of_the_log(history: History, log: Log) -> None:
    """What was acknowledged or refused is changed, then the log."""

    def expect(kind: Kind, words: str, change: Callable[[History, Log], None]) -> None:
        told, held = copy_of(history), replace(log, partitions={p: [*each] for p, each in log.partitions.items()})
        change(told, held)
        findings = Findings()
        check_log(told, held, (), findings)
        assert any(words in each for each in getattr(findings, kind)), f"{kind} {words!r} is not in {findings}"

    def change_first(told: History, **fields: Any) -> None:
        told.acknowledged[0] = told.acknowledged[0]._replace(**fields)

    partition, offset = unpack(history.acknowledged[0].position)

    def drop(_: History, held: Log) -> None:
        held.partitions[partition] = [each for each in held.partitions[partition] if each.offset != offset]

    def unsay(told: History, _: Log) -> None:
        del told.said[told.acknowledged[0].said]

    def refuse(told: History, _: Log) -> None:
        told.said[told.acknowledged[0].said] = Said(refused=1)

    def append_again(_: History, held: Log) -> None:
        record = log.at(partition, offset)
        assert record is not None
        held.partitions[partition].append(deepcopy(record))

    check_log(history, log, (), clean := Findings())
    assert clean.ok, clean
    expect("wrong", "was acknowledged", lambda told, _: change_first(told, position=told.acknowledged[0].position + 1))
    expect(
        "lost", "no record there", lambda told, _: change_first(told, position=told.acknowledged[0].position + 10**6)
    )
    expect("lost", "no record there", drop)
    expect("lost", "0 times in the log", drop)
    expect("wrong", "was never sent", unsay)
    expect("wrong", "what was refused", refuse)
    expect("twice", "2 times in the log", append_again)
    expect("wrong", "with the id", lambda told, _: change_first(told, event_id="another"))
    expect("wrong", "recorded at", lambda told, _: change_first(told, recorded_at=_LONG_AGO))


def find_lies_told_meanwhile(history: History, log: Log) -> None:
    """What readers, pagers, listeners and exporters were told is changed."""

    def expect(kind: Kind, words: str, change: Callable[[History], None]) -> None:
        told = copy_of(history)
        change(told)
        findings = Findings()
        check_stories(told, log, findings)
        assert any(words in each for each in getattr(findings, kind)), f"{kind} {words!r} is not in {findings}"

    def pages(told: History) -> list[tuple[str, int]]:
        return next(each.items for each in told.traversals if len(each.items) > 2 and each.complete)

    def stream(told: History) -> tuple["array[int]", bytearray, "array[int]"]:
        session = max((each for each in told.live if not each.topic), key=lambda each: len(each.positions))
        return session.positions, session.names, session.revisions

    def swap(told: History) -> None:
        items = pages(told)
        items[0], items[1] = items[1], items[0]

    def swap_in_stream(told: History) -> None:
        positions, _, _ = stream(told)
        same = [n for n, each in enumerate(positions) if unpack(each)[0] == unpack(positions[0])[0]]
        positions[same[0]], positions[same[1]] = positions[same[1]], positions[same[0]]

    def skip_in_stream(told: History) -> None:
        for each in stream(told):
            del each[0]

    def repeat_in_stream(told: History) -> None:
        for each in stream(told):
            each.insert(1, each[0])

    def read_older(told: History) -> None:
        number = next(n for n, each in enumerate(told.events_seen) if each.revision)
        told.events_seen[number] = told.events_seen[number]._replace(revision=0)

    def read_other_words(told: History) -> None:
        number = next(n for n, each in enumerate(told.events_seen) if each.revision)
        told.events_seen[number] = told.events_seen[number]._replace(content=b"")

    def judge_otherwise(told: History) -> None:
        told.verdicts_seen[0] = told.verdicts_seen[0]._replace(outcome="parked")

    def export(told: History, **fields: Any) -> None:
        told.exports[-1] = told.exports[-1]._replace(**fields)

    def derive_otherwise(told: History) -> None:
        told.same_id("a key", "one event")
        told.same_id("a key", "another")

    check_stories(history, log, clean := Findings())
    assert clean.ok, clean
    expect("lost", "skipped 1 of", lambda told: pages(told).pop(1) and None)
    expect("twice", "told 1 events twice", lambda told: pages(told).insert(1, pages(told)[0]))
    expect("wrong", "another order", swap)
    expect("lost", "skipped", skip_in_stream)
    expect("twice", "twice", repeat_in_stream)
    expect("wrong", "out of order", swap_in_stream)
    expect("lost", "showed revision 0", read_older)
    expect("wrong", "showed revision", read_other_words)
    expect("wrong", "the verdict on", judge_otherwise)
    expect("lost", "an export of partition", lambda told: export(told, records=told.exports[-1].records - 1))
    expect("wrong", "byte for byte", lambda told: export(told, digest=b""))
    expect("wrong", "went back", lambda told: told.positions("a read", {0: 5}, {0: 4}))
    expect("wrong", "made the event", derive_otherwise)


async def find_lies_of_answers(witness: Witness, arena: QuietArena, log: Log) -> None:
    """What the services answer in the end is changed on its way."""

    async def expect(kind: Kind, words: str, path: str, lie: Callable[[Body], Body | None], look: Look) -> None:
        findings = Findings()
        async with open_asker(arena.timeline_urls, witness.lying(path, lie)) as asker:
            await look(AnswerCheck(asker, log, findings, most=_MOST), asker, findings)
        assert any(words in each for each in getattr(findings, kind)), f"{kind} {words!r} is not in {findings}"

    def items(change: Callable[[list[Any]], Any]) -> Callable[[Body], Body]:
        def lie(body: Body) -> Body:
            if len(body["items"]) > 2:
                change(body["items"])
            return body

        return lie

    def field_of(name: str, value: Any) -> Callable[[Body], Body]:
        return lambda body: {**body, name: value} if name in body else body

    def verdicts(check: AnswerCheck, *_: Any) -> Awaitable[None]:
        return check.verdicts()

    def timelines(check: AnswerCheck, *_: Any) -> Awaitable[None]:
        return check.timelines()

    def rest(check: AnswerCheck, *_: Any) -> Awaitable[None]:
        return check.rest()

    def status(_: AnswerCheck, asker: Asker, findings: Findings) -> Awaitable[None]:
        return check_status(asker, log, findings)

    def verification(_: AnswerCheck, asker: Asker, findings: Findings) -> Awaitable[None]:
        return check_verification(asker, findings)

    whole, current = "?limit=1000&include=retracted", "?limit=1000"
    await expect("lost", "has no verdict", "/v1/records/", lambda _: None, verdicts)
    await expect("wrong", "the verdict on", "/v1/records/", field_of("outcome", "parked"), verdicts)
    await expect("lost", "skipped 1 of", whole, items(lambda each: each.pop(1)), timelines)
    await expect("twice", "told 1 events twice", current, items(lambda each: each.insert(1, each[0])), timelines)
    await expect("wrong", "another order", current, items(lambda each: each.reverse()), timelines)
    await expect("wrong", "content", whole, items(lambda each: each[0].update(title="another")), timelines)
    await expect("wrong", "revised_at", whole, items(lambda each: each[0].update(revised_at=_LONG_AGO)), timelines)
    await expect("lost", "as of", "as_of=", items(lambda each: each.pop()), rest)
    await expect("lost", "the history of", "/revisions", lambda body: {**body, "items": body["items"][:-1]}, rest)
    await expect("lost", "is not found", "/v1/events/", lambda body: body if "items" in body else None, rest)
    await expect("wrong", "/v1/timelines says", "/v1/timelines?", items(lambda each: each[0].update(count=7_777)), rest)
    await expect("lost", "the search for", "/v1/events?q=w", lambda body: {**body, "items": []}, rest)
    await expect("lost", "the search for", "/v1/events?tag=", items(lambda each: each.pop()), rest)
    await expect("lost", "/v1/status counts", "/v1/status", lambda body: {**body, "records": _less(body)}, status)
    await expect("wrong", "the verification", "/v1/replays/", field_of("state", "failed"), verification)


def _less(status: Body) -> Body:
    records = status["records"]
    return {**records, "total": records["total"] - 1, "applied": records["applied"] - 1}


def test_an_acknowledgement_is_kept_in_little_room() -> None:
    history = History()
    history.acknowledge(Acknowledged(1 << 48 | 5, b"print", "an id"))
    assert unpack(history.acknowledged[0].position) == (1, 5)
    assert history.said[b"print"] == Said(acknowledged=1)
