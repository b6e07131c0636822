"""Posting, correcting and retracting from pages: forms that work without a script, and what ingest says in them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx
import pytest
from tests.support.inputs.log_writing import recording
from tests.support.running.engines import Engines
from tests.support.running.free_ports import free_port
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack

Fields = dict[str, str | list[str]]
FILLED: Fields = {
    "title": "India hosts talks",
    "when": "June 2025",
    "country": ["India", "China"],
    "acted": ["0"],
    "type": "consultation",
    "url": ["https://example.org/talks"],
    "source_title": ["Talks"],
    "publisher": [""],
    "published": [""],
}
FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass(slots=True)
class Writer:
    """Somebody with a browser without scripts."""

    stack: TimelineStack

    async def send(self, path: str, fields: Fields, **headers: str) -> httpx.Response:
        """Send a form."""
        return await self.stack.client.post(path, content=urlencode(fields, doseq=True), headers=FORM | headers)

    async def outcome(self, answer: httpx.Response) -> str:
        """The page to which a form that was recorded leads, once it knows what became of that."""
        assert answer.status_code == 303, answer.text
        for _ in range(10):
            page = await self.stack.client.get(answer.headers["location"])
            if "refresh" not in page.headers:
                return page.text
        raise AssertionError(page.text)


@pytest.fixture(scope="module")
async def writer(engines: Engines) -> AsyncIterator[Writer]:
    port = str(free_port())
    async with timeline_stack(engines, INGEST_URL=f"http://127.0.0.1:{port}") as stack:
        await stack.services.ingest(INGEST_PORT=port)
        yield Writer(stack)


async def test_an_event_is_shown_as_it_will_be_recorded_and_then_recorded(writer: Writer) -> None:
    shown = await writer.send("/post", {**FILLED, "step": "check"})
    assert shown.status_code == 200
    assert "This will be recorded" in shown.text
    assert '<code class="written">2025-06</code>' in shown.text
    assert "China, India · India acted" in shown.text
    answer = await writer.send("/post", {**FILLED, "step": "record"})
    assert "It is applied" in await writer.outcome(answer)
    again = await writer.send("/post", {**FILLED, "step": "record"})
    assert "The same had been recorded before" in await writer.outcome(again)


async def test_a_refusal_stands_at_its_field_and_nothing_that_was_typed_is_lost(writer: Writer) -> None:
    wrong: Fields = {
        **FILLED,
        "title": "<b>bold</b>",
        "country": ["Indai", "China"],
        "when": "31/12/2020",
        "step": "record",
    }
    answer = await writer.send("/post", wrong)
    assert answer.status_code == 422
    assert "did you mean IND India?" in answer.text
    assert 'value="31/12/2020" required autocomplete="off" spellcheck="false" aria-invalid="true"' in answer.text
    assert 'value="&lt;b&gt;bold&lt;/b&gt;"' in answer.text
    assert 'value="https://example.org/talks"' in answer.text


async def test_an_event_is_corrected_and_retracted_with_reasons(writer: Writer) -> None:
    event_id = await _posted(writer, "to be corrected")
    form = (await writer.stack.client.get(f"/events/{event_id}/correct")).text
    assert 'value="to be corrected"' in form
    assert 'name="expected_revision" value="1"' in form
    corrected: Fields = {**FILLED, "title": "corrected", "reason": "a slip", "expected_revision": "1", "step": "record"}
    assert "It is applied" in await writer.outcome(await writer.send(f"/events/{event_id}/correct", corrected))
    stale = await writer.send(f"/events/{event_id}/retract", {"reason": "late", "expected_revision": "1"})
    assert "stale-revision" in await writer.outcome(stale)
    mute = await writer.send(f"/events/{event_id}/retract", {"reason": "", "expected_revision": "2"})
    assert mute.status_code == 422
    gone = await writer.send(f"/events/{event_id}/retract", {"reason": "never happened", "expected_revision": "2"})
    assert "It is applied" in await writer.outcome(gone)
    page = (await writer.stack.client.get(f"/events/{event_id}")).text
    assert "never happened" in page
    assert "Reinstate" in page


async def test_what_no_field_shows_stays_in_a_corrected_event(writer: Writer) -> None:
    ingest = writer.stack.services.all[-1].url
    event = {"title": "coded", "when": "2020", "countries": ["IN", "CN"], "type": "ban", "goldstein": -5,
             "codes": {"gdelt": "123"}, "attributes": {"kept": True}}  # fmt: skip
    async with httpx.AsyncClient(trust_env=False) as client:
        posted = (await client.post(f"{ingest}/v1/events", json=event)).json()
    path = f"/events/{posted['id']}/correct"
    await writer.stack.get(f"/v1/events/{posted['id']}", posted["position"])
    changed: Fields = {
        "title": "coded anew",
        "when": "2020",
        "country": ["India", "China"],
        "type": "ban",
        "reason": "x",
    }
    await writer.outcome(await writer.send(path, {**changed, "expected_revision": "1", "step": "record"}))
    view = await writer.stack.get(f"/v1/events/{posted['id']}")
    assert (view["title"], view["goldstein"]) == ("coded anew", -5)
    assert (view["codes"], view["attributes"]) == ({"gdelt": "123"}, {"kept": True})


async def test_a_form_of_another_site_is_refused(writer: Writer) -> None:
    assert (await writer.send("/post", {**FILLED, "step": "record"}, origin="http://evil.example")).status_code == 403


async def test_a_body_that_is_no_form_is_refused(writer: Writer) -> None:
    client = writer.stack.client
    assert (await client.post("/post", json={})).status_code == 415
    assert (await client.post("/post", content=b"title=%ff", headers=FORM)).status_code == 400
    assert (await client.post("/post", content=b"title=" + b"x" * 2**20, headers=FORM)).status_code == 413


@pytest.mark.parametrize(
    ("form", "fields", "named"),
    [
        ("correct", {"reason": ["a", "b"]}, "reason"),
        ("correct", {"duplicate_of": "x"}, "duplicate_of"),
        ("retract", {"title": "x"}, "title"),
        ("retract", {"expected_revision": ["1", "2"]}, "expected_revision"),
        ("retract", {"expected_revision": "first"}, "expected_revision"),
    ],
)
async def test_a_change_is_refused_whose_fields_can_be_read_in_two_ways(
    writer: Writer, form: str, fields: Fields, named: str
) -> None:
    event_id = await _posted(writer, "unchanged")
    answer = await writer.send(f"/events/{event_id}/{form}", {"reason": "x", **fields})
    assert (answer.status_code, f"<code>{named}</code>" in answer.text) == (400, True)
    assert (await writer.stack.get(f"/v1/events/{event_id}"))["revision"] == 1


async def test_while_ingest_is_away_the_page_says_so(engines: Engines) -> None:
    async with timeline_stack(engines, INGEST_URL=f"http://127.0.0.1:{free_port()}") as stack:
        answer = await Writer(stack).send("/post", {**FILLED, "step": "record"})
        assert answer.status_code == 503
        assert "the ingest service does not answer" in answer.text


async def test_a_record_beyond_the_end_of_the_log_is_not_awaited(writer: Writer) -> None:
    answer = await writer.stack.client.get("/recorded/0:99999")
    assert (answer.status_code, "refresh" in answer.headers) == (404, False)
    assert "the log has no record at 0:99999: it ends before that" in answer.text


async def test_while_kafka_does_not_say_a_record_is_asked_for_after_longer_pauses_and_then_no_more(
    engines: Engines,
) -> None:
    async with timeline_stack(engines, KAFKA_BOOTSTRAP_SERVERS=f"127.0.0.1:{free_port()}") as stack:
        first = await stack.client.get("/recorded/0:99999")
        assert (first.status_code, first.headers["refresh"]) == (200, "1; url=/recorded/0:99999?pause=2")
        assert "If the log has a record at 0:99999" in first.text
        last = await stack.client.get("/recorded/0:99999?pause=128")
        assert (last.status_code, "refresh" in last.headers, "ask again</a>" in last.text) == (200, False, True)


async def test_a_record_of_the_log_is_awaited_for_as_long_as_it_takes(engines: Engines) -> None:
    async with timeline_stack(engines) as stack:
        await stack.get("/v1/events", await stack.append(recording("Talks", "2020")))
        projector, _ = stack.services.all
        await projector.terminate()
        position = await stack.append(recording("Later", "2021"))
        answer = await stack.client.get(f"/recorded/{position}")
        assert (answer.status_code, answer.headers["refresh"]) == (200, "1")
        assert f"The record is in the log, at {position}" in answer.text


async def _posted(writer: Writer, title: str) -> str:
    answer = await writer.send("/post", {**FILLED, "title": title, "step": "record"})
    page = await writer.outcome(answer)
    return page.split('href="/events/')[1].split('"')[0]


async def test_countries_are_written_and_shown_in_the_language_of_the_reader(writer: Writer) -> None:
    german = {"accept-language": "de"}
    form = await writer.stack.client.get("/post?country=DEU&country=IND", headers=german)
    assert 'value="Deutschland"' in form.text
    assert '<option value="Frankreich">FRA</option>' in form.text
    fields = {**FILLED, "title": "Gespräche", "country": ["Deutschland", "Indien"]}
    shown = await writer.send("/post", {**fields, "step": "check"}, **german)
    assert "Deutschland, Indien · Deutschland acted" in shown.text
    outcome = await writer.outcome(await writer.send("/post", {**fields, "step": "record"}, **german))
    assert "It is applied" in outcome
    (event,) = (await writer.stack.get("/v1/timelines/DEU-IND"))["items"]
    assert (event["countries"], event["initiators"]) == (["DEU", "IND"], ["DEU"])
    correction = await writer.stack.client.get(f"/events/{event['id']}/correct", headers=german)
    assert 'value="Deutschland"' in correction.text
    refused = await writer.send("/post", {**fields, "country": ["Deutschland", "Indein"], "step": "check"}, **german)
    assert refused.status_code == 422
    assert 'value="Indein"' in refused.text
