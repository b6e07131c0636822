"""What the commands ask of the service; a refusal ends the command with its words."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, BinaryIO, Final, Self
from urllib.parse import urlsplit

import httpx

from service_edge.access.client_tokens import bearer
from service_edge.terminal import ExitStatus, leave, leave_out_of_reach, problem_text
from service_edge.tls import trust_of

DEFAULT_URL: Final = "http://127.0.0.1:8002"
Query = Mapping[str, Any]
_MAX_PAGE_SIZE: Final = 1000
#: An export may have to wait for its turn.
_LINES_SILENCE: Final = 120.0


class TimelineClient:
    """A connection to the service. Its methods end the command where there is no answer to give."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self._url = url.rstrip("/")
        try:
            self._client = httpx.Client(
                base_url=self._url, headers=bearer(token), timeout=30, trust_env=False, verify=trust_of(self._url)
            )
        except httpx.InvalidURL as error:
            leave(ExitStatus.USAGE, f"--url {url}: {error}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The answer to a GET; parameters that are None are left out."""
        return self._read(self._send("GET", path, parameters))

    def ask(self, path: str) -> dict[str, Any] | None:
        """The answer to a GET, or None where the service cannot give it now."""
        response = self._ask("GET", path)
        if response.status_code >= 500:
            return None
        self._expect_success(response)
        return self._read(response)

    def post(self, path: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a POST of JSON."""
        return self._read(self._send("POST", path, content=content))

    def delete(self, path: str) -> None:
        """Have something end or go."""
        self._send("DELETE", path)

    def path_of(self, a: str, b: str) -> str:
        """Where the timeline of two countries by code or name is."""
        answer = self._send("GET", "/v1/timelines/lookup", {"a": a, "b": b})
        return urlsplit(answer.headers["location"]).path

    def timeline(self, path: str, query: Query, limit: int | None) -> Iterator[dict[str, Any]]:
        """The pages of a timeline: all of them, or as many as hold so many events."""
        cursor: str | None = ""
        left = limit
        while cursor is not None and left != 0:
            most = _MAX_PAGE_SIZE if left is None else min(_MAX_PAGE_SIZE, left)
            page = self.get(path, {**query, "limit": most, "cursor": cursor or None})
            yield page
            cursor = page["next"]
            left = None if left is None else left - len(page["items"])

    def copy(self, path: str, query: Query, to: BinaryIO) -> None:
        """Write an answer of any length as it comes. Where it breaks off, the command says so and ends."""
        begun = False
        try:
            with self._client.stream("GET", path, params=_given(query)) as response:
                self._expect_success(response)
                for piece in response.iter_bytes():
                    begun = True
                    to.write(piece)
            to.flush()
        except httpx.HTTPError as error:
            if not begun:
                leave_out_of_reach(self._url, error)
            leave(ExitStatus.OUT_OF_REACH, f"{self._url} broke off ({reason_of(error)}): what it wrote is incomplete")

    @contextmanager
    def stream(
        self, path: str, query: Query, last_id: str, silence: float, *, retrying: bool
    ) -> Iterator[Iterator[bytes]]:
        """The bytes of an event stream behind an id; silence of so many seconds is a cut.

        Raises httpx.HTTPError for a cut and, when `retrying`, for a service that does not answer or cannot now.
        """
        headers = {"accept": "text/event-stream"} | ({"last-event-id": last_id} if last_id else {})
        with self._pieces(path, query, headers, silence, retrying=retrying) as pieces:
            yield pieces

    @contextmanager
    def lines(self, path: str, query: Query, *, retrying: bool) -> Iterator[Iterator[bytes]]:
        """The lines of NDJSON of any length, each with its end. It raises what `stream` raises."""
        headers = {"accept": "application/x-ndjson", "accept-encoding": "identity"}  # gzip takes longer than it saves
        with self._pieces(path, query, headers, _LINES_SILENCE, retrying=retrying) as pieces:
            yield _lines_of(pieces)

    @contextmanager
    def _pieces(
        self, path: str, query: Query, headers: Mapping[str, str], silence: float, *, retrying: bool
    ) -> Iterator[Iterator[bytes]]:
        timeout = httpx.Timeout(30, read=silence)
        try:
            with self._client.stream("GET", path, params=_given(query), headers=headers, timeout=timeout) as response:
                if retrying and response.status_code >= 500:
                    raise httpx.RemoteProtocolError(f"it answers {response.status_code}")
                self._expect_success(response)
                if not response.headers.get("content-type", "").startswith(headers["accept"]):
                    leave(ExitStatus.REFUSED, f"{self._url} answers, and not as the timeline service does")
                retrying = True
                yield response.iter_bytes()
        except httpx.HTTPError as error:
            if not retrying:
                leave_out_of_reach(self._url, error)
            raise

    def pages(self, path: str) -> list[dict[str, Any]]:
        """The items of all pages of a list."""
        items: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            page = self.get(path, {"limit": _MAX_PAGE_SIZE, "cursor": cursor or None})
            items += page["items"]
            cursor = page["next"]
        return items

    def _send(
        self, method: str, path: str, parameters: Query | None = None, content: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        response = self._ask(method, path, parameters, content)
        self._expect_success(response)
        return response

    def _ask(
        self, method: str, path: str, parameters: Query | None = None, content: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        try:
            return self._client.request(method, path, params=_given(parameters or {}), json=content)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            leave_out_of_reach(self._url, error if isinstance(error, httpx.HTTPError) else httpx.HTTPError(str(error)))

    def _read(self, response: httpx.Response) -> dict[str, Any]:
        body: dict[str, Any] = response.json()
        return body

    def _expect_success(self, response: httpx.Response) -> None:
        if response.status_code < 400:
            return
        response.read()
        try:
            words = problem_text(response.json())
        except ValueError:
            words = f"{self._url} answers {response.status_code}, and not as the timeline service does"
        leave(ExitStatus.OUT_OF_REACH if response.status_code >= 500 else ExitStatus.REFUSED, words)


def reason_of(error: httpx.HTTPError) -> str:
    """Why there was no answer, or no whole one."""
    return str(error) or type(error).__name__


def _lines_of(pieces: Iterator[bytes]) -> Iterator[bytes]:
    begun: list[bytes] = []
    for piece in pieces:
        *ends, rest = piece.split(b"\n")
        for end in ends:
            yield b"".join((*begun, end, b"\n"))
            begun = []
        begun.append(rest)
    if any(begun):
        raise httpx.RemoteProtocolError("it ends within a line")


def _given(query: Query) -> Query:
    return {name: value for name, value in query.items() if value is not None and value != []}
