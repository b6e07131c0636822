"""What the commands ask of the service; a refusal ends the command with its words."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, BinaryIO, Final, NoReturn, Self
from urllib.parse import urlsplit

import httpx

from service_edge.terminal import ExitStatus, leave, leave_out_of_reach, problem_text

DEFAULT_URL: Final = "http://127.0.0.1:8002"
Query = Mapping[str, Any]
_LARGEST_PAGE: Final = 1000


class Answers:
    """A connection to the service. Its methods end the command where there is no answer to give."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        try:
            self._client = httpx.Client(base_url=self._url, timeout=30, trust_env=False)
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
        body: dict[str, Any] = self._send(path, parameters).json()
        return body

    def path_of(self, a: str, b: str) -> str:
        """Where the timeline of two countries by code or name is."""
        return urlsplit(self._send("/v1/timelines/lookup", {"a": a, "b": b}).headers["location"]).path

    def timeline(self, path: str, query: Query, limit: int | None) -> dict[str, Any]:
        """A timeline: all its pages, or up to so many events, as one answer."""
        body: dict[str, Any] = {"items": [], "next": ""}
        while body["next"] is not None and (limit is None or len(body["items"]) < limit):
            most = _LARGEST_PAGE if limit is None else min(_LARGEST_PAGE, limit - len(body["items"]))
            page = self.get(path, {**query, "limit": most, "cursor": body["next"] or None})
            body = page | {"items": body["items"] + page["items"]}
        return body

    def copy(self, path: str, query: Query, to: BinaryIO) -> None:
        """Write an answer of any length as it comes. Where it breaks off, so does the command."""
        try:
            with self._client.stream("GET", path, params=_given(query)) as response:
                if response.status_code >= 400:
                    response.read()
                    self._leave(response)
                for chunk in response.iter_bytes():
                    to.write(chunk)
            to.flush()
        except httpx.HTTPError as error:
            leave_out_of_reach(self._url, error)

    @contextmanager
    def stream(
        self, path: str, query: Query, last_id: str, silence: float, *, retrying: bool
    ) -> Iterator[Iterator[str]]:
        """The lines of an event stream behind an id. `retrying`: what is out of reach raises httpx.HTTPError."""
        headers = {"accept": "text/event-stream"} | ({"last-event-id": last_id} if last_id else {})
        timeout = httpx.Timeout(30, read=silence)
        try:
            with self._client.stream("GET", path, params=_given(query), headers=headers, timeout=timeout) as response:
                if response.status_code >= 400:
                    response.read()
                    if not (retrying and response.status_code >= 500):
                        self._leave(response)
                    raise httpx.RemoteProtocolError(f"{self._url} answers {response.status_code}")
                retrying = True
                yield response.iter_lines()
        except httpx.HTTPError as error:
            if not retrying:
                leave_out_of_reach(self._url, error)
            raise

    def pages(self, path: str) -> list[dict[str, Any]]:
        """The items of all pages of a list."""
        items: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            page = self.get(path, {"limit": _LARGEST_PAGE, "cursor": cursor or None})
            items += page["items"]
            cursor = page["next"]
        return items

    def _send(self, path: str, parameters: Mapping[str, Any] | None) -> httpx.Response:
        try:
            response = self._client.get(path, params=_given(parameters or {}))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            leave_out_of_reach(self._url, error if isinstance(error, httpx.HTTPError) else httpx.HTTPError(str(error)))
        if response.status_code >= 400:
            self._leave(response)
        return response

    def _leave(self, response: httpx.Response) -> NoReturn:
        try:
            words = problem_text(response.json())
        except ValueError:
            words = f"{self._url} answers {response.status_code}, and not as the timeline service does"
        leave(ExitStatus.OUT_OF_REACH if response.status_code >= 500 else ExitStatus.REFUSED, words)


def _given(query: Query) -> Query:
    return {name: value for name, value in query.items() if value is not None and value != []}
