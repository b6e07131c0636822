"""The pages at `/problems`: what each type of problem means, and what to do about it."""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from fastapi.responses import Response

from service_edge.html_pages import PageMaker, escaped, prose

#: What stands in place of a status for what is said of a record, and of no request.
_OF_A_RECORD: Final = "a record's"
_MORE: Final = "<p><a href='/problems'>All problems</a> · <a href='/docs'>All requests</a></p>"

if TYPE_CHECKING:
    from service_edge.problems import ProblemType


def problems_page(kinds: Iterable["ProblemType"], records: Mapping[str, str], page: PageMaker) -> Response:
    """The index of all types, and of the problems of `records`, which no answer has."""
    rows = "".join(
        f"<tr><td>{kind.status}<td><a href='{kind.uri}'><code>{kind.slug}</code></a><td>{escaped(kind.title)}"
        for kind in sorted(kinds, key=lambda kind: (kind.status, kind.slug))
    )
    rows += "".join(
        f"<tr><td>{_OF_A_RECORD}<td><a href='/problems/{slug}'><code>{slug}</code></a><td>{escaped(words)}"
        for slug, words in sorted(records.items())
    )
    return page("Problems", f"<h1>Problems</h1><table><tr><th>Status<th>Type<th>Title{rows}</table>")


def record_problem_page(slug: str, words: str, page: PageMaker) -> Response:
    """The explanation of a problem that a record has, and no answer."""
    title = slug.replace("-", " ").capitalize()
    return page(
        title,
        f"<h1>{title}</h1><p><code>{slug}</code>, {_OF_A_RECORD} problem</p>{_of_a_record(words)}{_MORE}",
    )


def problem_page(kind: "ProblemType", words: str, page: PageMaker) -> Response:
    """The explanation of one type; `words` say what it means where a record has a problem of this name, if any can."""
    example = escaped(json.dumps(kind.sample(), indent=2, ensure_ascii=False))
    return page(
        kind.title,
        f"<h1>{escaped(kind.title)}</h1><p><code>{kind.slug}</code>, HTTP status {kind.status}</p>"
        f"<p>{prose(kind.explanation)}</p><h2>An example</h2><pre>{example}</pre>"
        f"{f'<h2>Of a record</h2>{_of_a_record(words)}' if words else ''}{_MORE}",
    )


def _of_a_record(words: str) -> str:
    return (
        f"<p>{escaped(words)}</p><p>It says why a record of the log was not applied. What became of each record is at "
        "<code>/v1/records/{position}</code>.</p>"
    )
