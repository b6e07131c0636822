"""Pages as a browser without scripts gets them: what they say, where they lead, and what hostile texts do to them."""

import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from tests.support.clients.html_documents import HtmlDocument, read_html
from tests.support.inputs.log_writing import correcting, recording, retracting
from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack

from event_schemas.countries import all_countries
from event_schemas.records import Record

BROWSER: Final = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
SIXTY: Final = [code for code, _ in all_countries()][:60]
SCRIPT: Final = "<script>alert('title')</script> & \"more\" <b>bold</b>"
HOSTILE: Final = [
    recording(SCRIPT, "2021", ["FR", "ES"], summary="<img src=x onerror=alert(1)>\n</main>", tags=["<i>tag"],
              actors=["</script><script>alert(2)</script>"], attributes={"</pre>": "<script>"},
              sources=[{"url": "https://example.org/?a=1&b='\"><script>", "title": "<u>Source</u>"}]),
    recording("a \N{RIGHT-TO-LEFT OVERRIDE}drawkcab \N{RIGHT-TO-LEFT ISOLATE}title", "201X", ["FR", "ES"]),
    recording("W" * 300, "2020-06-XX~", ["FR", "ES"], actors=["A" * 300]),
    recording("🏳️‍🌈 emoji 👩‍👩‍👧‍👦", "../2020", ["FR", "ES"]),
]  # fmt: skip
SUMMIT: Final = recording("Sixty sign", "2022-03-01", SIXTY, type="agreement")
TALKS: Final = recording("Talks in Geneva", "2020-06-29", type="negotiation", summary="They met in Geneva, and parted.")
CLASH: Final = recording("A clash", "1962-10-20/1962-11-21", type="armed_clash", initiators=["IN"])
RUMOUR: Final = recording("A rumour", "2019", type="accusation")
MANY: Final = [recording(f"visit {number}", "2000", ["DE", "PL"], type="visit") for number in range(120)]
CHANGES: Final = [
    correcting(TALKS.event_id, "Talks in Vienna", "2020-06-29/2020-06-30", type="negotiation",
               summary="They met in Vienna, and parted.", reason="<b>wrong</b> city",
               sources=[{"url": "https://example.org/t", "publisher": "Times"}]),
    retracting(RUMOUR.event_id),
]  # fmt: skip


@dataclass(slots=True)
class Shelf:
    """A stack with these events, and the home page and the guide as they were before there were any."""

    stack: TimelineStack
    position: str
    empty_home: HtmlDocument
    empty_guide: HtmlDocument

    async def get(self, path: str, *, accept: str = BROWSER, language: str = "", **headers: str) -> httpx.Response:
        """An answer as it comes, at the position of all events."""
        given = {"accept": accept, "accept-language": language, "timeline-position": self.position, **headers}
        return await self.stack.client.get(path, headers=given)

    async def page(self, path: str, status: int = 200, *, language: str = "") -> HtmlDocument:
        """A page, which has what all of them have."""
        answer = await self.get(path, language=language)
        assert answer.status_code == status, answer.text
        return sound(answer)


