"""Random questions to the real stack, held against the naive model: filters, counts, orders, pages, the past."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from html import unescape
from typing import Any, Final, TypeVar

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.support.inputs.random_events import (
    ACTORS,
    BATCHES,
    CODES,
    COUNTRIES,
    DOMAINS,
    PAIRS,
    PUBLISHERS,
    STAGES,
    TAGS,
    TYPES,
    VALENCES,
    WHENS,
    RandomWriter,
)
from tests.support.models.selection_model import (
    NAMES,
    Parameters,
    bounds_asked,
    counted_names,
    folded_name,
    select,
    summarise,
)
from tests.support.models.timeline_model import Standing, ToldTimeline
from tests.support.models.websearch_model import must_mark, wanted_words, words_of
from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import timeline_stack

from event_schemas.positions import parse_position

T = TypeVar("T")
SETTINGS: Final = settings(
    derandomize=True,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


@dataclass
class World:
    """What is told, the instants that can be asked about, and who goes on writing."""

    told: ToldTimeline
    writer: RandomWriter
    instants: list[tuple[str, int]] = field(default_factory=list)
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    def client(self, *asked: Any) -> httpx.AsyncClient:
        """One of three services: it sorts the documents that fit, looks through all in order, or gives that up."""
        return self.clients[len(repr(asked)) % len(self.clients)]


@pytest.fixture(scope="module")
async def world(engines: Engines) -> AsyncIterator[World]:
    """Some hundred events with their corrections and retractions, written in four parts with instants between."""
    async with timeline_stack(engines) as stack:
        world = World(ToldTimeline(stack), RandomWriter(random.Random(20261125)))
        for _ in range(4):
            await world.told.append(*(world.writer.record() for _ in range(150)))
            world.instants.append(await world.told.instant())
        walker = await stack.services.timeline("walker", TIMELINE_WALK_FROM="0")
        quitter = await stack.services.timeline("quitter", TIMELINE_WALK_FROM="0", TIMELINE_WALK_SECONDS="0.0001")
        async with (
            httpx.AsyncClient(base_url=walker.url, timeout=30, trust_env=False) as walking,
            httpx.AsyncClient(base_url=quitter.url, timeout=30, trust_env=False) as quitting,
        ):
            world.clients += [stack.client, walking, quitting]
            yield world


@dataclass(frozen=True)
class Question:
    """A pair, or None for all events, the filters, and the number of an instant, or None for now."""

    pair: str | None
    filters: tuple[tuple[str, str], ...]
    as_of: int | None = None

    @property
    def path(self) -> str:
        """Where it is asked."""
        return f"/v1/timelines/{self.pair}" if self.pair else "/v1/events"

    def parameters(self, world: World) -> list[tuple[str, str]]:
        """As it is asked."""
        return [*self.filters, *([("as_of", world.instants[self.as_of][0])] if self.as_of is not None else [])]

    def answer(self, world: World, *more: tuple[str, str]) -> list[Standing]:
        """What the model answers."""
        moment = world.instants[self.as_of][1] if self.as_of is not None else None
        return select(world.told.model, [*self.filters, *more], self.pair, moment)


WORDS: Final = ["steel", "TARIFF", "talks", "câmara", "camara's", "sao", "strasse", "alibaba.com", "rare-earths", "5G",
                "b", "no", "crème"]  # fmt: skip
PHRASES: Final = ['"steel tariff"', '"talks on steel"', '"of commerce"', '"São Paulo Camara"', '"steel talks"',
                  '"no steel"', '"chips more"']  # fmt: skip


@st.composite
def searches(draw: st.DrawFn) -> str:
    """Websearch syntax of one to three parts."""
    words = st.sampled_from(WORDS)
    part = st.one_of(words, words, st.sampled_from(PHRASES), words.map("-{}".format), st.just('-"steel tariff"'))
    parts = draw(st.lists(part, min_size=1, max_size=3))
    return "".join(
        f"{draw(st.sampled_from([' ', ' ', ' or ', ' OR ']))}{part}" if n else part for n, part in enumerate(parts)
    )


def named(name: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, str]]:
    """One parameter."""
    return values.map(lambda value: (name, value))


REPEATABLE: Final = [
    named("type", st.sampled_from(TYPES)),
    named("valence", st.sampled_from(VALENCES)),
    named("domain", st.sampled_from([*DOMAINS, "aid"])),
    named("stage", st.sampled_from(STAGES)),
    named("tag", st.sampled_from([*TAGS, "of-nobody"])),
    named("batch", st.sampled_from([*filter(None, BATCHES), "gdelt-2026-02-1"])),
    named("actor", st.sampled_from([*ACTORS, *map(str.upper, ACTORS), "huawei", "sao paulo camara", "Ministry"])),
    named("publisher", st.sampled_from([*filter(None, PUBLISHERS), "the HINDU", "ecole", "Le"])),
    named("initiator", st.sampled_from([*COUNTRIES, "India", "cn", "FRA"])),
]
SINGLE: Final = [
    named("q", searches()),
    named("min_sources", st.sampled_from("0123")),
    named("include", st.just("retracted")),
    named("match", st.sampled_from(["within", "overlaps"])),
    named("from", st.sampled_from(WHENS)),
    named("to", st.sampled_from(WHENS)),
]
ACROSS: Final = [
    named("country", st.sampled_from([*COUNTRIES, "Pakistan", "FRA"])),
    named("code", st.sampled_from([f"{scheme}:{code}" for codes in CODES for scheme, code in codes.items()])),
]


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """A question with some filters, of which repeatable ones may stand there more than once."""
    pair = draw(st.sampled_from([None, *PAIRS]))
    repeatable = draw(st.lists(st.one_of(REPEATABLE + ([] if pair else ACROSS)), max_size=3))
    single = draw(st.lists(st.one_of(SINGLE), max_size=4, unique_by=lambda parameter: parameter[0]))
    filters = draw(st.permutations([*repeatable, *single]))
    first, last = bounds_asked(filters)
    if first > last:  # which is refused
        filters = [parameter for parameter in filters if parameter[0] != "from"]
    return Question(pair, tuple(filters), draw(st.one_of(st.none(), st.integers(0, 3))))


async def check_by_hypothesis(
    strategy: st.SearchStrategy[T], examples: int, check: Callable[[T], Awaitable[None]]
) -> None:
    """Have a coroutine check examples of a strategy: Hypothesis runs in a thread, what it asks for in this loop."""
    loop = asyncio.get_running_loop()

    async def one(example: T) -> None:
        await check(example)

    def run(example: T) -> None:
        work: Coroutine[Any, Any, None] = one(example)
        asyncio.run_coroutine_threadsafe(work, loop).result(60)

    await asyncio.to_thread(settings(SETTINGS, max_examples=examples)(given(strategy)(run)))


async def ask(world: World, path: str, parameters: Parameters) -> httpx.Response:
    """A 200 that holds all that was told."""
    answer = await world.client(parameters).get(path, params=list(parameters), headers=world.told.position)
    assert answer.status_code == 200, answer.text
    return answer


def shown(items: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """What tells an item from every other, and a revision of it from every other."""
    return [(item["id"], item["revision"], item["status"], item["position"], item["title"]) for item in items]


def told_of(standings: list[Standing]) -> list[tuple[Any, ...]]:
    """The same of the model's."""
    return [
        (each.event_id, each.revision, "retracted" if each.retracted else "current", each.position, each.event.title)
        for each in standings
    ]


