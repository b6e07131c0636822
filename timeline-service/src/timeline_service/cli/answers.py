"""What the commands ask of the service; a refusal ends the command with its words."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

import httpx

from service_edge.terminal import ExitStatus, leave, leave_out_of_reach, problem_text

DEFAULT_URL: Final = "http://127.0.0.1:8002"
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

    def timeline(self, a: str, b: str, query: Mapping[str, str | None], limit: int | None) -> dict[str, Any]:
        """The timeline of two countries by code or name: all its pages, or up to so many events, as one answer."""
        path = self._send("/v1/timelines/lookup", {"a": a, "b": b}).headers["location"]
        body: dict[str, Any] = {"items": [], "next": ""}
        while body["next"] is not None and (limit is None or len(body["items"]) < limit):
            most = _LARGEST_PAGE if limit is None else min(_LARGEST_PAGE, limit - len(body["items"]))
            page = self.get(path, {**query, "limit": most, "cursor": body["next"] or None})
            body = page | {"items": body["items"] + page["items"]}
        return body

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
        given = {name: value for name, value in (parameters or {}).items() if value is not None}
        try:
            response = self._client.get(path, params=given)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            leave_out_of_reach(self._url, error if isinstance(error, httpx.HTTPError) else httpx.HTTPError(str(error)))
        if response.status_code < 400:
            return response
        try:
            words = problem_text(response.json())
        except ValueError:
            words = f"{self._url} answers {response.status_code}, and not as the timeline service does"
        leave(ExitStatus.OUT_OF_REACH if response.status_code >= 500 else ExitStatus.REFUSED, words)
