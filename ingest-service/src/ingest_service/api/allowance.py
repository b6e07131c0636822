"""How many events a caller may post in a minute: beyond that one request is refused, and a stream is slowed down."""

from collections.abc import Callable
from typing import Final

from fastapi import Request
from starlette.requests import ClientDisconnect

from ingest_service.api.admission import Admission
from service_edge.access.callers import Caller, caller_of
from service_edge.access.gate import rate_in_words, require_rate, too_many
from service_edge.access.rates import Rate
from service_edge.event_streams import GONE
from service_edge.problems import ProblemError

_WHAT: Final = "events"
_LOOK_SECONDS: Final = 0.5
_PORTIONS_A_MINUTE: Final = 60
#: Who would have to wait for longer before anything is taken in is told so, and comes again.
_LONGEST_SECONDS: Final = 5.0


class Allowance:
    """What a caller has left. Without a rate that is everything."""

    def __init__(
        self, rate: Rate | None, caller: Caller, admission: Admission, has_gone: Callable[[], bool] = lambda: False
    ) -> None:
        """`has_gone` tells whether the caller is there no more."""
        self._rate = rate
        self._has_gone = has_gone
        self._caller = caller
        self._admission = admission

    def require(self, count: int = 1) -> None:
        """Take so many events of one request at once; raises ProblemError (429)."""
        if self._rate is not None:
            require_rate(self._rate, _WHAT, self._caller, count)

    def require_beginning(self) -> None:
        """Raises ProblemError (429) for a stream whose first line would have to wait for long: it is not begun."""
        if self._rate is not None and (seconds := self._rate.wait(self._caller.counted_as)) > _LONGEST_SECONDS:
            raise too_many(rate_in_words(self._rate, _WHAT, self._caller), seconds)

    async def portion(self, count: int) -> int:
        """Take what a stream may bring now of so many lines, once that is worth it.

        It is 0 where that is nothing, and others wait for the place that the stream has, or the process is to stop.
        Raises ClientDisconnect where nobody is there any more for whom to wait.
        """
        if self._rate is None:
            return count
        worth = min(count, max(1, self._rate.per_minute // _PORTIONS_A_MINUTE))
        while seconds := self._rate.wait(self._caller.counted_as, worth):
            if self._has_gone():
                raise ClientDisconnect
            if self._admission.others_wait or self._admission.is_closing:
                return 0
            await self._admission.sleep(min(seconds, _LOOK_SECONDS))
        return self._rate.take_some(self._caller.counted_as, count)

    def refusal(self, line: int) -> ProblemError:
        """Why a stream was not taken in from a line on."""
        assert self._rate is not None, "without a rate nothing is refused"
        why = "ingest stops" if self._admission.is_closing else "others wait"
        rule = f"{rate_in_words(self._rate, _WHAT, self._caller)}, and {why}: from line {line} on nothing of this"
        return too_many(f"{rule} was taken in", self._rate.wait(self._caller.counted_as))


def allowance_of(request: Request) -> Allowance:
    """That of the request's caller."""
    state = request.app.state
    extension = request.scope.get("extensions", {}).get(GONE, {"has_gone": lambda: False})
    return Allowance(state.event_rate, caller_of(request), state.admission, extension["has_gone"])