def by_recording(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Items, the last to be recorded or revised first."""
    return sorted(items, key=lambda item: (item["revised_at"], *parse_position(item["position"])), reverse=True)


async def test_random_questions_are_answered_as_the_model_answers(world: World) -> None:
    async def check(question: Question) -> None:
        asked = question.parameters(world)
        wanted = question.answer(world)
        body = (await ask(world, question.path, [*asked, ("limit", "1000"), ("count", "true")])).json()
        assert shown(body["items"]) == told_of(wanted)
        assert (body["count"], body["next"]) == (len(wanted), None)
        turned = (await ask(world, question.path, [*asked, ("limit", "1000"), ("order", "desc")])).json()
        assert [item["id"] for item in turned["items"]] == [item["id"] for item in body["items"]][::-1]
        newest = (await ask(world, question.path, [*asked, ("limit", "1000"), ("order", "newest")])).json()
        assert shown(newest["items"]) == shown(by_recording(body["items"]))
        queries = [value for name, value in question.filters if name == "q"]
        if question.pair is None and queries:
            for standing, item in zip(wanted, body["items"], strict=True):
                check_snippet(item["snippet"], queries[0], standing)
            ranked = (await ask(world, question.path, [*asked, ("limit", "1000"), ("order", "relevance")])).json()
            assert sorted(shown(ranked["items"])) == sorted(told_of(wanted))
            assert ranked["next"] is None

    await check_by_hypothesis(questions(), 150, check)


def check_snippet(snippet: str, query: str, standing: Standing) -> None:
    """Assert that a snippet says what the event says, and marks what was asked for."""
    parts = snippet.replace("</mark>", "<mark>").split("<mark>")
    plain = "".join(parts)
    assert not set(plain) & set("<>")
    of_event = {word for text in standing.texts for word in words_of(text)}
    assert set(words_of(unescape(plain))) <= of_event
    marks = {word for part in parts[1::2] for word in words_of(unescape(part))}
    assert marks <= wanted_words(query)
    assert marks or not must_mark(query, standing.texts)


@st.composite
def readings(draw: st.DrawFn) -> tuple[Question, str, list[int], int]:
    """A question, an order, the limits of its pages one after the other, and a seed for what happens between."""
    limits = draw(st.lists(st.integers(1, 40), min_size=1, max_size=4))
    return draw(questions()), draw(st.sampled_from(["asc", "desc", "newest"])), limits, draw(st.integers(0, 2**16))


async def test_random_pages_are_those_of_the_first_ones_moment(world: World) -> None:
    async def check(reading: tuple[Question, str, list[int], int]) -> None:
        question, order, limits, seed = reading
        chance = random.Random(seed)
        asked = [*question.parameters(world), ("order", order)]
        in_order = order if order != "newest" else "asc"  # the model knows no clock
        wanted = told_of(question.answer(world, ("order", in_order)))
        answer = await ask(world, question.path, [*asked, ("limit", str(limits[0])), ("count", "true")])
        assert answer.json()["count"] == len(wanted)
        items, pages, limit = answer.json()["items"], 1, limits[0]
        while (cursor := answer.json()["next"]) is not None:
            assert len(answer.json()["items"]) == limit, "a page is full, or the last"
            assert httpx.URL(answer.links["next"]["url"]).params["cursor"] == cursor
            if chance.random() < 0.5:
                await world.told.append(*(world.writer.record() for _ in range(chance.randint(1, 4))))
            if chance.random() < 0.3:  # as the link says
                url = answer.links["next"]["url"]
                answer = await world.told.stack.client.get(url, headers=world.told.position)
                assert answer.status_code == 200, answer.text
            else:  # with another limit, with or without the question
                limit = max(limits[pages % len(limits)], len(wanted) // 12)
                again = asked if chance.random() < 0.5 else []
                page = [("cursor", cursor), ("limit", str(limit)), ("count", "true")]
                answer = await ask(world, question.path, [*again, *page])
            assert answer.json()["count"] == len(wanted)
            items += answer.json()["items"]
            pages += 1
        assert "next" not in answer.links
        if order == "newest":
            assert shown(items) == shown(by_recording(items))
            assert sorted(shown(items)) == sorted(wanted)
        else:
            assert shown(items) == wanted

    await check_by_hypothesis(readings(), 60, check)


async def test_random_summaries_are_the_models(world: World) -> None:
    async def check(question: Question) -> None:
        path = f"{question.path}/summary"
        found = (await ask(world, path, question.parameters(world))).json()
        wanted = summarise(question.answer(world), question.pair)
        mean = wanted.pop("mean_goldstein")
        assert {name: found[name] for name in wanted} == wanted
        assert found["mean_goldstein"] == (None if mean is None else pytest.approx(mean, abs=1e-6))

    await check_by_hypothesis(questions(), 60, check)


@st.composite
def namings(draw: st.DrawFn) -> tuple[Question, str, str, int, int]:
    """A question, or all events, what is to be named, how it begins, the limit of pages, and what happens between."""
    kind = draw(st.sampled_from(sorted(NAMES)))
    prefix = draw(st.sampled_from(["", "", "A", "ch", "the H", "LE", "São", "e", "z"]))
    question = draw(st.one_of(st.just(Question(None, ())), questions()))
    return question, kind, prefix, draw(st.integers(1, 4)), draw(st.integers(0, 3))


async def test_random_names_are_counted_as_the_model_counts_them(world: World) -> None:
    async def check(naming: tuple[Question, str, str, int, int]) -> None:
        question, kind, prefix, limit, between = naming
        wanted = counted_names(question.answer(world), kind, prefix)
        asked = [*question.parameters(world), *([("pair", question.pair)] if question.pair else [])]
        answer = await ask(world, f"/v1/{kind}s", [*asked, ("prefix", prefix), ("limit", str(limit))])
        found = answer.json()["items"]
        while (cursor := answer.json()["next"]) is not None:
            assert len(answer.json()["items"]) == limit
            await world.told.append(*(world.writer.record() for _ in range(between)))
            answer = await ask(world, f"/v1/{kind}s", [("cursor", cursor), ("limit", str(limit))])
            found += answer.json()["items"]
        assert [(folded_name(kind, item["name"]), item["count"]) for item in found] == wanted
        assert {item["name"] for item in found} <= {*TAGS, *ACTORS, *PUBLISHERS}

    await check_by_hypothesis(namings(), 80, check)


@pytest.mark.parametrize("path", ["/v1/timelines/CHN-IND", "/v1/events"])
async def test_a_cursor_goes_on_with_its_own_question_only(world: World, path: str) -> None:
    question = [("type", "ban"), ("type", "visit"), ("include", "retracted")]
    first = (await ask(world, path, [*question, ("limit", "2")])).json()
    cursor = ("cursor", first["next"])
    own = shown((await ask(world, path, [*question, cursor])).json()["items"])
    assert own == shown((await ask(world, path, [cursor])).json()["items"])
    others: list[Parameters] = [
        [("type", "ban")],
        [("type", "ban"), ("type", "tariff")],
        [("type", "ban"), ("type", "visit"), ("type", "other")],
        [("valence", "cooperative")],
        [("domain", "trade")],
        [("stage", "ended")],
        [("tag", "chips")],
        [("actor", "Huawei")],
        [("publisher", "Le Monde")],
        [("batch", "feed:1")],
        [("initiator", "IND")],
        [("q", "steel")],
        [("min_sources", "1")],
        [("from", "2020")],
        [("to", "2020")],
        [("match", "within")],
        [("order", "desc")],
        [("order", "newest")],
        [("as_of", world.instants[0][0])],
    ]
    for other in others:
        problem = await world.told.stack.refusal(f"{path}?{httpx.QueryParams([*other, cursor])}")
        assert (problem["status"], problem["errors"][0]["pointer"]) == (400, "/cursor"), other
    for elsewhere in ("/v1/timelines/CHN-PAK", "/v1/timelines", "/v1/events", "/v1/timelines/CHN-IND"):
        if elsewhere != path:
            problem = await world.told.stack.refusal(f"{elsewhere}?{httpx.QueryParams([cursor])}")
            assert (problem["status"], problem["errors"][0]["pointer"]) == (400, "/cursor"), elsewhere


@pytest.mark.parametrize("path", ["/v1/timelines/CHN-IND", "/v1/events"])
async def test_a_cursor_that_was_changed_is_refused(world: World, path: str) -> None:
    cursor: str = (await ask(world, path, [("limit", "2"), ("type", "ban")])).json()["next"]
    chance = random.Random(1)
    changed = {cursor[:-1], f"{cursor}A", cursor[1:], cursor[::-1], cursor[: len(cursor) // 2], "A" * len(cursor)}
    for place in [*range(8), *chance.sample(range(len(cursor) - 1), 20)]:  # the last sign may hold bits of nothing
        other = chance.choice([sign for sign in "ABCDEabcde0123456789-_" if sign != cursor[place]])
        changed.add(cursor[:place] + other + cursor[place + 1 :])
    for wrong in sorted(changed):
        problem = await world.told.stack.refusal(f"{path}?{httpx.QueryParams([('cursor', wrong)])}")
        assert (problem["status"], problem["errors"][0]["pointer"]) == (400, "/cursor"), wrong