def sound(answer: httpx.Response) -> HtmlDocument:
    """A page that is well formed, has its landmarks, and in which nothing runs."""
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'")
    assert "unsafe" not in policy
    page = read_html(answer.text)
    assert [len(page.all(tag)) for tag in ("header", "main", "footer", "h1")] == [1, 1, 1, 1]
    assert page.all("a", class_="skip")[0].attributes["href"] == "#main"
    assert page.all("html")[0].attributes["lang"] == "en"
    for element in page.elements:
        assert element.tag not in {"style", "iframe", "object", "embed", "img"}
        assert element.tag != "script" or element.attributes["src"].startswith("/static/")
        assert "style" not in element.attributes
        assert not any(name.startswith("on") for name in element.attributes), element
        assert not element.attributes.get("href", "").lower().startswith(("javascript:", "data:"))
    labels = {each.attributes["for"] for each in page.all("label") if "for" in each.attributes}
    boxes = {"checkbox", "radio", "hidden"}
    fields = [each for each in page.all("input") if each.attributes.get("type") not in boxes]
    assert all(each.attributes["id"] in labels for each in fields)
    ids = [each.attributes["id"] for each in page.elements if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    levels = [int(each.tag[1]) for each in page.elements if each.tag in {"h1", "h2", "h3", "h4"}]
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels
    return page


@pytest.fixture(scope="module")
async def shelf(engines: Engines) -> AsyncIterator[Shelf]:
    async with timeline_stack(engines) as stack:
        empty = sound(await stack.client.get("/", headers={"accept": BROWSER}))
        empty_guide = sound(await stack.client.get("/guide", headers={"accept": BROWSER}))
        await stack.append(SUMMIT, TALKS, CLASH, RUMOUR, *MANY)
        await stack.append(*HOSTILE)
        position = await stack.append(*CHANGES)
        await stack.get("/v1/events", position, q="talks")
        yield Shelf(stack, position, empty, empty_guide)


async def test_an_empty_log_is_shown_how_to_get_its_first_event(shelf: Shelf) -> None:
    assert "Nothing is recorded yet" in shelf.empty_home.text("main")
    assert "/v1/events" in shelf.empty_home.text("pre")
    assert shelf.empty_home.text("dl", class_="figures") == "records in the log 0 applied 0"


async def test_the_home_page_leads_to_pairs_and_tells_what_was_recorded_last(shelf: Shelf) -> None:
    page = await shelf.page("/")
    assert {"a", "b"} <= {each.attributes.get("name") for each in page.all("input", list="countries")}
    options = {each.attributes["value"]: each.text for each in page.all("option")}
    assert options["India"] == "IND"
    first = page.all("ul", class_="pairs")[0].text
    assert first.startswith("Germany – Poland 120 events · 2000")
    assert page.links()["Germany – Poland 120 events · 2000"] == "/timelines/DEU-POL"
    pictures = page.all("svg")
    assert pictures[0].attributes["aria-label"].startswith("120 cooperative, 0 conflictual")
    latest = page.all("ol", class_="latest")[0].text
    assert "A rumour retracted · 2019 · accusation · China – India" in latest
    assert "Talks in Vienna corrected" in latest
    assert f"records in the log {4 + len(HOSTILE) + len(MANY) + len(CHANGES)}" in page.text("dl", class_="figures")
    assert "not verified yet" in page.text("main")


@pytest.mark.parametrize(
    ("a", "b", "language"),
    [
        ("India", "china", ""),
        ("IN", "CHN", ""),
        ("Indien", "China", "de"),
        ("Burma", "ivory coast", ""),
        ("भारत", "चीन", "hi"),
    ],
)
async def test_two_names_in_any_language_lead_to_a_pair(shelf: Shelf, a: str, b: str, language: str) -> None:
    query = str(httpx.QueryParams({"a": a, "b": b}))
    answer = await shelf.get(f"/timelines?{query}", language=language)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/timelines/" + ("CIV-MMR" if a == "Burma" else "CHN-IND"),
    )


async def test_a_name_that_is_none_is_told_what_may_have_been_meant(shelf: Shelf) -> None:
    page = await shelf.page("/timelines?a=Indai&b=Congo", 404)
    assert page.links()["India"] == "/timelines?a=IND&b=Congo"
    assert page.links()["Congo - Kinshasa"] == "/timelines?a=Indai&b=COD"
    assert [each.attributes["value"] for each in page.all("input")] == ["Indai", "Congo"]
    assert all(each.attributes["aria-invalid"] == "true" for each in page.all("input"))
    assert "two different ones" in (await shelf.page("/timelines?a=India&b=IN", 404)).text("main")
    assert "Name a country" in (await shelf.page("/timelines?a=India", 400)).text("main")
    assert (await shelf.get("/timelines")).headers["location"] == "/"
    page = await shelf.page("/timelines/Indai-%3Cb%3E%3Fx?type=ban", 404)
    assert page.links()["India and <b>?x"] == "/timelines/IND-%3Cb%3E%3Fx?type=ban"
    page = await shelf.page("/timelines/Indai-China", 404)
    assert page.links()["India and China"] == "/timelines/IND-China"
    for path in ("/timelines/IN-IN", "/timelines/abc", "/timelines/-", "/timelines/XX-YY", f"/timelines/{'a' * 500}"):
        assert "no such pair" in (await shelf.page(path, 404)).text("h1")


