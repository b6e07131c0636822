"""Every operation of both services, asked with each role and with none: the table of who may do what, on real apps."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs
from tests.support.running.token_files import bearing, write_tokens

from ingest_service.api.roles import NEEDS as INGEST_NEEDS
from ingest_service.app import create_app as ingest_app
from ingest_service.settings import Settings as IngestSettings
from service_edge.access.needs import OPEN, Needs, NeedsError, Table, operations_of
from service_edge.access.roles import EVERY_ROLE, Role, Roles
from service_edge.openapi import DescribedAPI, operations
from timeline_service.api.roles import NEEDS as TIMELINE_NEEDS
from timeline_service.app import create_app as timeline_app
from timeline_service.settings import Settings as TimelineSettings

READ, WRITE, AUDIT, OPERATE = (frozenset({role}) for role in Role)
#: The contract, operation by operation, written apart from the services' own tables: what begins with one of these is
#: as it says, the longest one counting.
CONTRACT: dict[str, Roles] = {
    "GET /healthz": OPEN, "GET /readyz": OPEN, "GET /problems": OPEN, "GET /static/": OPEN,
    "GET /sign-in": OPEN, "POST /sign-in": OPEN, "POST /sign-out": OPEN,
    "GET /docs": EVERY_ROLE, "GET /openapi.json": EVERY_ROLE, "GET /metrics": OPERATE,
    "GET /v1/": READ, "GET /": READ,
    "POST /v1/events": WRITE, "POST /v1/changes": WRITE, "POST /post": WRITE, "POST /events/": WRITE,
    "GET /post": WRITE, "GET /events/{event_id}/correct": WRITE, "GET /events/{event_id}/retract": WRITE,
    "GET /v1/parked": AUDIT, "GET /v1/replays": AUDIT, "GET /v1/log/": AUDIT, "GET /audit": AUDIT,
    "POST /v1/replays": AUDIT | OPERATE,
    "POST /v1/parked/": OPERATE, "DELETE /v1/replays/": OPERATE,
    "POST /v1/generations/": OPERATE, "DELETE /v1/generations/": OPERATE,
    "POST /audit/replays": AUDIT | OPERATE, "POST /audit/": OPERATE,
}  # fmt: skip
#: The ingest service says what may be written to whoever has a credential.
INGEST_CONTRACT = CONTRACT | {"GET /v1/countries": EVERY_ROLE, "GET /v1/types": EVERY_ROLE}
REFUSED = {401, 403}


def expected(contract: dict[str, Roles], operation: str) -> Roles:
    return contract[max((start for start in contract if operation.startswith(start)), key=len)]


def apps(tokens_file: str, host: str = "0.0.0.0", *, public: bool = False) -> dict[str, DescribedAPI]:
    """Both services, listening beyond loopback, so that metrics need a role."""
    return {
        "ingest": ingest_app(IngestSettings(tokens_file=tokens_file, host=host)),
        "timeline": timeline_app(TimelineSettings(tokens_file=tokens_file, host=host, public_reading=public)),
    }


CONTRACTS = {"ingest": INGEST_CONTRACT, "timeline": CONTRACT}
TABLES: dict[str, Table] = {"ingest": INGEST_NEEDS, "timeline": TIMELINE_NEEDS}
SERVICES = ["ingest", "timeline"]


class Doors:
    """Clients of both services, and a token for each role."""

    def __init__(self, folder: Path, *, public: bool = False) -> None:
        self.tokens = write_tokens(folder / "tokens.jsonl", {role: [role] for role in Role})
        self.apps = apps(str(folder / "tokens.jsonl"), public=public)
        self.clients = {
            name: httpx.AsyncClient(
                transport=httpx.ASGITransport(app=app, raise_app_exceptions=False), base_url="http://127.0.0.1:8000"
            )
            for name, app in self.apps.items()
        }

    def operations(self, name: str) -> list[tuple[str, str]]:
        return [(method, path) for method, path, _ in operations_of(self.apps[name].routes)]

    async def ask(self, name: str, method: str, path: str, role: Role | None) -> httpx.Response:
        headers = bearing(self.tokens[role]) if role is not None else {}
        address = re.sub(r"\{[^}]*\}", "7", path)
        return await self.clients[name].request(method, address, headers=headers)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Who is let through meets a service that was never started, which would say so at length."""
    with capture_logs():
        yield


@pytest.fixture
async def doors(tmp_path: Path) -> AsyncIterator[Doors]:
    doors = Doors(tmp_path)
    yield doors
    for client in doors.clients.values():
        await client.aclose()


