"""Pages where nothing can be read: the database is away, and the service is there."""

from collections.abc import AsyncIterator

import httpx
import pytest
from tests.support.clients.html_documents import read_html
from tests.support.running.free_ports import free_port

from service_edge.kafka_access import KafkaAccess
from timeline_service.app import create_app
from timeline_service.domain.outcomes import ALL_PROBLEMS
from timeline_service.settings import Settings
from timeline_service.web.outcome_words import PROBLEM_WORDS
from timeline_service.web.source_lines import source_line


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/nothing"
    app = create_app(Settings.model_validate({"database_url": url, "kafka": KafkaAccess("127.0.0.1:1")}))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as asking,
    ):
        yield asking


@pytest.mark.parametrize(
    "path", ["/", "/timelines/CHN-IND", "/search?q=a", "/events/80d5d10a-b3b5-59dc-825b-830d249e8c6a"]
)
async def test_a_page_says_that_the_database_is_away_and_what_to_do(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.headers["cache-control"] == "no-store"
    page = read_html(answer.text)
    assert page.text("h1") == "This cannot be shown now"
    assert page.links()["Try again"] == ""
    assert page.links()["What this means"] == "/problems/unavailable"


async def test_what_needs_no_database_is_there(client: httpx.AsyncClient) -> None:
    assert (await client.get("/timelines?a=India&b=China")).headers["location"] == "/timelines/CHN-IND"
    assert (await client.get("/timelines?a=Indai&b=China")).status_code == 404
    [style] = read_html((await client.get("/")).text).all("link", rel="stylesheet")
    assert (await client.get(style.attributes["href"])).headers["content-type"] == "text/css; charset=utf-8"


@pytest.mark.parametrize("slug", ALL_PROBLEMS)
async def test_every_problem_of_a_record_has_a_page(client: httpx.AsyncClient, slug: str) -> None:
    answer = await client.get(f"/problems/{slug}")
    assert answer.status_code == 200
    assert PROBLEM_WORDS[slug] in read_html(answer.text).text("main")
    listed = (await client.get("/problems")).text
    assert f"<td>a record's<td><a href='/problems/{slug}'><code>{slug}</code></a><td>{PROBLEM_WORDS[slug]}" in listed


async def test_what_is_no_problem_has_no_page(client: httpx.AsyncClient) -> None:
    assert (await client.get("/problems/applied")).status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "field", "words"),
    [
        ("/post", "title=one&title=two", "title", "is given more than once: give it once"),
        ("/post", "title=one&country=FR&country=ES&bogus=1", "bogus", "is not a field of this form"),
        ("/audit/replays", "kind=verify&kind=rebuild", "kind", "is given more than once: give it once"),
        ("/audit/replays", "kind=verify&until=now", "until", "is not a field of this form: it takes kind"),
        ("/audit/80d5d10a-b3b5-59dc-825b-830d249e8c6a/cancel", "a=1", "a", "it takes none"),
        ("/audit/records/0:1/redrive", "a=1", "a", "it takes none"),
        ("/sign-in", "token=a&token=b", "token", "is given more than once: give it once"),
    ],
)
async def test_a_form_is_refused_with_fields_that_it_does_not_have(
    client: httpx.AsyncClient, path: str, body: str, field: str, words: str
) -> None:
    answer = await client.post(path, content=body, headers={"content-type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 400
    page = read_html(answer.text)
    assert (page.text("code"), words in answer.text) == (field, True)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,a", " https://a.example/", "//a"]
)
def test_what_is_no_web_address_is_no_link(url: str) -> None:
    line = source_line({"url": url, "title": "Run"})
    assert (line.url, line.name, line.address) == (None, "Run", url)


def test_a_source_is_named_by_the_best_that_there_is() -> None:
    url = "https://example.org/"
    full = source_line({"url": url, "title": "Talks", "publisher": "Times", "published": "2020-06"})
    assert (full.name, full.details, full.address, full.url) == ("Talks", "Times, June 2020", url, url)
    assert source_line({"url": url, "publisher": "Times"}).name == "Times"
    bare = source_line({"url": url})
    assert (bare.name, bare.address) == (url, "")
