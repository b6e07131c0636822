"""JWTs, as a real issuer on loopback signs them."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from structlog.testing import capture_logs
from tests.support.running.free_ports import free_port
from tests.support.running.oidc_issuers import AUDIENCE, OidcIssuer, make_key, oidc_issuer, public_jwk, public_pem

from service_edge.access.issuer import KNOWN_SECONDS, SKEW_SECONDS, Claims, Issuer, JwtError
from service_edge.access.keys import AGAIN_SECONDS, FRESH_SECONDS, KEPT_SECONDS, IssuerKeys, KeysAwayError
from service_edge.access.roles import Role


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Doors:
    """An issuer, and a verifier that trusts it."""

    def __init__(self, issuer: OidcIssuer, clock: Clock, **claims: str) -> None:
        self.issuer = issuer
        self.clock = clock
        keys = IssuerKeys(issuer.url, claims.pop("keys_origin", ""), clock)
        self.verifier = Issuer(Claims(issuer.url, AUDIENCE, **claims), keys, clock)

    async def refuses(self, token: str, words: str) -> JwtError:
        with pytest.raises(JwtError, match=words) as refused:
            await self.verifier.verify(token)
        return refused.value


@pytest.fixture
async def doors() -> AsyncIterator[Doors]:
    async with oidc_issuer(free_port()) as issuer:
        doors = Doors(issuer, Clock())
        yield doors
        await doors.verifier.close()


async def test_a_jwt_says_who_has_it_and_what_that_allows(doors: Doors) -> None:
    principal = await doors.verifier.verify(doors.issuer.sign())
    assert (principal.name, {*principal.roles}) == ("ada", {Role.READ, Role.WRITE})
    assert principal.expires == pytest.approx(doors.issuer.claims()["exp"] + SKEW_SECONDS, abs=5)


@pytest.mark.parametrize("algorithm", ["RS256", "RS512", "PS256", "ES256", "ES384", "ES512", "EdDSA"])
async def test_asymmetric_algorithms_are_taken(doors: Doors, algorithm: str) -> None:
    doors.issuer.rotate("k1", algorithm)
    assert (await doors.verifier.verify(doors.issuer.sign())).name == "ada"


def unsigned(issuer: OidcIssuer) -> str:
    return jwt.encode(issuer.claims(), "", "none", {"kid": "k1"})


def signed_with_the_public_key(issuer: OidcIssuer) -> str:
    """HS256 with the text of the public key for its secret; made by hand, since the library refuses to."""

    def part(value: Any) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    said = part({"alg": "HS256", "typ": "JWT", "kid": "k1"}) + b"." + part(issuer.claims())
    mac = hmac.new(public_pem(issuer.keys["k1"][1]), said, hashlib.sha256).digest()
    return (said + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()


def signed_by_a_stranger(issuer: OidcIssuer) -> str:
    return jwt.encode(issuer.claims(), make_key("RS256"), "RS256", {"kid": "k1"})


def signed_with_a_key_of_its_own(issuer: OidcIssuer) -> str:
    key = make_key("RS256")
    jwk = public_jwk(key, "k1", "RS256")
    return jwt.encode(issuer.claims(), key, "RS256", {"kid": "k1", "jwk": jwk, "jku": "http://127.0.0.1:1/keys"})


def cut(issuer: OidcIssuer) -> str:
    return issuer.sign()[:-20]


def changed(issuer: OidcIssuer) -> str:
    head, _, signature = issuer.sign().split(".")
    body = base64.urlsafe_b64encode(json.dumps(issuer.claims(roles=["operate"])).encode()).rstrip(b"=").decode()
    return f"{head}.{body}.{signature}"


@pytest.mark.parametrize(
    ("forge", "words"),
    [
        (unsigned, "no key 'k1' for the algorithm 'none'"),
        (signed_with_the_public_key, "no key 'k1' for the algorithm 'HS256'"),
        (signed_by_a_stranger, "InvalidSignatureError"),
        (signed_with_a_key_of_its_own, "InvalidSignatureError"),
        (cut, "DecodeError|InvalidSignatureError"),
        (changed, "InvalidSignatureError"),
    ],
)
async def test_what_the_issuer_has_not_signed_is_refused_and_not_told_why(
    doors: Doors, forge: Callable[[OidcIssuer], str], words: str
) -> None:
    assert (await doors.refuses(forge(doors.issuer), words)).told == ""


@pytest.mark.parametrize("text", ["a.b.c", "..", "e30.e30.e30", "\0.b.c", "W10.e30."])
async def test_what_is_no_jwt_is_refused(doors: Doors, text: str) -> None:
    assert (await doors.refuses(text, "header|no key")).told == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"aud": "another service"}, "Audience"),
        ({"aud": ["another", "service"]}, "Audience"),
        ({"aud": None}, '"aud"'),
        ({"iss": "https://issuer.example"}, "issuer"),
        ({"iss": None}, '"iss"'),
        ({"exp": None}, '"exp"'),
        ({"exp": "soon"}, "exp"),
    ],
)
async def test_what_is_meant_for_others_or_does_not_end_is_refused(
    doors: Doors, changes: dict[str, Any], words: str
) -> None:
    await doors.refuses(doors.issuer.sign(**changes), words)


async def test_clocks_may_differ_by_a_minute_and_no_more(doors: Doors) -> None:
    now = doors.issuer.claims()["iat"]
    inside, outside = SKEW_SECONDS - 15, SKEW_SECONDS + 15
    for changes in ({"exp": now - inside}, {"nbf": now + inside}, {"iat": now + inside}):
        assert (await doors.verifier.verify(doors.issuer.sign(**changes))).name == "ada"
    for changes, words in (
        ({"exp": now - outside}, "Expired"),
        ({"nbf": now + outside}, "nbf"),
        ({"iat": now + outside}, "iat"),
    ):
        await doors.refuses(doors.issuer.sign(**changes), words)


async def test_a_name_that_cannot_stand_in_the_log_is_told_so(doors: Doors) -> None:
    for name in ("auth0|7", "ada lovelace", "a" * 129, "", None, 7, "anonymous", "ada\n"):
        refused = await doors.refuses(doors.issuer.sign(sub=name), "names nobody")
        assert "'sub'" in refused.told
    assert (await doors.verifier.verify(doors.issuer.sign(sub="Ada.L_7@x:y-z"))).name == "Ada.L_7@x:y-z"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (["read", "admin", 7, None], {"read"}),
        ("write audit openid", {"write", "audit"}),
        ([], set()),
        (None, set()),
        ({"read": True}, set()),
        (["READ"], set()),
    ],
)
async def test_only_roles_that_there_are_count(doors: Doors, said: Any, found: set[str]) -> None:
    assert (await doors.verifier.verify(doors.issuer.sign(roles=said))).roles == found


async def test_roles_and_name_come_from_the_claims_that_are_named() -> None:
    async with oidc_issuer(free_port()) as issuer:
        doors = Doors(issuer, Clock(), roles="realm_access.roles", name="https://example.org/name")
        nested: dict[str, Any] = {"realm_access": {"roles": ["operate"]}, "https://example.org/name": "grace"}
        principal = await doors.verifier.verify(issuer.sign(**nested))
        assert (principal.name, {*principal.roles}) == ("grace", {Role.OPERATE})
        await doors.verifier.close()


async def test_a_new_key_is_asked_for_and_an_old_one_forgotten(doors: Doors) -> None:
    old = doors.issuer.sign()
    await doors.verifier.verify(old)
    doors.issuer.rotate("k2")
    doors.clock.now += AGAIN_SECONDS
    assert (await doors.verifier.verify(doors.issuer.sign("k2"))).name == "ada"
    await doors.refuses(old, "no key 'k1'")


async def test_names_of_unknown_keys_do_not_make_us_ask_without_end(doors: Doors) -> None:
    await doors.verifier.verify(doors.issuer.sign())
    asked = len(doors.issuer.asked)
    for number in range(100):
        await doors.refuses(doors.issuer.sign(headers={"kid": f"x{number}"}), "no key")
    assert len(doors.issuer.asked) == asked
    doors.clock.now += AGAIN_SECONDS
    for number in range(100):
        await doors.refuses(doors.issuer.sign(headers={"kid": f"y{number}"}), "no key")
    assert len(doors.issuer.asked) == asked + 2


async def test_a_jwt_without_the_name_of_a_key_is_taken_where_there_is_one_key() -> None:
    async with oidc_issuer(free_port()) as issuer:
        issuer.rotate(None, "ES256")
        doors = Doors(issuer, Clock())
        assert (await doors.verifier.verify(issuer.sign(None))).name == "ada"
        issuer.rotate("k2", "ES256", keep=True)
        doors.clock.now += FRESH_SECONDS + 1
        await doors.verifier.close()


async def test_keys_that_cannot_serve_are_left_aside(doors: Doors) -> None:
    weak = public_jwk(rsa.generate_private_key(65537, 1024), "weak", "RS256")
    good = doors.issuer.published[0]
    secret = {"kty": "oct", "kid": "oct", "k": "c2VjcmV0", "alg": "HS256"}
    doors.issuer.published = [{"kty": "RSA", "kid": "bad"}, "text", weak, secret, {**good, "kid": "enc", "use": "enc"}]
    with capture_logs(), pytest.raises(KeysAwayError, match="none of its keys"):
        await doors.verifier.verify(doors.issuer.sign())


async def test_with_an_issuer_that_is_away_known_keys_go_on_for_a_day() -> None:
    port = free_port()
    clock = Clock()
    async with oidc_issuer(port) as issuer:
        doors = Doors(issuer, clock)
        await doors.verifier.verify(issuer.sign())
    with capture_logs():
        clock.now += KEPT_SECONDS - 1
        assert (await doors.verifier.verify(issuer.sign())).name == "ada"
        clock.now += 2
        with pytest.raises(KeysAwayError):
            await doors.verifier.verify(issuer.sign())
        async with oidc_issuer(port) as back:
            clock.now += AGAIN_SECONDS
            assert (await Doors(back, clock).verifier.verify(back.sign())).name == "ada"
            assert (await doors.verifier.verify(back.sign())).name == "ada"
    await doors.verifier.close()


async def test_what_was_verified_is_known_for_a_minute(doors: Doors) -> None:
    token = doors.issuer.sign()
    assert doors.verifier.recall(token) is None
    principal = await doors.verifier.verify(token)
    assert doors.verifier.recall(token) == principal
    assert doors.verifier.recall(token + "x") is None
    doors.clock.now += KNOWN_SECONDS
    assert doors.verifier.recall(token) is None


@pytest.mark.parametrize(
    ("discovery", "words"),
    [
        ({"jwks_uri": "https://elsewhere.example/keys"}, "another origin: name that in OIDC_KEYS_ORIGIN"),
        ({"jwks_uri": "file:///etc/passwd"}, "another origin"),
        ({"jwks_uri": None}, "another origin"),
        ({"issuer": "https://elsewhere.example"}, "another issuer"),
    ],
)
async def test_nothing_but_the_issuer_itself_is_asked(doors: Doors, discovery: dict[str, Any], words: str) -> None:
    doors.issuer.discovery |= discovery
    with capture_logs(), pytest.raises(KeysAwayError, match=words):
        await doors.verifier.verify(doors.issuer.sign())
    assert doors.issuer.asked == ["/.well-known/openid-configuration"]


async def test_no_redirection_is_followed(doors: Doors) -> None:
    async with oidc_issuer(free_port()) as other:
        doors.issuer.redirects_to = f"{other.url}/keys"
        with capture_logs(), pytest.raises(KeysAwayError, match="302"):
            await doors.verifier.verify(doors.issuer.sign())
        assert other.asked == []


async def test_keys_of_another_origin_are_asked_for_where_that_is_named() -> None:
    async with oidc_issuer(free_port()) as issuer, oidc_issuer(free_port()) as other:
        other.published = issuer.published
        issuer.discovery["jwks_uri"] = f"{other.url}/keys"
        doors = Doors(issuer, Clock(), keys_origin=other.url)
        assert (await doors.verifier.verify(issuer.sign())).name == "ada"
        assert other.asked == ["/keys"]
        await doors.verifier.close()
