"""The page of a pair beside other people's widgets, with the same events and in the same browser."""

import json
from typing import Final

import httpx
from tests.bench.filled_service import FilledService
from tests.bench.filled_tables import LARGEST
from tests.bench.page_visits import Visit, visit
from tests.bench.widget_pages import TIMELINEJS, VIS_TIMELINE, vis_items, widget_page

_TIMELINE: Final = f"/v1/timelines/{LARGEST}"


async def measure_pages(shown: FilledService, many: FilledService) -> list[Visit]:
    """Visit the page of a pair, the widgets with all its events, and the page of a pair of many more."""
    async with httpx.AsyncClient(base_url=shown.service.url, timeout=300, trust_env=False) as client:
        lines = (await client.get(f"{_TIMELINE}.ndjson")).raise_for_status().text.splitlines()
        slides = (await client.get(f"{_TIMELINE}.timelinejs.json")).raise_for_status().content
    events = [json.loads(line) for line in lines]
    visits = [await _visit_pair(shown), await _visit_pair(many)]
    for widget, content in ((VIS_TIMELINE, json.dumps(vis_items(events)).encode()), (TIMELINEJS, slides)):
        async with widget_page(widget, content) as url:
            visits.append(await visit(f"{widget.title}, {len(events):,} events", url, widget.zoom))
    return visits


async def _visit_pair(filled: FilledService) -> Visit:
    count = await filled.connection.fetchval("select count(*) from timeline_g1.entries where pair = $1", LARGEST)
    return await visit(f"Dyadline, a pair of {count:,} events", f"{filled.service.url}/timelines/{LARGEST}", None)
