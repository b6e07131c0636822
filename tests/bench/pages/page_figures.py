"""The page of a pair beside other people's widgets, with the same events and in the same browser."""

import json
import math
from collections.abc import Sequence
from typing import Final

import httpx
from tests.bench.figures import Figure, Peer, Unit
from tests.bench.pages.page_visits import MOST_SECONDS, Visit, visit
from tests.bench.pages.widget_pages import TIMELINEJS, VIS_TIMELINE, vis_items, widget_page
from tests.bench.reads.filled_service import FilledService
from tests.bench.reads.filled_tables import LARGEST

_TIMELINE: Final = f"/v1/timelines/{LARGEST}"
#: What a visit tells, and its unit.
_TOLD: Final[tuple[tuple[str, Unit], ...]] = (
    ("usable after", "ms"),
    ("longest task above 50 ms while it loads", "ms"),
    ("longest task above 50 ms while it is zoomed", "ms"),
    ("transferred", "kB"),
    ("elements", "elements"),
)


async def measure_pages(shown: FilledService, many: FilledService) -> list[Figure]:
    """Visit the page of a pair, the widgets with all its events, and the page of a pair of many more."""
    async with httpx.AsyncClient(base_url=shown.service.url, timeout=300, trust_env=False) as client:
        lines = (await client.get(f"{_TIMELINE}.ndjson")).raise_for_status().text.splitlines()
        slides = (await client.get(f"{_TIMELINE}.timelinejs.json")).raise_for_status().content
    events = [json.loads(line) for line in lines]
    ours, larger, widgets = await _visit_pair(shown), await _visit_pair(many), []
    for widget, content in ((VIS_TIMELINE, json.dumps(vis_items(events)).encode()), (TIMELINEJS, slides)):
        async with widget_page(widget, content) as url:
            widgets.append(await visit(widget.title, url, widget.zoom))
    return [*_page_figures(ours, widgets), *_page_figures(larger, [])]


async def _visit_pair(filled: FilledService) -> Visit:
    count = await filled.connection.fetchval("select count(*) from timeline_g1.entries where pair = $1", LARGEST)
    return await visit(f"page of a pair of {count:,} events", f"{filled.service.url}/timelines/{LARGEST}", None)


def _page_figures(page: Visit, widgets: Sequence[Visit]) -> list[Figure]:
    told, others = _told(page), [(widget.name, _told(widget)) for widget in widgets]
    return [
        Figure(
            f"{page.name}, {what}",
            told[number],
            None,
            "",
            unit,
            tuple(Peer(name, theirs[number], measured_here=True) for name, theirs in others),
        )
        for number, (what, unit) in enumerate(_TOLD)
    ]


def _told(page: Visit) -> list[float]:
    """What a visit tells, in the order of _TOLD; what was given up counts as the time after which it was."""
    given_up = MOST_SECONDS * 1000
    usable = given_up if page.usable is None else page.usable
    tasks = [page.longest_loading, given_up if page.longest_zooming is None else page.longest_zooming]
    return [usable, *(given_up if math.isinf(task) else task for task in tasks), page.bytes / 1000, page.nodes]