@pytest.mark.parametrize("pair", ["IND-CHN", "in-cn", "India-China"])
async def test_a_pair_has_one_address(shelf: Shelf, pair: str) -> None:
    answer = await shelf.get(f"/timelines/{pair}?type=ban&tag=%3C")
    assert (answer.status_code, answer.headers["location"]) == (308, "/timelines/CHN-IND?type=ban&tag=%3C")


async def test_the_page_of_a_pair_lists_its_events_by_year(shelf: Shelf) -> None:
    page = await shelf.page("/timelines/CHN-IND")
    assert page.text("h1") == "China – India"
    assert page.text("p", class_="sentence") == (
        "2 events between 1962 and 2020 · + 1 cooperative · − 1 conflictual · as recorded now, not verified yet"
    )
    assert page.events() == [CLASH.event_id, TALKS.event_id]
    assert [each.text for each in page.all("h3")] == ["1962", "2020"]
    line = page.text("li", id=f"e-{CLASH.event_id}").replace("\N{NO-BREAK SPACE}", " ")
    assert line == "20 Oct – 21 Nov 1962 −conflictual A clash India acted · armed clash · 0 sources history of A clash"
    [seam] = page.all("section", id="seam")
    assert (seam.attributes["data-pair"], seam.attributes["data-first"], seam.attributes["data-second"]) == (
        "CHN-IND", "China", "India",
    )  # fmt: skip
    links = page.links()
    assert links["+ 1 cooperative"] == "/timelines/CHN-IND?valence=cooperative"
    assert links["CSV"] == "/v1/timelines/CHN-IND.csv"
    for words in ("CSV", "NDJSON", "calendar", "feed", "JSON", "TimelineJS"):
        assert (await shelf.get(links[words])).status_code == 200


async def test_countries_are_named_in_the_readers_language(shelf: Shelf) -> None:
    page = await shelf.page("/timelines/CHN-IND", language="hi")
    assert page.text("h1") == "चीन – भारत"
    assert [each.text for each in page.all("bdi", lang="hi")][:2] == ["चीन", "भारत"]


async def test_filters_are_in_the_address_and_in_every_link(shelf: Shelf) -> None:
    query = "type=armed_clash&from=1960&to=1970&initiator=IND&min_sources=0&include=retracted"
    page = await shelf.page(f"/timelines/CHN-IND?{query}")
    assert page.events() == [CLASH.event_id]
    assert page.text("p", class_="sentence").startswith("1 of 2 events")
    assert page.all("section", id="seam")[0].attributes["data-query"] == query
    assert urlsplit(page.links()["CSV"]).query == query
    checked = [
        (each.attributes["name"], each.attributes["value"])
        for each in page.all("input")
        if "checked" in each.attributes
    ]
    assert set(checked) == {
        ("type", "armed_clash"),
        ("initiator", "IND"),
        ("include", "retracted"),
        ("match", ""),
        ("order", ""),
    }
    texts = {
        each.attributes["name"]: each.attributes["value"] for each in page.all("input") if each.attributes.get("value")
    }
    assert (texts["from"], texts["to"]) == ("1960", "1970")
    assert page.links()["Clear all"] == "/timelines/CHN-IND"
    form = [each.attributes["name"] for each in page.all("input")]
    filters = {
        "from",
        "to",
        "match",
        "type",
        "valence",
        "domain",
        "stage",
        "tag",
        "actor",
        "initiator",
        "q",
        "min_sources",
    }
    assert filters | {"include", "as_of", "order"} <= set(form)


