"""Pieces of markup that the audit page is made of."""

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

import orjson

from service_edge.html_pages import escaped


def joined(figures: Iterable[str]) -> str:
    """Figures beside each other, none of which is broken at the end of a line."""
    return escaped(" · ".join(figure.replace(" ", "\N{NO-BREAK SPACE}") for figure in figures))


def until(end: Mapping[str, Any]) -> str:
    """The end of a replay or a generation, as markup."""
    if "recorded_at" in end:
        return time(end["recorded_at"])
    return f"next offsets <code>{offsets(end['next_offsets'])}</code>"


def offsets(vector: Mapping[str, int]) -> str:
    """Next offsets by partition."""
    return ", ".join(f"{partition}:{offset}" for partition, offset in vector.items())


def time(text: str) -> str:
    """An instant, to the second."""
    return f"<time datetime='{escaped(text)}'>{escaped(text[:19].replace('T', ' '))} UTC</time>"


def number(count: int, what: str) -> str:
    """A count with its noun, in the singular or plural."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def table(name: str, heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Container[int] = ()) -> str:
    """A table of markup; `numbers` are columns of numbers. Where it is narrow, each row stands by itself.

    Then styles show rows as blocks, which takes their roles from them: so these are said.
    """
    heading = "".join(
        f"<th role=columnheader scope=col{' class=number' if column in numbers else ''}>{head}"
        for column, head in enumerate(heads)
    )
    lines = "".join(_stacked(cells, heads, numbers) for cells in rows)
    return (
        f"<table role=table class=stacked aria-label='{name}'><thead role=rowgroup><tr role=row>{heading}"
        f"<tbody role=rowgroup>{lines}</table>"
    )


def _stacked(cells: Sequence[str], heads: Sequence[str], numbers: Container[int]) -> str:
    """A line of a table whose cells know what they are."""
    return "<tr role=row>" + "".join(
        f"<td role=cell data-label='{escaped(head)}'{' class=number' if column in numbers else ''}><span>{text}</span>"
        for column, (head, text) in enumerate(zip(heads, cells, strict=True))
    )


def row(cells: Sequence[str], numbers: Container[int] = (), cell: str = "td") -> str:
    """A line of a small table."""
    classes = (" class=number" if column in numbers else "" for column in range(len(cells)))
    return "<tr>" + "".join(f"<{cell}{kind}>{text}" for kind, text in zip(classes, cells, strict=True))


def heading(kind: str, words: str) -> str:
    """A verdict with its mark: good, bad or wait."""
    mark = {"good": "✓", "bad": "✗", "wait": "…"}[kind]
    return f"<p class=verdict><span class='mark {kind}' aria-hidden=true>{mark}</span>{words}</p>"


def button(
    words: str,
    name: str,
    method: str,
    path: str,
    action: str,
    body: Mapping[str, str] | None = None,
    *,
    first: bool = False,
) -> str:
    """A button that sends a request of the API where scripts run, and else the same as a form to `action`."""
    content = f" data-body='{escaped(orjson.dumps(body).decode())}'" if body is not None else ""
    first_class = " class=first" if first else ""
    fields = "".join(f"<input type=hidden name='{field}' value='{value}'>" for field, value in (body or {}).items())
    asks = f"data-method={method} data-path='{path}'{content}"
    return (
        f"<form method=post action='{action}'>{fields}<button id='{name}'{first_class} {asks}>{words}</button></form>"
    )
