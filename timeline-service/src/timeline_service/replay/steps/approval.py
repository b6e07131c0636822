"""Approve: whether a generation may take the live one's place, as far as that can be told before it does."""

from collections.abc import Mapping
from typing import Any

from timeline_service.adapters.postgres.reach import Counted
from timeline_service.code_version import key_words, keys_of
from timeline_service.errors import HaltError
from timeline_service.judge.breaker import nearly_all
from timeline_service.replay.attempt import Attempt


async def require_same_keys(attempt: Attempt, n: int) -> None:
    """Raises HaltError where a generation that is to be caught up was judged by other keys than this replayer's."""
    mine = keys_of(attempt.settings.judged_by)
    for row in await attempt.generations.ready():
        if row["n"] == n and (its := keys_of(row["code_version"] or "")) != mine:
            raise HaltError(
                f"generation {n} was judged by {key_words(its)}, and this replayer judges by {key_words(mine)}: "
                "rebuild instead, or give it the keys of before"
            )


async def require_signed(attempt: Attempt, live: int, n: int) -> None:
    """Raises HaltError where nearly nothing of what is shown would be any more, by the keys that are trusted now.

    Then it is the file of keys that is wrong, and not the log.
    """
    if attempt.settings.trusted_keys_file is None:
        return
    shown, made = [
        sum(counted.applied for counted in (await attempt.reach.counts(each)).values()) for each in (live, n)
    ]
    if nearly_all(shown - made, shown):
        raise HaltError(
            f"of {shown} records that are applied {made} would be, since the others are not signed with a trusted key: "
            "set TIMELINE_TRUSTED_KEYS_FILE right (of a log older than its first key, unsigned_until), and rebuild"
        )


async def require_judged(attempt: Attempt, live: int, n: int) -> None:
    """Raises HaltError where nearly nothing of what the live projection does not have could be judged.

    The projector stops before such records, and a rebuild must not show a projection that went on without them.
    """
    shown = await attempt.reach.counts(live)
    for partition, made in (await attempt.reach.counts(n)).items():
        before = shown.get(partition, Counted(partition, 0, 0))
        more = made.parked - before.parked
        if nearly_all(more, made.records - before.records):
            raise HaltError(
                f"partition {partition} would have {more} more records parked than the live projection, nearly all "
                "that this code has judged besides: update or mend it, and rebuild again"
            )


async def require_equal(attempt: Attempt, result: Mapping[str, Any], live: int, n: int) -> None:
    """Raises HaltError where an older generation is not what the same code makes of the log."""
    if attempt.replay.kind == "activate" and result["equal"] is False:
        made_by = {row["n"]: row["code_version"] for row in await attempt.generations.ready()}
        if made_by.get(n) == made_by.get(live):
            raise HaltError(
                f"generation {n} differs from the live one, though the same code has made both: somebody has changed "
                "one of them. In the differences, `log` is what it holds. Verify the live one, or rebuild"
            )
