"""The page at `/audit` as markup: what was verified, how far the projection is, and the replays there were."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from markupsafe import Markup

from service_edge.html_pages import escaped
from timeline_service.domain.country_names import ENGLISH
from timeline_service.domain.replays import OVER, rows_that_differ
from timeline_service.queries.views.replays import GenerationView, ReplayView
from timeline_service.queries.views.status import PartitionView, ProjectionView
from timeline_service.web import markup, replay_parts
from timeline_service.web.rendering import PageContext

#: Where replays are asked for: of the API, or of the page.
_REPLAYS: Final = ("POST", "/v1/replays", "/audit/replays")
_OUTCOMES: Final = ("applied", "duplicate", "rejected", "parked")
#: A long list is on the replay's own page.
_MAX_DIFFERENCES: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditContext(PageContext):
    """A page of the audit, whose parts are markup: a script takes them from a fresh copy of it."""

    template: ClassVar[str] = "audit.html"
    body: Markup


def audit_page(
    status: ProjectionView | None,
    replayers: Sequence[str],
    verification: ReplayView | None,
    replays: Sequence[ReplayView],
    generations: Sequence[GenerationView],
    titles: Mapping[str, str],
) -> AuditContext:
    """What an auditor wants to know. `status` is as `/v1/status` answers it, if that can; `replays` are the newest.

    `titles` are of the events that the verification names.
    """
    running = [view for view in replays if view["state"] not in OVER]
    return _page(
        "Audit",
        "<h1>Audit</h1><p class=sentence>Is what is shown what was recorded? A verification reads the log from its "
        "beginning and compares every row of the projection with what it says.</p>"
        f"{_live('verdict', _verdict(verification, status, replays))}"
        f"{_actions(replayers)}"
        f"{_live('running', ''.join(map(replay_parts.running, running)))}"
        f"{_live('differences', _found(verification, titles))}"
        f"<h2>The projection</h2>{_live('projection', _projection(status))}"
        "<p><a href=/audit/records>What was rejected or parked, and why</a></p>"
        f"<h2>Generations</h2>{_live('generations', _generations(generations))}"
        f"<h2>Replays</h2>{_live('replays', _replays(replays))}",
    )


def replay_page(view: ReplayView, titles: Mapping[str, str]) -> AuditContext:
    """One replay with all that came of it; `titles` are of the events that it names."""
    title = f"{view['kind'].capitalize()} of {view['requested_at'][:10]}"
    return _page(
        title,
        f"<h1>{title}</h1><p><a href=/audit>All of the audit</a></p>"
        f"{_live('report', replay_parts.report(view, titles))}"
        "<p id=refusal class=bad role=alert></p>",
    )


def _page(title: str, body: str) -> AuditContext:
    return AuditContext(title=title, language=ENGLISH, section="audit", body=Markup(body))


def _live(name: str, body: str) -> str:
    """A part that the script keeps as the server would write it now."""
    return f"<section id={name} data-live>{body}</section>"


def _verdict(view: ReplayView | None, status: ProjectionView | None, replays: Iterable[ReplayView]) -> str:
    if view is None:
        return (
            f"<div class='card wait'>{markup.heading('wait', 'Not verified yet')}"
            "<p>Nobody has compared the projection with the log so far.</div>"
        )
    equal = view["result"]["equal"]
    count = markup.number(rows_that_differ(view["result"]), "row")
    words = "Equal: every row is as the log says" if equal else f"Different from the log in {count}"
    kind = "good" if equal else "bad"
    since = _since(view, status, replays)
    facts = replay_parts.facts(view, view["result"], since)
    return f"<div class='card {kind}'>{markup.heading(kind, words)}{facts}</div>"


def _since(verification: ReplayView, status: ProjectionView | None, replays: Iterable[ReplayView]) -> str:
    """What is shown by now that this verification has not seen."""
    for view in replays:
        swapped = view["state"] == "succeeded" and view["kind"] != "verify" and not view.get("until")
        if swapped and (view["finished_at"] or "") > (verification["finished_at"] or ""):
            return f"<b>{replay_parts.outcome(view)[1]}: not verified yet</b>"
    if status is None:
        return ""
    now = sum(item["next_offset"] for item in status["partitions"])
    more = now - sum((verification["result"]["next_offsets"] or {}).values())
    return f"{markup.number(more, 'record')} projected" if more > 0 else "nothing was projected"


def _actions(replayers: Sequence[str]) -> str:
    waits = (
        ""
        if replayers
        else "<p class=wait>No replayer runs: what is asked for waits until <code>timeline replayer</code> is started."
    )
    return (
        "<div class=actions>"
        f"{markup.button('Verify now', 'verify', *_REPLAYS, {'kind': 'verify'}, first=True)}"
        f"{markup.button('Rebuild', 'rebuild', *_REPLAYS, {'kind': 'rebuild'})}</div>"
        "<p class=quiet>A rebuild makes the projection anew from the log, beside the one that is read, and then takes "
        "its place. Nobody who reads notices. At a terminal: <code>timeline replay</code>, <code>timeline replay "
        "--rebuild</code>.</p>"
        f"<p id=refusal class=bad role=alert></p>{_live('replayers', waits)}"
    )


def _found(view: ReplayView | None, titles: Mapping[str, str]) -> str:
    return replay_parts.differences(view, titles, most=_MAX_DIFFERENCES) if view is not None else ""


def _projection(status: ProjectionView | None) -> str:
    if status is None:
        return "<p class=wait>There is no projection that this code can read: a rebuild makes one."
    lag, records = status["lag"], status["records"]
    figures = {
        "lag": "unknown" if lag is None else f"{lag:,}",
        "generation": f"{status['generation']}",
        "records": f"{records['total']:,}",
        **{name: _linked(name, records[name]) for name in _OUTCOMES},
    }
    tiles = "".join(f"<li><b>{value}</b><span class=unit>{name}</span>" for name, value in figures.items())
    rows = map(_cells, status["partitions"])
    heads = ("Partition", "Log start", "Log end", "Next offset", "Behind", "Projected by")
    halted = "".join(
        f"<p class=bad>Partition {item['partition']} is not projected any further: {escaped(item['stopped'])}"
        for item in status["partitions"]
        if item["stopped"]
    )
    return (
        f"{halted}{_gone(status['partitions'])}<ul class=figures>{tiles}</ul><details id=partitions>"
        f"<summary>By partition</summary>{markup.table('Partitions', heads, rows, range(5))}</details>"
    )


def _linked(outcome: str, count: int) -> str:
    """How many records have an outcome, and where they are listed if it is not the usual one."""
    return (
        f"<a href='/audit/records?outcome={outcome}'>{count:,}</a>" if count and outcome != "applied" else f"{count:,}"
    )


def _gone(partitions: Iterable[PartitionView]) -> str:
    """Who projected partitions and has not been heard of since."""
    found: dict[tuple[str, str], list[int]] = {}
    for item in partitions:
        if item["owner"] is not None and item["gone_since"] is not None:
            found.setdefault((item["owner"], item["gone_since"]), []).append(item["partition"])
    return "".join(
        f"<p class=bad><b>{escaped(owner)} is gone</b>: it has not been heard of since {markup.time(since)}. Nobody "
        f"projects {markup.number(len(held), 'partition')} ({', '.join(map(str, held))}) until "
        "<code>timeline project</code> is started."
        for (owner, since), held in found.items()
    )


def _cells(item: PartitionView) -> list[str]:
    figures = (item["partition"], item["log_start"], item["log_end"], item["next_offset"], item["lag"])
    return ["?" if figure is None else f"{figure:,}" for figure in figures] + [_owner(item)]


def _owner(item: PartitionView) -> str:
    if item["owner"] is None:
        return "nobody yet"
    owner = f"<code>{escaped(item['owner'])}</code>"
    since = item["gone_since"]
    return f"<s>{owner}</s> <span class=bad>gone since {markup.time(since)}</span>" if since is not None else owner


def _generations(items: Sequence[GenerationView]) -> str:
    rows = (
        (
            f"{item['n']}",
            _role(item),
            markup.time(item["created_at"]),
            f"<code>{escaped(item['code_version'] or '')}</code>",
        )
        for item in reversed(items)
    )
    return markup.table("Generations", ("Number", "What it is", "Made", "By code"), rows, (0,))


def _role(item: GenerationView) -> str:
    if item["live"]:
        return "<b>live</b>"
    if "until" in item:
        return f"read-only, until {markup.until(item['until'])}"
    return "kept: can be activated again"


def _replays(views: Sequence[ReplayView]) -> str:
    if not views:
        return "<p>There were none so far."
    rows = (
        (
            markup.time(view["requested_at"]),
            replay_parts.named(view),
            f"{replay_parts.marked(view)}{replay_parts.reason(view)}",
            replay_parts.seconds(view),
            f"<a href='/audit/{view['id']}'>{view['id'][:8]}</a>",
        )
        for view in views
    )
    return markup.table("Replays", ("Asked for", "Kind", "Outcome", "Took", "Report"), rows, (3,))
