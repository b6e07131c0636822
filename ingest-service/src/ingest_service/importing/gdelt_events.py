"""Stories as events: titles that people read, sources, codes, and each report that was merged."""

import re
from collections.abc import Iterator
from functools import lru_cache
from string import capwords
from typing import Any, Final

import orjson

from event_schemas.countries import country_name
from event_schemas.events import id_from_origin
from event_schemas.limits import MAX_ACTORS, MAX_SOURCES
from ingest_service.importing.cameo import CAMEO
from ingest_service.importing.gdelt_rows import Report, has_address
from ingest_service.importing.stories import Rule, Story

#: Whose ids GLOBALEVENTIDs are: an event's id derives from both.
ORIGIN: Final = "https://www.gdeltproject.org/"
#: What the list of reports may take of the 16 KiB of `attributes`.
_MAX_LISTED_BYTES: Final = 15 * 1024
#: The host of an address that has no more than that before its path.
_PLAIN_HOST: Final = re.compile(r"https?://(?:www\.)?([\w.-]{1,253})(?::\d+)?(?:[/?#]|$)", re.IGNORECASE)
_WITH_ARTICLE: Final = frozenset([
    "ARE", "BHS", "CAF", "COK", "COM", "DOM", "FLK", "FRO", "GBR", "GMB", "MDV", "MHL",
    "NLD", "PHL", "PSE", "SLB", "SUN", "SYC", "TCA", "USA", "VGB", "VIR",
])  # fmt: skip


def events_of(story: Story) -> Iterator[tuple[dict[str, Any], list[Report]]]:
    """A story's event with its reports; several where it has more reports than one event can list."""
    reports, listed, size = [story.lead], [_listed(story.lead)], 0
    for report, rule in story.joined:
        entry = _listed(report, rule)
        size += len(orjson.dumps(entry)) + 1
        if size > _MAX_LISTED_BYTES:
            yield _event(reports, listed, story.directed), reports
            reports, listed, size = [report], [_listed(report)], 0
        else:
            reports.append(report)
            listed.append(entry)
    yield _event(reports, listed, story.directed), reports


def _event(reports: list[Report], listed: list[dict[str, str]], directed: bool) -> dict[str, Any]:
    lead = reports[0]
    meaning = CAMEO[lead.code]
    event: dict[str, Any] = {
        "id": id_from_origin(ORIGIN, lead.id),
        "title": title_of(lead, directed),
        "when": lead.when,
        "countries": sorted((lead.source, lead.target)),
        "type": meaning.type,
        "valence": meaning.valence,
        "actors": _actors(reports),
        "sources": _sources(reports),
        "tags": ["gdelt"],
        "codes": {"cameo": lead.code, "gdelt": lead.id},
        "attributes": {"mentions": sum(report.mentions for report in reports), "reports": listed},
    }
    if directed:
        event["initiators"] = [lead.source]
    if lead.goldstein is not None:
        event["goldstein"] = lead.goldstein
    return event


def _listed(report: Report, rule: Rule | None = None) -> dict[str, str]:
    """A report as the event lists it; the lead needs no rule, and old rows have no address."""
    entry = {"id": report.id, "cameo": report.code, "address": report.address, "rule": rule or ""}
    return {name: value for name, value in entry.items() if value}


def title_of(lead: Report, directed: bool) -> str:
    """What happened, in words: `China criticises the United States (accusation)`."""
    return _title(lead.code, lead.source, lead.target, directed)


@lru_cache(maxsize=16_384)
def _title(code: str, source: str, target: str, directed: bool) -> str:
    meaning = CAMEO[code]
    kind = meaning.type.replace("_", " ")
    first, second = _named(source), _named(target)
    if directed:
        said = f"{first} {meaning.says.format(b=second)}"
    else:
        first, second = sorted((first, second), key=lambda name: name.removeprefix("the "))
        said = f"{first} and {second}: {meaning.label[0].lower()}{meaning.label[1:]}"
    return f"{said[0].upper()}{said[1:]} ({kind})"


def _named(code: str) -> str:
    name = country_name(code)
    return f"the {name}" if code in _WITH_ARTICLE else name


def _actors(reports: list[Report]) -> list[dict[str, str]]:
    named = dict.fromkeys(actor for report in reports for actor in report.actors)
    return [{"name": capwords(name), "country": country} for name, country in named][:MAX_ACTORS]


def _sources(reports: list[Report]) -> list[dict[str, str]]:
    addresses = dict.fromkeys(report.address for report in reports if has_address(report))
    return [_source(address) for address in addresses][:MAX_SOURCES]


def _source(address: str) -> dict[str, str]:
    host = _PLAIN_HOST.match(address)
    return {"url": address, "publisher": host[1].lower()} if host else {"url": address}
