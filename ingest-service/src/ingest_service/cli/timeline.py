"""The timeline service, as commands ask it."""

from collections.abc import Iterator
from types import TracebackType
from typing import Any, Final, Self

import httpx

from ingest_service.cli.refusals import refusal_text
from ingest_service.cli.services import Service
from service_edge.terminal import ExitStatus, leave, leave_out_of_reach

_PAGE: Final = 500
_TIMEOUT: Final = httpx.Timeout(10, read=60)


class Timeline:
    """A connection to it. Its methods end the command where there is no answer to give."""

    def __init__(self, service: Service) -> None:
        self._url = service.address("")
        try:
            self._client = httpx.Client(
                base_url=self._url,
                headers=service.headers,
                timeout=_TIMEOUT,
                trust_env=False,
                verify=service.trust,
            )
        except httpx.InvalidURL as error:
            leave(ExitStatus.USAGE, f"{service.url} is not an address: {error}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, **parameters: Any) -> dict[str, Any]:
        """The answer to a GET; parameters that are None are left out."""
        found = self.find(path, **parameters)
        if found is None:
            leave(ExitStatus.REFUSED, f"{self._url}{path} is not there")
        return found

    def find(self, path: str, **parameters: Any) -> dict[str, Any] | None:
        """The same, or None where there is nothing of that name."""
        answer = self._ask(path, {name: value for name, value in parameters.items() if value is not None})
        if answer.status_code == 404:
            return None
        if answer.status_code >= 400:
            status = ExitStatus.OUT_OF_REACH if answer.status_code >= 500 else ExitStatus.REFUSED
            leave(status, refusal_text(answer))
        body: dict[str, Any] = answer.json()
        return body

    def _ask(self, path: str, parameters: dict[str, Any]) -> httpx.Response:
        try:
            return self._client.get(path, params=parameters)
        except httpx.HTTPError as error:
            leave_out_of_reach(self._url, error)

    def items(self, path: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """The items of a listing, page by page, all as they were on its first one."""
        cursor: str | None = ""
        while cursor is not None:
            page = self.get(path, **parameters, limit=_PAGE, cursor=cursor or None)
            yield from page["items"]
            cursor = page["next"]
