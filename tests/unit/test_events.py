from typing import Any

import pytest

from event_schemas.countries import pairs_of
from event_schemas.errors import RefusedEventError
from event_schemas.events import (
    content_of,
    digest_of,
    id_from_digest,
    id_from_key,
    id_from_origin,
    read_event,
)
from event_schemas.json_text import write_json

BAN: dict[str, Any] = {
    "title": "India bans TikTok and dozens of other Chinese apps",
    "when": "2020-06-29",
    "countries": ["China", "IN"],
    "initiators": ["India"],
    "type": "ban",
}


def content(**changes: Any) -> dict[str, Any]:
    return content_of(read_event({**BAN, **changes}))


def refusal(**changes: Any) -> list[tuple[str, str]]:
    with pytest.raises(RefusedEventError) as caught:
        read_event({**BAN, **changes})
    return [(item.pointer, item.detail) for item in caught.value.details]


def test_an_event_is_normalised() -> None:
    assert content(title="  Cafe\u0301 ", tags=["b", "a", "b"], summary="", sources=[], goldstein=-5.0) == {
        "title": "Café",
        "when": "2020-06-29",
        "countries": ["CHN", "IND"],
        "initiators": ["IND"],
        "type": "ban",
        "valence": "conflictual",
        "tags": ["a", "b"],
        "goldstein": -5,
    }


def test_a_bare_actor_is_a_name_and_empty_parts_are_dropped() -> None:
    actors = content(actors=["Alibaba.com", {"name": "ByteDance", "country": "cn"}, {"name": "x", "country": ""}])
    assert actors["actors"] == [
        {"name": "Alibaba.com"},
        {"name": "ByteDance", "country": "CHN"},
        {"name": "x"},
    ]
    assert "codes" not in content(codes={"cameo": "", "gdelt": " ", "plover": None})
    sources = content(sources=[{"url": "HTTPS://example.org", "title": None, "publisher": " ", "published": ""}])
    assert sources["sources"] == [{"url": "HTTPS://example.org"}]


def test_attributes_are_untouched() -> None:
    kept: dict[str, Any] = {" a ": " Cafe\u0301 ", "n": None, "e": [], "f": 1.0, "i": 2**63, "b": True}
    assert content(attributes=kept)["attributes"] == kept


def test_what_a_read_adds_is_ignored() -> None:
    assert content(earliest="1999-01-01", revision=3, status="current", pairs=[]) == content()


def test_a_zero_says_something() -> None:
    assert content(goldstein=0)["goldstein"] == 0
    assert write_json(content(goldstein=-0.0)["goldstein"]) == b"0"


def test_names_of_all_kinds_mean_a_country() -> None:
    assert content(countries=["Burma", " india ", "Côte d\u2019Ivoire"])["countries"] == ["CIV", "IND", "MMR"]
    assert content(initiators=[], countries=["CN", "India" + "!" * 1000])["countries"] == ["CHN", "IND"]


def test_a_valence_may_differ_from_its_type() -> None:
    assert content(valence="neutral")["valence"] == "neutral"
    assert "valence" not in content(type="other")


def test_the_pairs_of_a_directed_event_join_initiators_with_the_others() -> None:
    assert pairs_of(["CHN", "IND", "PAK"], ["IND"]) == ["CHN-IND", "IND-PAK"]
    assert pairs_of(["CHN", "IND", "PAK"], []) == ["CHN-IND", "CHN-PAK", "IND-PAK"]
    assert pairs_of(["CHN", "IND"], ["IND"]) == pairs_of(["CHN", "IND"], []) == ["CHN-IND"]


