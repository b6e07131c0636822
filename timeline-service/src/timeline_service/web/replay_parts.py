"""One replay as markup: what it is at, what became of it, and what it has found."""

from collections.abc import Iterable, Mapping
from typing import Final

from service_edge.html_pages import escaped
from timeline_service.domain.progress_words import progress_words, say_bytes
from timeline_service.domain.replays import OVER, rows_not_listed, rows_that_differ
from timeline_service.queries.views.replays import ReplayResultView, ReplayView
from timeline_service.web import markup
from timeline_service.web.difference_groups import DifferenceGroup, grouped
from timeline_service.web.differences import Piece

_EXPLAINED: Final = ("parked", "rejected", "duplicate")
_MAX_POSITIONS: Final = 3


def report(view: ReplayView, titles: Mapping[str, str]) -> str:
    """All that there is to say of it; `titles` are of the events that it names."""
    if view["state"] not in OVER:
        return running(view)
    result = view.get("result")
    kind, words = outcome(view)
    card = (
        f"<div class='card {kind}'>{markup.heading(kind, words.capitalize())}{reason(view)}{facts(view, result)}</div>"
    )
    return f"{card}{differences(view, titles, most=None)}{_tables(result)}" if result else card


def outcome(view: ReplayView) -> tuple[str, str]:
    """What became of a replay: good, bad or wait, and words that say so without a colour."""
    if view["state"] not in OVER:
        return "wait", escaped(view["state"])
    if view["state"] != "succeeded":
        return "bad" if view["state"] == "failed" else "wait", escaped(view["state"])
    result = view["result"]
    count = rows_that_differ(result)
    if view["kind"] == "verify":
        return ("good", "equal") if result["equal"] else ("bad", f"different in {markup.number(count, 'row')}")
    repaired = f", {markup.number(count, 'row')} repaired" if count else ""
    generation = result.get("generation", view.get("generation"))
    return "good", f"generation {generation}{repaired}"


def facts(view: ReplayView, result: ReplayResultView | None, since: str = "") -> str:
    """When, what and how long; `since` is what has come after it."""
    facts = [("When", markup.time(view["finished_at"] or view["requested_at"]))]
    if result is not None and result["digest"] is not None:
        if since:
            facts.append(("Since then", since))
        facts.append(("Digest", f"<code>{result['digest']}</code>"))
        if result["log_digest"] != result["digest"]:
            facts.append(("The log's digest", f"<code>{result['log_digest']}</code>"))
        facts += [
            ("Rows", f"{result['rows']:,}"),
            ("Next offsets", f"<code>{markup.offsets(result['next_offsets'] or {})}</code>"),
            ("Explained", _explained(result)),
        ]
    elif result is not None:
        facts.append(("Compared", "with nothing: there was no projection that this code can read"))
    if result is not None:
        facts += [("Took", seconds(view)), ("Code", f"<code>{escaped(result['code_version'])}</code>")]
    if view.get("until"):
        facts.append(("Until", markup.until(view["until"])))
    links = f"<a href='/audit/{view['id']}'>{view['id']}</a>, <a href='/v1/replays/{view['id']}'>JSON</a>"
    facts.append(("Replay", links))
    return f"<dl>{''.join(f'<dt>{name}<dd>{value}' for name, value in facts)}</dl>"


def running(view: ReplayView) -> str:
    """A replay that goes on; the script draws the same from what the service tells of it."""
    progress = view["progress"]
    done, total = progress["records"], progress["total"]
    value = f" value={done / total:.4f}" if done < total else ""
    rows = "".join(
        markup.row(
            (f"{item['partition']}", f"{item['records']:,}", f"{item['total']:,}", say_bytes(item["bytes"])), range(4)
        )
        for item in progress["partitions"]
    )
    path = f"/v1/replays/{view['id']}"
    cancel = markup.button("Cancel", f"cancel-{view['id']}", "DELETE", path, f"/audit/{view['id']}/cancel")
    return (
        f"<article class='card wait running' id='replay-{view['id']}' data-replay='{view['id']}'>"
        f"<header><h3>{named(view)}</h3><span data-part=phase>{escaped(progress['phase'])}</span>"
        f"{cancel}</header>"
        f"<progress max=1{value} aria-label='How far the {view['kind']} is'></progress>"
        f"<div class=quiet data-part=figures>{markup.joined(progress_words(progress))}</div>"
        f"<details id='partitions-{view['id']}'{'' if rows else ' hidden'}><summary>By partition</summary><table>"
        f"<thead>{markup.row(('Partition', 'Records', 'Of', 'Read'), range(4), 'th')}"
        f"<tbody data-part=partitions>{rows}</table></details>"
        "<noscript><p class=quiet>Load this page again to see how far it is.</p></noscript></article>"
    )


