"""Signing in with a browser, writing under one's name, and what pages of other origins cannot do."""

from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest
from tests.support.running.doors import FORM, HTML, Doors, guarded_doors
from tests.support.running.engines import Engines

from service_edge.access.tokens import make_token


@pytest.fixture(scope="module")
async def doors(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Doors]:
    async with guarded_doors(engines, tmp_path_factory.mktemp("doors")) as doors:
        yield doors


async def test_a_browser_is_led_to_sign_in_and_back(doors: Doors) -> None:
    led = await doors.timeline.get("/timelines/CHN-IND?type=ban", headers=HTML)
    assert led.status_code == 303
    assert led.headers["location"] == "/sign-in?next=%2Ftimelines%2FCHN-IND%3Ftype%3Dban"
    form = await doors.timeline.get(led.headers["location"], headers=HTML)
    assert (form.status_code, 'name="next" value="/timelines/CHN-IND?type=ban"' in form.text) == (200, True)
    assert (await doors.timeline.get("/v1/timelines/CHN-IND")).status_code == 401
    answer = await doors.sign_in(doors.tokens["ada"], "/timelines/CHN-IND?type=ban")
    assert (answer.status_code, answer.headers["location"]) == (303, "/timelines/CHN-IND?type=ban")
    kept = f"dyadline={doors.tokens['ada']}; Path=/; HttpOnly; SameSite=Strict"
    assert answer.headers["set-cookie"] == kept
    doors.timeline.cookies.clear()
    cookie = {"cookie": kept.partition(";")[0]}
    page = await doors.timeline.get("/timelines/CHN-IND", headers=HTML | cookie)
    assert (page.status_code, ">ada<" in page.text, "/sign-out" in page.text) == (200, True, True)
    assert page.headers["cache-control"].startswith("private")
    audit = await doors.timeline.get("/audit", headers=HTML | cookie)
    assert (audit.status_code, "does not have the role audit" in audit.text) == (403, True)
    own = {"origin": str(doors.timeline.base_url).rstrip("/")}
    out = await doors.timeline.post("/sign-out", headers=cookie | own)
    assert (out.status_code, out.headers["location"]) == (303, "/sign-in")
    assert out.headers["set-cookie"].startswith("dyadline=; ")
    assert "Max-Age=0" in out.headers["set-cookie"]
    doors.timeline.cookies.clear()


async def test_a_wrong_token_signs_nobody_in(doors: Doors) -> None:
    for token, words in (
        (make_token(), "unknown, was withdrawn or has expired"),
        (doors.tokens["late"], "unknown, was withdrawn or has expired"),
        (doors.tokens["ada"][:-1], "copy all of it, once"),
        ("", "is missing"),
    ):
        answer = await doors.sign_in(token)
        assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)
        assert words in answer.text
        assert token == "" or token not in answer.text


@pytest.mark.parametrize(
    "path", ["//evil.example", "/\\evil.example", "https://evil.example", "evil", "/\t/evil.example", "/a\nb", ""]
)
async def test_signing_in_leads_to_no_other_site(doors: Doors, path: str) -> None:
    answer = await doors.sign_in(doors.tokens["ada"], path)
    doors.timeline.cookies.clear()
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    form = await doors.timeline.get("/sign-in", params={"next": path}, headers=HTML, follow_redirects=True)
    assert 'name="next" value="/"' in form.text


async def test_pages_of_other_origins_can_do_nothing_with_the_cookie(doors: Doors) -> None:
    cookie = {"cookie": f"dyadline={doors.tokens['ada']}"}
    own = str(doors.timeline.base_url).rstrip("/")
    fields = urlencode({"title": "forged", "when": "2020", "country": ["IN", "CN"], "type": "ban"}, doseq=True)
    foreign: list[dict[str, str]] = [
        {"origin": "http://127.0.0.1:1"}, {"origin": "https://evil.example"}, {"origin": "null"}, {},
        {"sec-fetch-site": "same-site"}, {"sec-fetch-site": "cross-site"},
    ]  # fmt: skip
    for path in ("/post", "/sign-out"):
        for headers in foreign:
            answer = await doors.timeline.post(path, content=fields, headers=FORM | cookie | headers)
            assert answer.status_code == 403, (path, headers)
            assert answer.json()["type"] == "/problems/foreign-origin"
    for headers in foreign:
        answer = await doors.sign_in(doors.tokens["ada"], **{"origin": "", **headers})
        assert (answer.status_code, "set-cookie" in answer.headers) == (403, False), headers
    for headers in ({"origin": own}, {"sec-fetch-site": "same-origin"}):
        answer = await doors.timeline.post("/post", content=fields, headers=FORM | cookie | headers)
        assert answer.status_code == 200, answer.text


async def test_what_is_written_in_a_page_is_recorded_under_its_writers_name(doors: Doors) -> None:
    fields = {"title": "from a page", "when": "2020", "country": ["IN", "CN"], "type": "ban", "step": "record"}
    headers = FORM | {"cookie": f"dyadline={doors.tokens['ada']}", "origin": str(doors.timeline.base_url).rstrip("/")}
    answer = await doors.timeline.post("/post", content=urlencode(fields, doseq=True), headers=headers)
    assert answer.status_code == 303, answer.text
    position = answer.headers["location"].removeprefix("/recorded/")
    record = await doors.get(f"/v1/records/{position}?wait=5", "ada")
    history = await doors.get(f"/v1/events/{record['event_id']}/revisions", "ada", position)
    assert history["items"][0]["principal"] == "ada"
    page = await doors.timeline.get(f"/events/{record['event_id']}", headers=HTML | doors.as_("ada"))
    assert "by <bdi>ada</bdi> · record" in page.text
    assert (await doors.timeline.get("/post", headers=doors.as_("eve"))).status_code == 403