async def test_what_a_form_leaves_empty_is_left_out_of_the_address(shelf: Shelf) -> None:
    answer = await shelf.get("/timelines/CHN-IND?from=&type=ban&as_of=2020-01-01&q=+")
    assert (answer.status_code, answer.headers["location"]) == (
        307, "/timelines/CHN-IND?type=ban&as_of=2020-01-01T00%3A00%3A00Z",
    )  # fmt: skip


async def test_an_address_is_tidied_and_nothing_else_of_it_is_changed(shelf: Shelf) -> None:
    answer = await shelf.get("/timelines/%3Cb%3E%3Fx-%C3%85land?type=&tag=%26%3D")
    assert answer.headers["location"] == "/timelines/%3Cb%3E%3Fx-%C3%85land?tag=%26%3D"


async def test_pages_follow_each_other_and_repeat_nothing(shelf: Shelf) -> None:
    path: str | None = "/timelines/DEU-POL?type=visit"
    seen: list[str] = []
    while path is not None:
        page = await shelf.page(path)
        assert ("Back to the beginning" in page.text("main")) == bool(seen)
        assert dict(parse_qsl(urlsplit(path).query))["type"] == "visit"
        seen += page.events()
        path = next((each.attributes["href"] for each in page.all("a", rel="next")), None)
    assert seen == [record.event_id for record in MANY]
    page = await shelf.page("/timelines/DEU-POL?cursor=nonsense", 400)
    assert page.links()["The same without cursor"] == "/timelines/DEU-POL"


async def test_a_pair_is_shown_as_it_was_recorded(shelf: Shelf) -> None:
    event = await shelf.stack.get(f"/v1/events/{TALKS.event_id}/revisions", shelf.position)
    before = event["items"][0]["recorded_at"]
    page = await shelf.page(f"/timelines/CHN-IND?as_of={before}")
    assert "Talks in Geneva" in page.text("main")
    assert f"as recorded {before[:19].replace('T', ' ')} UTC" in page.text("p", class_="sentence")
    page = await shelf.page("/timelines/CHN-IND?as_of=2000-01-01T00:00:00Z")
    assert "Nothing was recorded between China and India at that instant" in page.text("main")
    page = await shelf.page("/timelines/CHN-IND?as_of=2999-01-01T00:00:00Z", 400)
    assert "yet to come" in page.text("main")


async def test_a_page_tells_of_what_was_recorded_since_it_was_last_shown(shelf: Shelf) -> None:
    visit = recording("A visit", "2001", ["NZ", "FJ"], type="visit")
    path, sentence = "/timelines/FJI-NZL", {"class_": "sentence"}
    assert (await shelf.page(path)).text("p", **sentence).startswith("0 events · as recorded")
    for records, told in (
        ([visit], "1 event in 2001 · + 1 cooperative"),
        ([correcting(visit.event_id, "A visit", "2002", ["NZ", "FJ"], type="visit", valence="conflictual")],
         "1 event in 2002 · − 1 conflictual"),
        ([retracting(visit.event_id)], "0 events · as recorded"),
    ):  # fmt: skip
        shelf.position = await shelf.stack.append(*records)
        for _ in range(2):
            assert (await shelf.page(path)).text("p", **sentence).startswith(told)


async def test_what_has_no_events_says_so(shelf: Shelf) -> None:
    page = await shelf.page("/timelines/AND-TUV")
    assert "Nothing is recorded between Andorra and Tuvalu." in page.text("main")
    page = await shelf.page("/timelines/CHN-IND?type=quota")
    assert (page.events(), page.links()["Show all of them"]) == ([], "/timelines/CHN-IND")
    assert "No event fits." in (await shelf.page("/search?q=nothingness")).text("main")


