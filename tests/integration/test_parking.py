"""What today's code cannot judge waits, with all later records of its event, until newer code or somebody asks."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.support.log_writing import LogWriter, correcting, open_log, recording, retracting
from tests.support.processes import Services
from tests.support.projecting import projecting
from tests.support.projections import projected
from tests.support.waiting import wait_until

from event_schemas.records import Record
from timeline_service.domain import batch
from timeline_service.domain.fold import History, Place, Verdict, apply
from timeline_service.errors import HaltError


class Code:
    """Code that fails on some titles."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fails_on: set[str] = set()
        monkeypatch.setattr(batch, "apply", self._apply)

    def _apply(self, history: History | None, record: Record, place: Place) -> tuple[History | None, Verdict]:
        if record.event is not None and record.event.title in self.fails_on:
            raise ZeroDivisionError("a bug")
        return apply(history, record, place)


@pytest.fixture
def code(monkeypatch: pytest.MonkeyPatch) -> Code:
    """The code of the projectors that run in this process."""
    return Code(monkeypatch)


@pytest.fixture
async def api(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a timeline service on the test's database."""
    services.migrate()
    service = await services.timeline()
    async with httpx.AsyncClient(base_url=service.url, timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture
async def log(services: Services) -> AsyncIterator[LogWriter]:
    """A writer to the test's topic."""
    async with open_log(services.bootstrap_servers, services.topic) as writer:
        yield writer


async def outcome(api: httpx.AsyncClient, position: str) -> dict[str, Any]:
    """The record's outcome, once there is one."""
    answer = await api.get(f"/v1/records/{position}", params={"wait": 20})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_newer_code_judges_what_was_parked_in_order_and_as_a_replay_would(
    services: Services, api: httpx.AsyncClient, log: LogWriter, code: Code
) -> None:
    code.fails_on = {"a hard one"}
    hard, easy = recording("a hard one"), recording("an easy one")
    positions = await log.append(hard, correcting(hard.event_id, "mended"), retracting(hard.event_id), easy)
    more = await log.append(hard, correcting(hard.event_id, "again", countries=["IN", "PK"]))
    async with projecting(services.bootstrap_servers, services.topic, services.database_url, code_version="1"):
        assert [(await outcome(api, each))["outcome"] for each in positions] == ["parked"] * 3 + ["applied"]
        assert [(await outcome(api, each))["outcome"] for each in more] == ["parked", "parked"]
        listed = (await api.get("/v1/parked")).json()["items"]
        reasons = {item["position"]: (item["reason"], item["code_version"]) for item in listed}
        assert reasons[positions[0]] == ("failed", "1")
        assert reasons[positions[1]] == ("behind-parked", "1")
        assert "ZeroDivisionError: a bug" in next(i for i in listed if i["position"] == positions[0])["detail"]
        records = (await api.get("/v1/status")).json()["records"]
        assert records == {"total": 6, "applied": 1, "duplicate": 0, "rejected": 0, "parked": 5}
    code.fails_on = set()
    async with projecting(services.bootstrap_servers, services.topic, services.database_url, code_version="2"):
        await wait_until(lambda: _nothing_parked(api))
        outcomes = [(await outcome(api, each))["outcome"] for each in (*positions, *more)]
        assert outcomes == ["applied"] * 4 + ["duplicate", "applied"]
        await projected(services)  # what a replay from the start by the newer code gives


async def test_a_redrive_is_carried_out_by_the_projector_and_may_fail_again(
    services: Services, api: httpx.AsyncClient, log: LogWriter, code: Code
) -> None:
    code.fails_on = {"a hard one"}
    hard = recording("a hard one")
    first, second = await log.append(hard, correcting(hard.event_id, "mended"))
    async with projecting(services.bootstrap_servers, services.topic, services.database_url, code_version="1"):
        assert (await outcome(api, second))["outcome"] == "parked"
        await redrive(api, second)
        await wait_until(lambda: _settled(api))
        assert (await outcome(api, first))["outcome"] == "parked"  # it failed again, and stays
        code.fails_on = set()
        await redrive(api, first)
        await wait_until(lambda: _nothing_parked(api))
        assert (await outcome(api, second))["revision"] == 2
        await projected(services)
    missing = await api.post(f"/v1/parked/{first}/redrive", json={})
    assert (missing.status_code, missing.json()["type"]) == (404, "/problems/not-parked")
    wrong = await api.post(f"/v1/parked/{first}/redrive", content=b"{}", headers={"content-type": "text/plain"})
    assert wrong.status_code == 415


async def test_a_projector_halts_when_nearly_everything_would_park(
    services: Services, api: httpx.AsyncClient, log: LogWriter, code: Code
) -> None:
    code.fails_on = {"a hard one"}
    await log.append(*(recording("a hard one") for _ in range(600)))
    run = projecting(services.bootstrap_servers, services.topic, services.database_url, code_version="1")
    async with run as task:
        await asyncio.wait([task], timeout=30)
        with pytest.raises(HaltError, match="records cannot be judged by this code"):
            await task
    records = (await api.get("/v1/status")).json()["records"]
    assert records["parked"] < 600


async def redrive(api: httpx.AsyncClient, position: str) -> None:
    """Ask that a record be judged again."""
    answer = await api.post(f"/v1/parked/{position}/redrive", json={})
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/v1/records/{position}"


async def _nothing_parked(api: httpx.AsyncClient) -> bool:
    return not (await api.get("/v1/parked")).json()["items"]


async def _settled(api: httpx.AsyncClient) -> bool:
    return not any(item["redriving"] for item in (await api.get("/v1/parked")).json()["items"])
