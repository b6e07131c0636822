"""The page at `/audit` as markup: what was verified, how far the projection is, and the replays there were."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

import orjson

from service_edge.pages import Page, escaped
from timeline_service.domain.difference_words import sides_of
from timeline_service.domain.progress_words import progress_words, say_bytes
from timeline_service.domain.replays import OVER, rows_not_listed, rows_that_differ
from timeline_service.web import markup

View = Mapping[str, Any]
_OUTCOMES: Final = ("applied", "duplicate", "rejected", "parked")
_EXPLAINED: Final = ("parked", "rejected", "duplicate")
#: A long list is on the replay's own page.
_MOST_DIFFERENCES: Final = 50


def audit_page(
    status: View | None,
    replayers: Sequence[str],
    verification: View | None,
    replays: Sequence[View],
    generations: Sequence[View],
) -> Page:
    """What an auditor wants to know. `status` is as `/v1/status` answers it, if that can; `replays` are the newest."""
    running = [view for view in replays if view["state"] not in OVER]
    return _page(
        "Audit",
        "<h1>Audit</h1><p class=quiet>Is what is shown what was recorded? A verification reads the log from its "
        "beginning and compares every row of the projection with what it says."
        f"{_live('verdict', _verdict(verification, status, replays))}"
        f"{_actions(replayers)}"
        f"{_live('running', ''.join(map(_running, running)))}"
        f"{_live('differences', _found(verification))}"
        f"<h2>The projection</h2>{_live('projection', _projection(status))}"
        f"<h2>Generations</h2>{_live('generations', _generations(generations))}"
        f"<h2>Replays</h2>{_live('replays', _replays(replays))}",
    )


def replay_page(view: View) -> Page:
    """One replay with all that came of it."""
    title = f"{view['kind'].capitalize()} of {view['requested_at'][:10]}"
    return _page(
        title,
        f"<h1>{title}</h1><p><a href=/audit>All of the audit</a></p>{_live('report', _report(view))}"
        "<p id=refusal class=bad role=alert></p>",
    )


def unavailable_page(reason: str) -> Page:
    """What is shown while the database does not answer."""
    return Page("Audit", f"<h1>Audit</h1><p>This cannot be shown now: {escaped(reason)}. <a href=''>Try again</a>", 503)


def _page(title: str, body: str) -> Page:
    said = "<p id=said class=unseen role=status></p><p id=stale class=wait role=status></p>"
    return Page(title, f"<main>{body}</main>{said}", style=_static("audit.css"), script=_static("audit.js"))


@cache
def _static(name: str) -> str:
    return (files("timeline_service.web") / "static" / name).read_text(encoding="utf-8")


def _live(name: str, body: str) -> str:
    """A part that the script keeps as the server would write it now."""
    return f"<section id={name} data-live>{body}</section>"


def _heading(kind: str, words: str) -> str:
    mark = {"good": "✓", "bad": "✗", "wait": "…"}[kind]
    return f"<p class=verdict><span class='mark {kind}' aria-hidden=true>{mark}</span>{words}</p>"


def _report(view: View) -> str:
    if view["state"] not in OVER:
        return _running(view)
    result = view.get("result")
    kind, words = _outcome(view)
    card = f"<div class='card {kind}'>{_heading(kind, words.capitalize())}{_reason(view)}{_facts(view, result)}</div>"
    return f"{card}{_differences(view, most=None)}{_tables(result)}" if result else card


def _outcome(view: View) -> tuple[str, str]:
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


def _verdict(view: View | None, status: View | None, replays: Iterable[View]) -> str:
    if view is None:
        return (
            f"<div class='card wait'>{_heading('wait', 'Not verified yet')}"
            "<p>Nobody has compared the projection with the log so far.</div>"
        )
    equal = view["result"]["equal"]
    count = markup.number(rows_that_differ(view["result"]), "row")
    words = "Equal: every row is as the log says" if equal else f"Different from the log in {count}"
    kind = "good" if equal else "bad"
    since = _since(view, status, replays)
    return f"<div class='card {kind}'>{_heading(kind, words)}{_facts(view, view['result'], since)}</div>"


def _facts(view: View, result: View | None, since: str = "") -> str:
    facts = [("When", markup.time(view["finished_at"] or view["requested_at"]))]
    if result is not None and result["digest"] is not None:
        if since:
            facts.append(("Since then", since))
        facts.append(("Digest", f"<code>{result['digest']}</code>"))
        if result["log_digest"] != result["digest"]:
            facts.append(("The log's digest", f"<code>{result['log_digest']}</code>"))
        facts += [
            ("Rows", f"{result['rows']:,}"),
            ("Next offsets", f"<code>{markup.offsets(result['next_offsets'])}</code>"),
            ("Explained", _explained(result)),
        ]
    elif result is not None:
        facts.append(("Compared", "with nothing: there was no projection that this code can read"))
    if result is not None:
        facts += [("Took", _seconds(view)), ("Code", f"<code>{escaped(result['code_version'])}</code>")]
    if view.get("until"):
        facts.append(("Until", markup.until(view["until"])))
    links = f"<a href='/audit/{view['id']}'>{view['id']}</a>, <a href='/v1/replays/{view['id']}'>JSON</a>"
    facts.append(("Replay", links))
    return f"<dl>{''.join(f'<dt>{name}<dd>{value}' for name, value in facts)}</dl>"


def _since(verification: View, status: View | None, replays: Iterable[View]) -> str:
    """What is shown by now that this verification has not seen."""
    for view in replays:
        swapped = view["state"] == "succeeded" and view["kind"] != "verify" and not view.get("until")
        if swapped and view["finished_at"] > verification["finished_at"]:
            return f"<b>{_outcome(view)[1]}: not verified yet</b>"
    if status is None:
        return ""
    now = sum(item["next_offset"] for item in status["partitions"])
    more = now - sum(verification["result"]["next_offsets"].values())
    return f"{markup.number(more, 'record')} projected" if more > 0 else "nothing was projected"


def _actions(replayers: Sequence[str]) -> str:
    waits = (
        ""
        if replayers
        else "<p class=wait>No replayer runs: what is asked for waits until <code>timeline replayer</code> is started."
    )
    return (
        "<div class=actions hidden data-scripted>"
        f"{_button('Verify now', 'verify', 'POST', '/v1/replays', {'kind': 'verify'}, first=True)}"
        f"{_button('Rebuild', 'rebuild', 'POST', '/v1/replays', {'kind': 'rebuild'})}</div>"
        "<p class=quiet>A rebuild makes the projection anew from the log, beside the one that is read, and then takes "
        "its place. Nobody who reads notices.</p>"
        "<noscript><p>Without scripts: <code>timeline replay</code> verifies, <code>timeline replay --rebuild</code> "
        f"rebuilds.</noscript><p id=refusal class=bad role=alert></p>{_live('replayers', waits)}"
    )


def _button(words: str, name: str, method: str, path: str, body: View | None = None, *, first: bool = False) -> str:
    content = f" data-body='{escaped(orjson.dumps(body).decode())}'" if body is not None else ""
    first_class = " class=first" if first else ""
    asks = f"data-method={method} data-path='{path}'{content}"
    return f"<button type=button id='{name}'{first_class} {asks}>{words}</button>"


def _running(view: View) -> str:
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
    cancel = _button("Cancel", f"cancel-{view['id']}", "DELETE", f"/v1/replays/{view['id']}")
    return (
        f"<article class='card wait running' id='replay-{view['id']}' data-replay='{view['id']}'>"
        f"<header><h3>{_named(view)}</h3><span data-part=phase>{escaped(progress['phase'])}</span>"
        f"<span hidden data-scripted>{cancel}</span></header>"
        f"<progress max=1{value} aria-label='How far the {view['kind']} is'></progress>"
        f"<div class=quiet data-part=figures>{markup.joined(progress_words(progress))}</div>"
        f"<details id='partitions-{view['id']}'{'' if rows else ' hidden'}><summary>By partition</summary><table>"
        f"<thead>{markup.row(('Partition', 'Records', 'Of', 'Read'), range(4), 'th')}"
        f"<tbody data-part=partitions>{rows}</table></details></article>"
    )


def _found(view: View | None) -> str:
    return _differences(view, most=_MOST_DIFFERENCES) if view is not None else ""


def _differences(view: View, *, most: int | None) -> str:
    result = view["result"]
    listed = result["differences"]
    if not listed:
        return ""
    shown = listed[:most]
    was = "Shown" if view["kind"] == "verify" else "Was shown"
    rows = (
        (
            f"<b>{escaped(item['table'])}</b><br><code>{escaped(item['key']).replace(', ', '<br>')}</code>",
            escaped(item["field"] or "whole row"),
            *(f"<code class=value>{escaped(side)}</code>" for side in sides_of(item)),
            _record(item["position"]),
        )
        for item in shown
    )
    rest = ""
    if more := len(listed) - len(shown):
        rest += f"<p>{more:,} more are on <a href='/audit/{view['id']}'>the page of this replay</a>."
    if unlisted := rows_not_listed(result):
        rest += f"<p>{markup.number(unlisted, 'more row')} differ, and are not listed."
    heading = "Differences" if view["kind"] == "verify" else "Repaired"
    table = markup.table(heading, ("Row", "Field", was, "The log says", "Record"), rows)
    return f"<h2>{heading}</h2>{table}{rest}"


def _record(position: str | None) -> str:
    return f"<a href='/v1/records/{escaped(position)}'>{escaped(position)}</a>" if position else ""


def _tables(result: View) -> str:
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


def _projection(status: View | None) -> str:
    if status is None:
        return "<p class=wait>There is no projection that this code can read: a rebuild makes one."
    lag, records = status["lag"], status["records"]
    figures = {
        "lag": "unknown" if lag is None else f"{lag:,}",
        "generation": f"{status['generation']}",
        "records": f"{records['total']:,}",
        **{name: f"{records[name]:,}" for name in _OUTCOMES},
    }
    tiles = "".join(f"<li><b>{value}</b><span class=unit>{name}</span>" for name, value in figures.items())
    names = ("partition", "log_start", "log_end", "next_offset", "lag")
    rows = (["?" if item[name] is None else f"{item[name]:,}" for name in names] for item in status["partitions"])
    heads = ("Partition", "Log start", "Log end", "Next offset", "Behind")
    halted = "".join(
        f"<p class=bad>Partition {item['partition']} is not projected any further: {escaped(item['stopped'])}"
        for item in status["partitions"]
        if item["stopped"]
    )
    return (
        f"{halted}<ul class=figures>{tiles}</ul><details id=partitions><summary>By partition</summary>"
        f"{markup.table('Partitions', heads, rows, range(5))}</details>"
    )


def _generations(items: Sequence[View]) -> str:
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


def _role(item: View) -> str:
    if item["live"]:
        return "<b>live</b>"
    if "until" in item:
        return f"read-only, until {markup.until(item['until'])}"
    return "kept: can be activated again"


def _replays(views: Sequence[View]) -> str:
    if not views:
        return "<p>There were none so far."
    rows = (
        (
            markup.time(view["requested_at"]),
            _named(view),
            f"{_marked(view)}{_reason(view)}",
            _seconds(view),
            f"<a href='/audit/{view['id']}'>{view['id'][:8]}</a>",
        )
        for view in views
    )
    return markup.table("Replays", ("Asked for", "Kind", "Outcome", "Took", "Report"), rows, (3,))


def _marked(view: View) -> str:
    kind, words = _outcome(view)
    return f"<span class={kind}>{'✓ ' if kind == 'good' else '✗ ' if kind == 'bad' else ''}{words}</span>"


def _named(view: View) -> str:
    until = f" until {markup.until(view['until'])}" if view.get("until") else ""
    return f"{view['kind'].capitalize()}{until}"


def _reason(view: View) -> str:
    return f"<p>{escaped(view['reason'])}" if view.get("reason") else ""


def _seconds(view: View) -> str:
    seconds = view.get("result", {}).get("seconds")
    return f"{seconds:,.1f} s" if seconds is not None else ""  # none where it was killed after the swap


def _explained(result: View) -> str:
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