async def test_an_event_tells_its_history_as_a_difference(shelf: Shelf) -> None:
    page = await shelf.page(f"/events/{TALKS.event_id}")
    assert page.text("h1") == "Talks in Vienna"
    assert "from 29 June 2020 to 30 June 2020 2020-06-29/2020-06-30" in page.text("main")
    corrected = page.text("li", id="revision-2")
    assert "Corrected: <b>wrong</b> city" in corrected
    assert "by anonymous · record" in corrected
    assert "title Talks in Geneva Vienna" in corrected
    assert [each.text for each in page.all("del")] == ["Geneva", "Geneva", "29 June 2020 (2020-06-29)"]
    [source] = page.all("a", rel="noopener noreferrer external")
    assert (source.text, source.attributes["href"]) == ("Times", "https://example.org/t")
    assert page.links()["China – India"] == "/timelines/CHN-IND"
    records = {each.attributes["href"] for each in page.all("a") if each.attributes["href"].startswith("/recorded/")}
    assert len(records) == 2
    for path in records:
        assert "It is applied" in (await shelf.page(path)).text("main")
    unknown = await shelf.page("/events/00000000-0000-4000-8000-000000000000", 404)
    assert unknown.text("h1") == "There is no such event"
    assert (await shelf.page("/events/7", 400)).all("li")


async def test_a_retracted_event_says_so(shelf: Shelf) -> None:
    page = await shelf.page(f"/events/{RUMOUR.event_id}")
    assert page.text("h1") == page.text("s") == "A rumour"
    assert "Retracted on" in page.text("p", role="note")
    assert "it did not happen" in page.text("p", role="note")
    assert RUMOUR.event_id not in (await shelf.page("/timelines/CHN-IND")).events()
    page = await shelf.page("/timelines/CHN-IND?include=retracted")
    assert "retracted · accusation" in page.text("li", id=f"e-{RUMOUR.event_id}")
    assert (page.text("s"), RUMOUR.event_id in page.events()) == ("A rumour", True)


async def test_an_event_of_sixty_countries_lets_two_be_chosen(shelf: Shelf) -> None:
    answer = await shelf.get(f"/events/{SUMMIT.event_id}")
    page = sound(answer)
    assert "1,770 pairs of 60 countries" in page.text("main")
    assert len(page.all("option")) == 2 * (60 + 1)
    assert len(answer.content) < 60_000
    assert (await shelf.get("/timelines?a=ABW&b=AFG")).headers["location"] == "/timelines/ABW-AFG"
    assert (await shelf.page("/timelines/ABW-AFG")).events() == [SUMMIT.event_id]


@pytest.mark.parametrize("record", HOSTILE, ids=["script", "direction", "long", "emoji"])
async def test_hostile_texts_do_no_harm(shelf: Shelf, record: Record) -> None:
    assert record.event is not None
    for path in ("/", "/timelines/ESP-FRA", f"/events/{record.event_id}", "/search?q=script+or+emoji+or+title"):
        page = await shelf.page(path)
        assert path.startswith("/search") or [
            each for each in page.all("bdi") if each.text == record.event_json["title"]
        ]


async def test_search_finds_and_marks_words(shelf: Shelf) -> None:
    page = await shelf.page("/search?q=vienna")
    assert (page.text("h1"), page.events()) == ("Search: “vienna”", [TALKS.event_id])
    assert [each.text for each in page.all("mark")] == ["Vienna", "Vienna"]
    assert page.text("p", class_="snippet") == "They met in Vienna, and parted."
    page = await shelf.page("/search?country=India&country=Poland&type=negotiation&type=visit")
    assert page.links()["More events →"].startswith(
        "/search?country=India&country=Poland&type=negotiation&type=visit&cursor="
    )
    assert page.events()[0] == TALKS.event_id
    page = await shelf.page("/search?q=visit&limit=5")
    assert (len(page.events()), page.links()["List all by date →"]) == (5, "/search?q=visit&order=asc")
    page = await shelf.page("/search?country=Indai", 400)
    assert page.links()["IND India"] == "/search?country=IND"


