"""Lines on their way: in bodies that memory holds, each answered before the next begins."""

import json
from typing import Any

import httpx
import pytest

from ingest_service.cli.parts import Part, Receipt, numbered
from ingest_service.cli.refusals import SendingError
from ingest_service.cli.sending import Sender
from ingest_service.importing.tally import Tally
from service_edge.terminal import ExitStatus


class Said:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[int] = []

    def refused(self, said: dict[str, Any], part: Part) -> None:
        """Keep its number."""
        self.lines.append(said["line"])

    def rejected(self, outcome: dict[str, Any], receipt: Receipt) -> None:
        """Never, without a settlement."""
        raise AssertionError


class Service:
    """Answers bodies as the ingest service does: lines of `x` are refused, and so many bodies are taken."""

    def __init__(self, bodies: int = 10**6) -> None:
        self.sizes: list[int] = []
        self._bodies = bodies

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one body."""
        assert request.url.params["results"] == "all"
        lines = request.read().decode().splitlines()
        answers: list[dict[str, Any]] = [
            {"line": number, "status": 422, "problem": {"detail": "no"}}
            if line == "x"
            else {"line": number, "status": 201, "id": "e", "position": f"0:{number}"}
            for number, line in enumerate(lines, start=1)
            if line
        ]
        self.sizes.append(len(lines))
        if len(self.sizes) > self._bodies:
            answers = answers[:1]  # it broke off
        else:
            answers.append({"recorded": len(lines), "refused": 0, "unknown": 0, "timeline_position": ""})
        return httpx.Response(200, content="".join(json.dumps(answer) + "\n" for answer in answers))


def send(service: Service, *lines: bytes) -> tuple[Tally, Said, SendingError | None]:
    tally, said = Tally(), Said()
    with httpx.Client(transport=httpx.MockTransport(service)) as client:
        sender = Sender(client, "http://ingest/v1/events", {}, tally, said, None, "again")
        try:
            sender.send(numbered("line", lines))
        except SendingError as error:
            return tally, said, error
    return tally, said, None


def test_lines_go_in_bodies_and_are_numbered_through() -> None:
    service = Service()
    tally, said, _ = send(service, *[b"1"] * 5_000, b"x", b"", *[b"1"] * 7_000, b"x")
    assert service.sizes == [5_000, 5_000, 2_003]
    assert said.lines == [5_001, 12_003]
    assert (tally.recorded, tally.refused, tally.unknown) == (12_000, 2, 0)


def test_long_lines_make_bodies_of_fewer() -> None:
    service = Service()
    tally, _, _ = send(service, *[b"1" * 1024 * 1024] * 10)
    assert service.sizes == [4, 4, 2]
    assert tally.recorded == 10


@pytest.mark.parametrize(("bodies", "recorded", "unknown"), [(0, 1, 4_999), (1, 5_001, 1_999)])
def test_what_is_not_answered_is_unknown(bodies: int, recorded: int, unknown: int) -> None:
    tally, _, error = send(Service(bodies), *[b"1"] * 7_000)
    assert error is not None
    assert (error.status, "the answer broke off: again" in str(error)) == (ExitStatus.OUT_OF_REACH, True)
    assert (tally.recorded, tally.unknown) == (recorded, unknown)