@pytest.mark.parametrize("name", SERVICES)
async def test_each_operation_is_done_by_those_who_may_and_refused_to_all_others(doors: Doors, name: str) -> None:
    found = doors.operations(name)
    assert len(found) > 10
    for method, path in found:
        need = expected(CONTRACTS[name], f"{method} {path}")
        methods = [method, "HEAD"] if method == "GET" else [method]
        for asked in methods:
            nobody = await doors.ask(name, asked, path, None)
            if need == OPEN:
                # Forms are for our own pages: what comes from none of them is refused for that.
                assert (nobody.status_code in REFUSED) == (method != "GET"), (asked, path)
                continue
            assert nobody.status_code == 401, (asked, path)
            assert nobody.headers["www-authenticate"] == 'Bearer realm="dyadline"'
            for role in Role:
                answer = await doors.ask(name, asked, path, role)
                assert answer.status_code != 401, (asked, path, role)
                assert (answer.status_code == 403) == (role not in need), (asked, path, role, answer.text)
                if role not in need and asked != "HEAD":
                    problem = answer.json()
                    assert problem["type"] == "/problems/not-allowed"
                    assert set(problem["missing"]) == need
                    assert all(missing in problem["detail"] for missing in need)


@pytest.mark.parametrize("name", SERVICES)
async def test_what_is_no_operation_is_told_to_who_has_a_credential(doors: Doors, name: str) -> None:
    for method, path in (("GET", "/nothing"), ("PUT", "/v1/events"), ("OPTIONS", "/v1/events"), ("GET", "/static")):
        assert (await doors.ask(name, method, path, None)).status_code == 401, path
        assert (await doors.ask(name, method, path, Role.READ)).status_code in {404, 405}, path


async def test_with_public_reading_nobody_needs_a_credential_to_read_and_everybody_to_do_more(tmp_path: Path) -> None:
    doors = Doors(tmp_path, public=True)
    for method, path in doors.operations("timeline"):
        need = expected(CONTRACT, f"{method} {path}")
        if need == OPEN:
            continue
        answer = await doors.ask("timeline", method, path, None)
        assert (answer.status_code == 401) == (Role.READ not in need), (method, path)
        answer = await doors.ask("timeline", method, path, Role.WRITE)  # who may write only reads as everybody does
        assert (answer.status_code == 403) == (not need & {Role.READ, Role.WRITE}), (method, path)
    wrong = await doors.clients["timeline"].get("/v1/types", headers=bearing(doors.tokens[Role.READ][:-1] + "x"))
    assert wrong.status_code == 401  # a credential that is wrong is no way to be anybody


def test_an_operation_without_a_role_and_a_role_without_an_operation_are_mistakes(tmp_path: Path) -> None:
    for name, app in apps("").items():
        rows = dict(TABLES[name])
        app.add_api_route("/new", lambda: None)
        with pytest.raises(NeedsError, match="GET /new has no role"):
            Needs(app.routes, rows)
        Needs(app.routes, rows | {"GET /new": READ})
        with pytest.raises(NeedsError, match="GET /old is in the table of roles, and no operation"):
            Needs(app.routes, rows | {"GET /new": READ, "GET /old": READ})


async def test_metrics_are_a_probe_on_loopback(tmp_path: Path) -> None:
    write_tokens(tmp_path / "tokens.jsonl", {"reader": [Role.READ]})
    for app in apps(str(tmp_path / "tokens.jsonl"), "127.0.0.1").values():
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            assert (await client.get("/metrics")).status_code not in REFUSED
            assert (await client.get("/openapi.json")).status_code == 401


@pytest.mark.parametrize("name", SERVICES)
def test_the_description_says_which_role_each_operation_needs(doors: Doors, name: str) -> None:
    document = doors.apps[name].openapi()
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for path, method, operation in operations(document):
        need = expected(CONTRACTS[name], f"{method.upper()} {path}")
        if need == OPEN:
            assert operation["security"] == []
            assert "401" not in operation["responses"]
            continue
        said = {role for requirement in operation["security"] for role in requirement["bearer"]}
        assert said == (set() if need == EVERY_ROLE else need)
        assert {"401", "403", "429", "503"} <= operation["responses"].keys()
        if need != EVERY_ROLE:
            assert all(role in operation["description"].rpartition("Needs the role ")[2] for role in need)


def test_without_settings_the_description_asks_for_nothing() -> None:
    for app in apps("", "127.0.0.1").values():
        assert all(operation["security"] == [] for _, _, operation in operations(app.openapi()))