async def test_the_guide_shows_what_is_recorded(shelf: Shelf) -> None:
    assert "Nothing is recorded yet" in shelf.empty_guide.text("main")
    page = await shelf.page("/guide")
    assert "Nothing is recorded yet" not in page.text("main")
    links = page.links()
    assert links["Germany – Poland"] == "/timelines/DEU-POL"
    assert links["Talks in Vienna"] == f"/events/{TALKS.event_id}#history"
    assert links["1962-10-20/1962-11-21"].endswith("?from=1962-10-20%2F1962-11-21&to=1962-10-20%2F1962-11-21")
    for path in {each for each in links.values() if each.startswith("/")}:
        assert (await shelf.get(path)).status_code in {200, 303}, path
    assert "TIMELINE_READING_ORIGINS" in page.text("section", id="embed")
    assert (await shelf.page("/guide", language="de")).links()["Deutschland – Polen"] == "/timelines/DEU-POL"


async def test_what_was_rejected_is_listed_with_its_reason_and_event(shelf: Shelf) -> None:
    other = recording("Talks in Geneva again", "2020", event_id=TALKS.event_id)._replace(batch="feed-1")
    shelf.position = await shelf.stack.append(other, TALKS)
    page = await shelf.page("/audit/records")
    [line] = [each.text for each in page.all("li") if "conflict" in each.text]
    assert line.startswith("rejected Talks in Vienna conflict: An event with this id says something else.")
    assert page.links()["Talks in Vienna"] == f"/events/{TALKS.event_id}"
    assert "load feed-1" in line
    assert "duplicate" not in page.text("ol")
    duplicates = await shelf.page("/audit/records?outcome=duplicate")
    assert "The same had been recorded before" in duplicates.text("ol")
    for query, found in (("batch=feed-1", True), ("batch=feed-2", False), ("problem=malformed", False)):
        page = await shelf.page(f"/audit/records?{query}")
        assert bool(page.all("ol", class_="revisions records")) == found, query
    await shelf.page("/audit/records?problem=odd", 400)


async def test_a_browser_at_the_api_is_led_to_the_page(shelf: Shelf) -> None:
    for path in ("/timelines/IN-CN", f"/events/{TALKS.event_id}"):
        answer = await shelf.get(f"/v1{path}?as_of=2020-01-01T00:00:00Z")
        assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?as_of=2020-01-01T00%3A00%3A00Z")
        assert "accept" in answer.headers["vary"].lower()
        for accept in ("*/*", "application/json", ""):
            assert (await shelf.get(f"/v1{path}", accept=accept)).headers["content-type"] == "application/json"
    answer = await shelf.get("/v1/timelines/lookup?a=India&b=China")
    assert (answer.status_code, answer.headers["location"]) == (307, "/v1/timelines/CHN-IND")
    for path in ("/v1/timelines/IN-CN.json", f"/v1/events/{TALKS.event_id}/revisions", "/v1/timelines"):
        assert (await shelf.get(path)).headers["content-type"] == "application/json"


async def test_refusals_are_pages_for_browsers_and_problems_for_programs(shelf: Shelf) -> None:
    page = await shelf.page("/timelines/CHN-IND?from=bad&colour=red", 400)
    assert "colour is not a parameter of this request" in page.text("main")
    page = await shelf.page("/timelines/CHN-IND?type=bam", 400)
    assert page.links()["ban"] == "/timelines/CHN-IND?type=ban"
    page = await shelf.page("/nothing/here", 404)
    assert page.text("h1") == "There is nothing at this address"
    for path, status in (("/nothing/here", 404), ("/v1/timelines/CHN-IND?from=bad", 400)):
        assert (await shelf.stack.refusal(path))["status"] == status


async def test_styles_are_kept_for_ever_under_the_digest_of_what_they_are(shelf: Shelf) -> None:
    page = await shelf.page("/")
    for link in page.all("link", rel="stylesheet") + page.all("link", rel="icon"):
        answer = await shelf.get(link.attributes["href"], **{"accept-encoding": "gzip"})
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert (await shelf.get("/static/house.css")).status_code == 404
    answer = await shelf.get("/timelines/DEU-POL")
    assert len(gzip.compress(answer.content)) < 15_000
    tag = answer.headers["etag"]
    assert (await shelf.get("/timelines/DEU-POL", **{"if-none-match": tag})).status_code == 304
    assert answer.headers["timeline-position"]