@pytest.mark.parametrize(
    ("changes", "pointer", "said"),
    [
        ({"title": ""}, "/title", "expected 1 to 300"),
        ({"title": "a\nb"}, "/title", "U+000A"),
        ({"title": "a\0b"}, "/title", "U+0000"),
        ({"title": 5}, "/title", "expected a string"),
        ({"title": "x" * 301}, "/title", "has 301 characters"),
        ({"when": "2025-02-29"}, "/when", "February 2025"),
        ({"when": "2020/2019"}, "/when", "2019"),
        ({"when": " 2020"}, "/when", "2020"),
        ({"countries": ["IN"]}, "/countries", "at least 2"),
        ({"countries": ["IN", "IND"]}, "/countries", "IND is named twice"),
        ({"countries": ["IN", "Chinaa"]}, "/countries/1", "China"),
        ({"countries": ["IN", "CS"]}, "/countries/1", "CSK"),
        ({"countries": "IN"}, "/countries", "expected a list"),
        ({"initiators": ["IN", "CN"]}, "/initiators", "all countries acted"),
        ({"initiators": ["PK"]}, "/initiators", "PAK is not among"),
        ({"type": "bann"}, "/type", "did you mean ban"),
        ({"sources": [{"url": "javascript:alert(1)"}]}, "/sources/0/url", "http"),
        ({"sources": [{"url": "https://a b"}]}, "/sources/0/url", "http"),
        ({"sources": [{"url": "http://[::1"}]}, "/sources/0/url", "http"),
        ({"sources": [{"url": "http://:80/x"}]}, "/sources/0/url", "http"),
        ({"sources": [{"url": "http://me@/x"}]}, "/sources/0/url", "http"),
        ({"tags": ["Apps"]}, "/tags/0", "'apps'"),
        ({"goldstein": 11}, "/goldstein", "10"),
        ({"goldstein": True}, "/goldstein", "expected a number"),
        ({"colour": "red"}, "/colour", "not a field"),
        ({"attributes": {"n": 2**63 + 1}}, "/attributes", "±2^63"),
        ({"attributes": {"t": "\0"}}, "/attributes", "NUL"),
        ({"attributes": {"t": "x" * 16384}}, "/attributes", "at most 16384"),
        ({"id": "7"}, "/id", "not a UUID"),
        ({"status": "retracted"}, "/status", "retraction"),
        ({"summary": "a\x07"}, "/summary", "U+0007"),
        ({"colour": None}, "/colour", "not a field"),
        ({"actors": [{"name": "x", "role": None}]}, "/actors/0/role", "not a field"),
        ({"actors": [5]}, "/actors/0", "expected an object"),
        ({"sources": ["https://example.org"]}, "/sources/0", "expected an object"),
        ({"sources": [{"title": "x"}]}, "/sources/0/url", "is required"),
        ({"sources": [{"url": "http://x", "published": " 2020"}]}, "/sources/0/published", "EDTF"),
        ({"goldstein": 10**399}, "/goldstein", "expected a number"),
        ({"tags": ["a", ""]}, "/tags/1", "has 0 characters"),
        ({"tags": ["a\tb"]}, "/tags/0", "U+0009"),
        ({"codes": {"a": "1", " a ": "2"}}, "/codes", "stands twice"),
        ({"codes": {"\u00e9": "1", "e\u0301": "2"}}, "/codes", "stands twice"),
        ({"codes": {"function-of": 5}}, "/codes/function-of", "expected a string"),
        ({"codes": {"a": "x" * 129}}, "/codes/a", "129 characters"),
        ({"codes": {"x" * 65: "1"}}, "/codes/" + "x" * 65, "65 characters"),
    ],
)
def test_a_refusal_names_the_field_and_what_was_expected(changes: dict[str, Any], pointer: str, said: str) -> None:
    details = refusal(**changes)
    assert [p for p, _ in details] == [pointer], details
    assert said in details[0][1]


def test_the_depth_of_attributes_counts_the_object_itself() -> None:
    def nested(levels: int) -> dict[str, Any]:
        return {"a": nested(levels - 1)} if levels > 1 else {}

    assert content(attributes=nested(16))
    assert "16 levels" in refusal(attributes=nested(17))[0][1]


def test_everything_that_is_wrong_is_listed() -> None:
    assert [pointer for pointer, _ in refusal(title="", when="x", type="y")] == ["/title", "/when", "/type"]


def test_an_address_may_have_any_host() -> None:
    for url in ("http://[::1]:8000/x", "https://münchen.example/?a[]=1", "http://me@x:80", "HTTP://x?at=://:@[1"):
        assert content(sources=[{"url": url}])["sources"][0]["url"] == url


def test_of_very_much_that_is_wrong_the_rest_is_counted() -> None:
    wrong = refusal(**{f"{number}{'x' * 1000}": 0 for number in range(200)})
    assert len(wrong) == 50
    assert wrong[-1] == ("", "151 more mistakes are not listed: mend these first")
    assert max(len(pointer) for pointer, _ in wrong) == 300


def test_the_content_and_its_digest_have_known_answers() -> None:
    raw = write_json(content())
    assert raw == (
        b'{"countries":["CHN","IND"],"initiators":["IND"],'
        b'"title":"India bans TikTok and dozens of other Chinese apps",'
        b'"type":"ban","valence":"conflictual","when":"2020-06-29"}'
    )
    # sha256sum of these bytes, and uuid5 of the standard library below uuid5(NAMESPACE_URL, "urn:dyadline")
    assert digest_of(raw) == "14d85e40424afda794c46e373bc43f9d94dc3ac1157467d0d80943088c573c9f"
    assert id_from_digest(digest_of(raw)) == "80d5d10a-b3b5-59dc-825b-830d249e8c6a"
    assert id_from_key("anonymous", "k") == "1c6d1537-02a1-5124-81e4-2d978da0341e"
    assert id_from_origin("https://example.org", "1") == "2517ce1a-bc2d-5c8b-b19b-0c0d05b0a71c"
