"""How many events a caller may post in a minute: beyond that one request is refused, and a stream is slowed down."""

import asyncio
from typing import Final

from fastapi import Request

from ingest_service.api.admission import Admission
from service_edge.access.callers import Caller, caller_of
from service_edge.access.gate import rate_in_words, require_rate, too_many
from service_edge.access.rates import Rate
from service_edge.problems import ProblemError

_WHAT: Final = "events"
_LOOK_SECONDS: Final = 0.5
_PORTIONS_A_MINUTE: Final = 60


class Allowance:
    """What a caller has left. Without a rate that is everything."""

    def __init__(self, rate: Rate | None, caller: Caller, admission: Admission) -> None:
        self._rate = rate
        self._caller = caller
        self._admission = admission

    def require(self, count: int = 1) -> None:
        """Take so many events of one request at once; raises ProblemError (429)."""
        if self._rate is not None:
            require_rate(self._rate, _WHAT, self._caller, count)

    async def portion(self, count: int) -> int:
        """Take what a stream may bring now of so many lines, once that is worth it.

        It is 0 where that is nothing, and others wait for the place that the stream has.
        """
        if self._rate is None:
            return count
        worth = min(count, max(1, self._rate.per_minute // _PORTIONS_A_MINUTE))
        while seconds := self._rate.wait(self._caller.counted_as, worth):
            if self._admission.others_wait:
                return 0
            await asyncio.sleep(min(seconds, _LOOK_SECONDS))
        return self._rate.take_some(self._caller.counted_as, count)

    def refusal(self, line: int) -> ProblemError:
        """Why a stream was not taken in from a line on."""
        assert self._rate is not None, "without a rate nothing is refused"
        rule = f"{rate_in_words(self._rate, _WHAT, self._caller)}, and others wait: from line {line} on nothing of this"
        return too_many(f"{rule} was taken in", self._rate.wait(self._caller.counted_as))


def allowance_of(request: Request) -> Allowance:
    """That of the request's caller."""
    state = request.app.state
    return Allowance(state.event_rate, caller_of(request), state.admission)