def differences(view: ReplayView, titles: Mapping[str, str], *, most: int | None) -> str:
    """The differences that it has found, at most so many, or None for all that are listed; `titles` are of events."""
    result = view["result"]
    groups = grouped(result["differences"])
    if not groups:
        return ""
    shown = groups[:most]
    was = "Shown" if view["kind"] == "verify" else "Was shown"
    rest = ""
    if more := len(groups) - len(shown):
        rest += f"<p>{more:,} more are on <a href='/audit/{view['id']}'>the page of this replay</a>."
    if unlisted := rows_not_listed(result):
        rest += f"<p>{markup.number(unlisted, 'more row')} differ, and are not listed."
    heading = "Differences" if view["kind"] == "verify" else "Repaired"
    items = "".join(_difference(group, titles, was) for group in shown)
    return f"<h2>{heading}</h2><ol class=differing>{items}</ol>{rest}"


def _difference(group: DifferenceGroup, titles: Mapping[str, str], was: str) -> str:
    title = titles.get(group.event_id or "", "")
    event = f" <a class=what href='/events/{group.event_id}'><bdi>{escaped(title)}</bdi></a>" if title else ""
    among = f", {group.among}" if group.among else ""
    records = ", ".join(map(_record, group.positions[:_MAX_POSITIONS]))
    more = f" and {len(group.positions) - _MAX_POSITIONS:,} more" if len(group.positions) > _MAX_POSITIONS else ""
    by = f" · record {records}{more}" if records else ""
    return (
        f"<li><h3><b>{escaped(group.table)}</b>{event} <span class=unit>{escaped(group.field or 'whole row')}{among}"
        f"</span></h3><p class=meta><code>{escaped(group.key)}</code>{by}</p><dl class=sides>"
        f"<div><dt>{was}</dt><dd class=value>{_pieces(group.live)}</dd></div>"
        f"<div><dt>The log says</dt><dd class=value>{_pieces(group.log)}</dd></div></dl></li>"
    )


def _pieces(pieces: Iterable[Piece]) -> str:
    """A side, in which what the other has not is marked."""
    marks = {"gone": ("<ins>", "</ins>"), "new": ("<del>", "</del>"), "same": ("", "")}
    return "".join(f"{marks[piece.kind][0]}{escaped(piece.text)}{marks[piece.kind][1]}" for piece in pieces)


def _record(position: str | None) -> str:
    return f"<a href='/recorded/{escaped(position)}'>{escaped(position)}</a>" if position else ""


def _tables(result: ReplayResultView) -> str:
    rows = (
        (
            escaped(item["table"]),
            "" if item["rows"] is None else f"{item['rows']:,}",
            f"{item['differences']:,}",
            f"<code>{item['digest'] or ''}</code>",
        )
        for item in result["tables"]
    )
    return f"<h2>Tables</h2>{markup.table('Tables', ('Table', 'Rows', 'Differences', 'Digest'), rows, (1, 2))}"


def marked(view: ReplayView) -> str:
    """A replay's outcome, with its mark."""
    kind, words = outcome(view)
    return f"<span class={kind}>{'✓ ' if kind == 'good' else '✗ ' if kind == 'bad' else ''}{words}</span>"


def named(view: ReplayView) -> str:
    """Its kind, and where it ends."""
    until = f" until {markup.until(view['until'])}" if view.get("until") else ""
    return f"{view['kind'].capitalize()}{until}"


def reason(view: ReplayView) -> str:
    """Why it ended as it did, if that was said."""
    return f"<p>{escaped(view['reason'])}" if view.get("reason") else ""


def seconds(view: ReplayView) -> str:
    """A replay's duration, or nothing where it is not known."""
    seconds = view.get("result", {}).get("seconds")
    return f"{seconds:,.1f} s" if seconds is not None else ""  # none where it was killed after the swap


def _explained(result: ReplayResultView) -> str:
    explained = result.get("explained")  # none where there was nothing to compare with
    if explained is None:
        return "nothing was compared"
    counts = [f"{explained[name]:,} {name}" for name in _EXPLAINED if explained[name]]
    records = [item for item in explained["records"] if item["outcome"] != "duplicate"]
    if not counts:
        return "nothing parked, rejected or duplicate"
    if not records:
        return ", ".join(counts)
    listed = "".join(
        markup.row((_record(item["position"]), escaped(item["outcome"]), escaped(item["problem"] or "")))
        for item in records
    )
    return f"{', '.join(counts)}<details id=explained><summary>Which</summary><table>{listed}</table></details>"
