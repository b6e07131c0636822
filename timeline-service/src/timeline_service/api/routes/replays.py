"""`/v1/replays`: verifications and rebuilds are asked for, followed and cancelled; the replayer carries them out."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response

from event_schemas.errors import Detail
from event_schemas.records import format_time
from event_schemas.refusals import MOST_DETAILS
from event_schemas.texts import Uuid
from timeline_service.adapters.postgres.replays import AlreadyBuildingError, PostgresReplays
from timeline_service.api.answers import answer, event_stream
from timeline_service.api.bodies import read_value
from timeline_service.api.descriptions import CANCEL_REPLAY, FILE_REPLAY, PROGRESS, REPLAY, REPLAYS
from timeline_service.api.examples import REPLAY_ID
from timeline_service.domain.replays import Kind, Until, replay_view
from timeline_service.domain.vectors import Moment, Vector, timeline_position
from timeline_service.errors import InvalidReplayError, ReplayOverError, ReplayRunningError, UnknownReplayError
from timeline_service.live.progress import ProgressFeed
from timeline_service.queries.moments import Beside, Offsets, Replays, past_instant
from timeline_service.queries.paging import Page, next_link
from timeline_service.queries.selections import CursorText, Limit

router = APIRouter(tags=["replays"])
ReplayId = Annotated[Uuid, Path(description="The replay's id.", examples=[REPLAY_ID])]
Row = Mapping[str, Any]
NEWEST: Final = (datetime(9999, 12, 31, tzinfo=UTC), "ffffffff-ffff-ffff-ffff-ffffffffffff")


@router.post("/v1/replays", status_code=202, summary="Have the log replayed", **FILE_REPLAY)
async def start_replay(request: Request, offsets: Offsets, replays: Replays) -> Response:
    """`verify` compares every row that is shown with what the log says; `rebuild` makes a new generation of them.

    `until` ends it before given offsets, or with what was recorded by an instant: such a rebuild makes a generation to
    look at, which is read with `generation=` and stays as it is. There is one rebuild at a time.
    """
    kind, asked = read_request(await read_value(request))
    until: Until | None = None
    if asked is not None and "recorded_at" in asked:
        until = Until(recorded_at=past_instant(asked["recorded_at"]))
    elif asked is not None:
        until = Until(next_offsets=await _read_offsets(asked["next_offsets"], offsets))
    row = await file_replay(replays, kind, until=until.written() if until is not None else None)
    return filed(request, row)


@router.get("/v1/replays", summary="The replays there were and are", responses=REPLAYS)
async def list_replays(
    request: Request, replays: Replays, moment: Beside, limit: Limit = 50, cursor: CursorText = None
) -> Response:
    """The newest first, with progress and with what came of them, but without lists of single rows and records."""
    page = Page.of(request, {"of": "replays"}, cursor)
    after = (datetime.fromisoformat(page.key[0]), str(page.key[1])) if page.key else NEWEST
    rows = await replays.replays(after, limit + 1)
    following = None
    if len(rows) > limit:
        last = rows[limit - 1]
        following = page.next((), (format_time(last["requested_at"]), str(last["id"])))
    body = {"items": [replay_view(row) for row in rows[:limit]], "next": following}
    return answer(request, moment, body, headers=next_link(request, following))


@router.get("/v1/replays/{replay_id}", summary="A replay", responses=REPLAY)
async def replay(request: Request, replays: Replays, moment: Beside, replay_id: ReplayId) -> Response:
    """How far it is, and at last what came of it: `succeeded` says that it ran to its end, `equal` what it found."""
    return answer(request, moment, replay_view(await known_replay(replays, replay_id)))


@router.get(
    "/v1/replays/{replay_id}/progress",
    summary="How far a replay is, as it goes on",
    response_class=Response,
    responses=PROGRESS,
)
async def replay_progress(request: Request, replays: Replays, moment: Beside, replay_id: ReplayId) -> Response:
    """`progress` with the replay as it is, at once and whenever that changes; when it is over `done`, and the end."""
    await known_replay(replays, replay_id)
    feed: ProgressFeed = request.app.state.progress
    position = timeline_position(moment.vector)
    headers = {"timeline-position": position} if position else {}
    return event_stream(request, feed.listen(replay_id, request.app.state.heartbeat_seconds), headers)


@router.delete("/v1/replays/{replay_id}", status_code=202, summary="Cancel a replay", responses=CANCEL_REPLAY)
async def cancel_replay(request: Request, replays: Replays, replay_id: ReplayId) -> Response:
    """One that waits is over at once; one that runs ends soon, and leaves everything as it was."""
    row = await replays.cancel(replay_id)
    if row is None:
        row = await known_replay(replays, replay_id)
        raise ReplayOverError(f"the replay {replay_id} is over: its state is {row['state']}")
    return answer(request, Moment(0, ()), replay_view(row), status=202)


async def file_replay(
    replays: PostgresReplays, kind: Kind, *, until: Mapping[str, Any] | None = None, generation: int | None = None
) -> Row:
    """File a replay; raises ReplayRunningError where another one builds already."""
    try:
        return await replays.file(kind, until=until, generation=generation)
    except AlreadyBuildingError as error:
        raise ReplayRunningError(error.running) from error


def filed(request: Request, row: Row) -> Response:
    """The answer that a replay is filed, and where it is found."""
    view = replay_view(row)
    return answer(request, Moment(0, ()), view, headers={"location": f"/v1/replays/{view['id']}"}, status=202)


def read_request(value: Any) -> tuple[Kind, Mapping[str, Any] | None]:
    """What a body asks for, and until when; raises InvalidReplayError. Offsets are judged by whoever knows the log."""
    if not isinstance(value, dict):
        raise InvalidReplayError([Detail("", 'is no object: send one, such as {"kind": "verify"}')])
    details = [*_strangers(value, "", ("kind", "until"))]
    if value.get("kind") not in ("verify", "rebuild"):
        details.append(Detail("/kind", "expected verify or rebuild"))
    if "until" in value:
        details += _wrong_until(value["until"])
    if details:
        raise InvalidReplayError(details[:MOST_DETAILS])
    return value["kind"], value.get("until")


def _wrong_until(until: Any) -> Iterator[Detail]:
    if not isinstance(until, dict):
        yield Detail("/until", "is no object: send next_offsets or recorded_at in one, or leave until out")
        return
    yield from _strangers(until, "/until", ("next_offsets", "recorded_at"))
    if ("next_offsets" in until) == ("recorded_at" in until):
        yield Detail("/until", "expected either next_offsets or recorded_at")
    if "next_offsets" in until and not isinstance(until["next_offsets"], dict | list):
        yield Detail(
            "/until/next_offsets", 'expected an offset for each partition, such as {"0": 12, "1": 7} or [12, 7]'
        )
    if "recorded_at" in until:
        try:
            past_instant(str(until["recorded_at"]))
        except ValueError as error:
            yield Detail("/until/recorded_at", str(error))


def _strangers(value: Mapping[str, Any], pointer: str, known: tuple[str, ...]) -> Iterator[Detail]:
    for name in value:
        if name not in known:
            yield Detail(f"{pointer}/{_token(name)}", f"is not a field here: expected {' or '.join(known)}")


async def _read_offsets(given: Mapping[str, Any] | list[Any], offsets: Offsets) -> Vector:
    """The offsets of all partitions, by their names or in their order; raises InvalidReplayError."""
    named = given if isinstance(given, Mapping) else {str(number): offset for number, offset in enumerate(given)}
    ends = {str(number): end for number, (_, end) in (await offsets.bounds()).items()}
    there = f"the log has the partitions 0 to {len(ends) - 1}"
    details = []
    for name, offset in named.items():
        pointer = f"/until/next_offsets/{_token(name)}"
        if name not in ends:
            details.append(Detail(pointer, f"is no partition: {there}"))
        elif not isinstance(offset, int) or isinstance(offset, bool) or not 0 <= offset <= ends[name]:
            details.append(Detail(pointer, f"expected a whole number from 0 to {ends[name]}, where the log ends"))
    if missing := ends.keys() - named.keys():
        details.append(Detail("/until/next_offsets", f"misses partition {min(missing, key=int)}: {there}"))
    if details:
        raise InvalidReplayError(details[:MOST_DETAILS])
    return tuple(named[name] for name in ends)


def _token(name: str) -> str:
    """A name within a JSON Pointer."""
    return name[:80].replace("~", "~0").replace("/", "~1")


async def known_replay(replays: PostgresReplays, replay_id: str) -> Row:
    """A replay by its id; raises UnknownReplayError."""
    row = await replays.replay(replay_id)
    if row is None:
        raise UnknownReplayError(f"there is no replay {replay_id}: /v1/replays lists those there are")
    return row
