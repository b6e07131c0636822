import re
from uuid import UUID
from xml.etree import ElementTree

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.clients.format_readers import as_a_reader_repairs_it
from tests.support.inputs.event_strategies import event_views, one_event

from event_schemas.dates import parse_when
from timeline_service.domain.date_words import say_when
from timeline_service.formats import FORMATS, FormatContext
from timeline_service.queries.views.events import EventView

ATOM = FORMATS["atom"]
BASE = "http://127.0.0.1:8002"
FIRST = f"{BASE}/v1/timelines/CHN-IND.atom?tag=a&q=%22b%22"
DOCUMENT = FormatContext(
    "China – India <&>", f"{FIRST}&cursor=2", BASE, FIRST, f"{FIRST}&cursor=3", "2026-02-13T09:02:03.000004Z"
)
NAMES = {"": "http://www.w3.org/2005/Atom"}


def written(events: list[EventView], document: FormatContext = DOCUMENT) -> bytes:
    return ATOM.begin(document) + ATOM.write(document, events, first=True) + ATOM.end(document)


def read(raw: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(raw)


def text(element: ElementTree.Element, path: str) -> str:
    found = element.findall(path, NAMES)
    assert len(found) == 1, path
    return found[0].text or ""


def links(element: ElementTree.Element) -> list[tuple[str, str]]:
    return [(link.attrib["rel"], link.attrib["href"]) for link in element.findall("link", NAMES)]


def test_a_feed_says_what_and_where_it_is() -> None:
    feed = read(written([one_event()]))
    assert text(feed, "title") == "China – India <&>"
    assert text(feed, "updated") == "2026-02-13T09:02:03.000004Z"
    assert (text(feed, "author/name"), text(feed, "generator")) == ("Dyadline", "Dyadline")
    assert links(feed) == [("self", f"{FIRST}&cursor=2"), ("first", FIRST), ("next", f"{FIRST}&cursor=3")]


def test_a_feed_names_the_page_that_shows_the_same() -> None:
    feed = read(written([], FormatContext("a", FIRST, BASE, page_url=f"{BASE}/timelines/CHN-IND?tag=a&tag=<")))
    assert links(feed)[-1] == ("alternate", f"{BASE}/timelines/CHN-IND?tag=a&tag=<")


def test_pages_of_one_feed_share_its_id_and_other_feeds_have_another() -> None:
    pages = [
        FormatContext("a", FIRST, BASE),
        FormatContext("a", FIRST, BASE, FIRST, f"{FIRST}&cursor=2"),
        FormatContext("a", f"{FIRST}&cursor=2", BASE, FIRST),
    ]
    ids = {text(read(written([], page)), "id") for page in pages}
    assert len(ids) == 1
    identity = ids.pop()
    assert identity == f"urn:uuid:{UUID(identity.removeprefix('urn:uuid:'))}"
    assert text(read(written([], FormatContext("a", f"{FIRST}&tag=b", BASE))), "id") != identity


def test_a_feed_without_entries_is_whole() -> None:
    raw = written([], FormatContext("a", FIRST, BASE))
    feed = read(raw)
    assert text(feed, "updated") == "1970-01-01T00:00:00Z"
    assert links(feed) == [("self", FIRST), ("first", FIRST)]
    assert feed.findall("entry", NAMES) == []
    assert feedparser.parse(raw).bozo is False


def test_an_entry_is_an_event() -> None:
    event = one_event(
        summary="One.\n\nTwo.", domain="trade", tags=["apps", "b & c"], revision=2,
        sources=[{"url": "https://example.org/?a=1&b=2", "title": 'The "Report"', "publisher": "Paper"}],
    )  # fmt: skip
    entry = read(written([event])).find("entry", NAMES)
    assert entry is not None
    assert text(entry, "id") == "urn:uuid:1b4e28ba-2fa1-51d2-883f-0016d3cca427"
    assert text(entry, "title") == "Ban"
    assert text(entry, "updated") == "2026-02-13T09:02:03.000004Z"
    assert text(entry, "published") == "2026-02-13T01:02:03.000004Z"
    assert links(entry) == [
        ("alternate", f"{BASE}/events/1b4e28ba-2fa1-51d2-883f-0016d3cca427"),
        ("via", "https://example.org/?a=1&b=2"),
    ]
    assert entry.findall("link", NAMES)[1].attrib["title"] == 'The "Report" (Paper)'
    assert [(item.attrib["scheme"], item.attrib["term"]) for item in entry.findall("category", NAMES)] == [
        ("urn:dyadline:type", "ban"), ("urn:dyadline:domain", "trade"), ("urn:dyadline:valence", "conflictual"),
        ("urn:dyadline:tag", "apps"), ("urn:dyadline:tag", "b & c"),
    ]  # fmt: skip
    assert text(entry, "content") == "Date: 29 June 2020.\n\nOne.\n\nTwo."


def test_a_retracted_event_says_so() -> None:
    entry = read(written([one_event(action="retracted", when="2020~")])).find("entry", NAMES)
    assert entry is not None
    assert text(entry, "content") == "Retracted. Date: about 2020."
    assert ("urn:dyadline:status", "retracted") in [
        (item.attrib["scheme"], item.attrib["term"]) for item in entry.findall("category", NAMES)
    ]


@pytest.mark.parametrize("forbidden", ["\x00", "\x0b", "\x1f", "\ufffe", "\uffff", "\ud800"])
def test_what_xml_cannot_hold_is_dropped(forbidden: str) -> None:
    event = one_event() | {"title": f"a{forbidden}b", "summary": f"c{forbidden}"}
    document = FormatContext(f"d{forbidden}", FIRST, BASE)
    feed = read(written([event], document))
    assert (text(feed, "title"), text(feed, "entry/title")) == ("d", "ab")
    assert text(feed, "entry/content").endswith("\n\nc")


def test_a_snippet_is_left_out() -> None:
    assert written([one_event() | {"snippet": "<b>ban</b>"}]) == written([one_event()])


def without_forbidden(value: str) -> str:
    return re.sub("[\ufffe\uffff]", "", value)


@given(st.lists(event_views(), max_size=3))
def test_what_is_read_back_is_what_was_written(events: list[EventView]) -> None:
    entries = read(written(events)).findall("entry", NAMES)
    assert [text(entry, "id") for entry in entries] == [f"urn:uuid:{event['id']}" for event in events]
    for entry, event in zip(entries, events, strict=True):
        assert text(entry, "title") == without_forbidden(event["title"])
        assert (text(entry, "updated"), text(entry, "published")) == (event["revised_at"], event["recorded_at"])
        assert links(entry)[1:] == [("via", source["url"]) for source in event["sources"]]
        content = text(entry, "content")
        assert f"Date: {say_when(parse_when(event['when']))}." in content
        assert content.endswith(without_forbidden(event["summary"] or ""))
        terms = [item.attrib["term"] for item in entry.findall("category", NAMES)]
        assert [tag for tag in map(without_forbidden, event["tags"]) if tag not in terms] == []


@given(st.lists(event_views(), max_size=3, unique_by=lambda event: event["id"]))
def test_a_feed_reader_finds_the_same(events: list[EventView]) -> None:
    # Its clean-up of HTML does not concern plain text.
    feed = feedparser.parse(written(events), sanitize_html=False, resolve_relative_uris=False)
    assert feed.bozo is False
    assert (feed.version, feed.feed.title, feed.encoding) == ("atom10", DOCUMENT.title, "utf-8")
    assert len(feed.entries) == len(events)
    for entry, event in zip(feed.entries, events, strict=True):
        assert entry.id == f"urn:uuid:{event['id']}"
        assert entry.title == as_a_reader_repairs_it(without_forbidden(event["title"]))
        assert (entry.updated, entry.published) == (event["revised_at"], event["recorded_at"])
        assert entry.link == f"{BASE}/events/{event['id']}"
        assert entry.content[0].type == "text/plain"
        said = text(read(written([event])), "entry/content")
        assert entry.content[0].value == as_a_reader_repairs_it(said)
