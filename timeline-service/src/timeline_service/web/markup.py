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
    """A table of markup that scrolls by itself where the page is narrower; `numbers` are columns of numbers."""
    lines = "".join(row(cells, numbers) for cells in rows)
    inner = f"<table><thead>{row(heads, numbers, 'th')}<tbody>{lines}</table>"
    return f"<div class=scroll tabindex=0 role=region aria-label='{name}'>{inner}</div>"


def row(cells: Sequence[str], numbers: Container[int] = (), cell: str = "td") -> str:
    """A line of a table."""
    classes = (" class=number" if column in numbers else "" for column in range(len(cells)))
    return "<tr>" + "".join(f"<{cell}{kind}>{text}" for kind, text in zip(classes, cells, strict=True))


def heading(kind: str, words: str) -> str:
    """A verdict with its mark: good, bad or wait."""
    mark = {"good": "✓", "bad": "✗", "wait": "…"}[kind]
    return f"<p class=verdict><span class='mark {kind}' aria-hidden=true>{mark}</span>{words}</p>"


def button(
    words: str, name: str, method: str, path: str, body: Mapping[str, Any] | None = None, *, first: bool = False
) -> str:
    """A button that sends a request when scripts run."""
    content = f" data-body='{escaped(orjson.dumps(body).decode())}'" if body is not None else ""
    first_class = " class=first" if first else ""
    asks = f"data-method={method} data-path='{path}'{content}"
    return f"<button type=button id='{name}'{first_class} {asks}>{words}</button>"
