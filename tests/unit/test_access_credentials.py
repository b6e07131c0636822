from typing import Any

import pytest

from service_edge.access.credentials import (
    cookie,
    is_own_page,
    read_carried,
    require_none_in_address,
)
from service_edge.access.tokens import CredentialError
from service_edge.problems import ProblemError

TOKEN = "dyl_" + "a" * 43
OTHER = "dyl_" + "b" * 43


def scope(
    *headers: tuple[str, str], query: str = "", scheme: str = "http", host: str = "127.0.0.1:8002"
) -> dict[str, Any]:
    given = [("host", host), *headers]
    raw = [(name.encode(), value.encode("latin-1")) for name, value in given]
    return {"type": "http", "scheme": scheme, "headers": raw, "query_string": query.encode(), "path": "/"}


@pytest.mark.parametrize("text", [TOKEN, "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln", "a" * 16_384, "x/y+z=="])
@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER  "])
def test_a_bearer_is_read(scheme: str, text: str) -> None:
    carried = read_carried(scope(("authorization", scheme + text)))
    assert carried is not None
    assert (carried.text, carried.by_cookie) == (text, False)
    assert text not in repr(carried)


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ([("authorization", f"Bearer {TOKEN}")] * 2, "more than once"),
        ([("authorization", "Basic YWRhOmE=")], "not of the kind Bearer"),
        ([("authorization", TOKEN)], "not of the kind Bearer"),
        ([("authorization", "")], "not of the kind Bearer"),
        ([("authorization", "Bearer")], "the token is missing"),
        ([("authorization", "Bearer  ")], "the token is missing"),
        ([("authorization", f"Bearer {TOKEN} {TOKEN}")], "not one token"),
        ([("authorization", f"Bearer {TOKEN},{TOKEN}")], "not one token"),
        ([("authorization", f"Bearer {TOKEN}{TOKEN}")], "this one has 94"),
        ([("authorization", f"Bearer {TOKEN[:-1]}")], "this one has 46"),
        ([("authorization", f"Bearer <{TOKEN}>")], "not one token"),
        ([("authorization", "Bearer t\xf6ken")], "not one token"),
        ([("authorization", "Bearer " + "a" * 16_385)], "not one token"),
        ([("cookie", f"dyadline={TOKEN}; dyadline={OTHER}")], "more than once"),
        ([("cookie", f"dyadline={TOKEN[:9]}")], "this one has 9"),
    ],
)
def test_what_can_be_nobodys_credential_is_refused_without_being_shown(
    headers: list[tuple[str, str]], words: str
) -> None:
    with pytest.raises(CredentialError, match=words) as refused:
        read_carried(scope(*headers))
    assert TOKEN not in str(refused.value)


def test_a_cookie_counts_where_there_is_no_header() -> None:
    carried = read_carried(scope(("cookie", f"a=b; dyadline={TOKEN}; c=d")))
    assert carried is not None
    assert (carried.text, carried.by_cookie) == (TOKEN, True)
    carried = read_carried(scope(("cookie", f"dyadline={TOKEN}"), ("authorization", f"Bearer {OTHER}")))
    assert carried is not None
    assert (carried.text, carried.by_cookie) == (OTHER, False)
    for nothing in ("", "dyadline=", "dyadline", "x-dyadline=1", "dyadline2=1", f"__Host-dyadline={TOKEN}"):
        assert read_carried(scope(("cookie", nothing))) is None


def test_a_cookie_is_for_this_host_alone_and_secure_unless_on_loopback() -> None:
    for host in ("127.0.0.1:8002", "localhost", "[::1]:8002"):
        assert cookie(scope(host=host), TOKEN) == f"dyadline={TOKEN}; Path=/; HttpOnly; SameSite=Strict"
    secure = f"__Host-dyadline={TOKEN}; Path=/; HttpOnly; SameSite=Strict; Secure"
    assert cookie(scope(host="timeline.example", scheme="https"), TOKEN) == secure
    assert cookie(scope(host="timeline.example"), TOKEN) == secure  # where a browser would not keep it
    assert cookie(scope(host="localhost", scheme="https"), TOKEN) == secure
    assert cookie(scope(), "") == "dyadline=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"


@pytest.mark.parametrize(
    "query",
    [
        f"access_token={TOKEN}", "token=x", "a=b&Token=x", "%74oken=x", f"q={TOKEN}", f"q=%64yl_{TOKEN[4:]}",
        "authorization=Bearer+x", "api_key=1", "jwt=a.b.c",
    ],
)  # fmt: skip
def test_a_credential_in_an_address_is_refused_and_not_repeated(query: str) -> None:
    with pytest.raises(ProblemError) as refused:
        require_none_in_address(scope(query=query))
    assert refused.value.kind.status == 400
    assert TOKEN not in str(refused.value.body("/"))


@pytest.mark.parametrize("query", ["", "q=token", "q=dyl_", "tokens=1", "cursor=eyJhIjoxfQ.c2ln", "%FF=1"])
def test_other_addresses_are_left_alone(query: str) -> None:
    require_none_in_address(scope(query=query))


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ([("origin", "http://127.0.0.1:8002")], True),
        ([("origin", "http://127.0.0.1:9000")], False),
        ([("origin", "https://127.0.0.1:8002")], False),
        ([("origin", "null")], False),
        ([("origin", "http://127.0.0.1:9000"), ("sec-fetch-site", "same-origin")], False),
        ([("sec-fetch-site", "same-origin")], True),
        ([("sec-fetch-site", "same-site")], False),
        ([("sec-fetch-site", "none")], False),
        ([], False),
    ],
)
def test_only_a_page_of_this_very_origin_is_our_own(headers: list[tuple[str, str]], own: bool) -> None:
    assert is_own_page(scope(*headers)) is own
