"""The pages at `/problems`: what each type of problem means, and what to do about it."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fastapi.responses import Response

from service_edge.html_pages import PageMaker, escaped, prose

if TYPE_CHECKING:
    from service_edge.problems import ProblemType


def problems_page(kinds: Iterable["ProblemType"], page: PageMaker) -> Response:
    """The index of all types."""
    rows = "".join(
        f"<tr><td>{kind.status}<td><a href='{kind.uri}'><code>{kind.slug}</code></a><td>{escaped(kind.title)}"
        for kind in sorted(kinds, key=lambda kind: (kind.status, kind.slug))
    )
    return page("Problems", f"<h1>Problems</h1><table><tr><th>Status<th>Type<th>Title{rows}</table>")


def problem_page(kind: "ProblemType", page: PageMaker) -> Response:
    """The explanation of one type."""
    example = escaped(json.dumps(kind.sample(), indent=2, ensure_ascii=False))
    return page(
        kind.title,
        f"<h1>{escaped(kind.title)}</h1><p><code>{kind.slug}</code>, HTTP status {kind.status}</p>"
        f"<p>{prose(kind.explanation)}</p><h2>An example</h2><pre>{example}</pre>"
        "<p><a href='/problems'>All problems</a> · <a href='/docs'>All requests</a></p>",
    )
