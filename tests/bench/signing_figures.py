"""What it costs to know who is behind the log: a signature on each record, and verifying it, beside doing without."""

from typing import Final

from tests.bench.figures import Figure, percentile
from tests.bench.ingest_figures import post_bulk, post_singly
from tests.bench.own_services import own_services
from tests.bench.projection_figures import Projected, project
from tests.support.inputs.signed_records import key_line
from tests.support.running.engines import Engines
from tests.support.running.processes import Services

from ingest_service.domain.signing import RecordSigner, new_private_key

_ROUNDS: Final = 10
_POST_FLOOR: Final = "the same, not signed, in turn"


async def measure_signing(engines: Engines, events: int, singles: int) -> list[Figure]:
    """Measure posts, bulk and projection of so many events, each with and without, one after the other."""
    async with own_services(engines) as services:
        keys = _write_keys(services)
        figures = await _measure_posts(services, keys, singles)
    async with own_services(engines) as services, own_services(engines) as verifying:
        keys = _write_keys(services)
        signing = await services.ingest(INGEST_SIGNING_KEY_FILE=keys["INGEST_SIGNING_KEY_FILE"])
        signed = await post_bulk(signing.url, events)
        await signing.terminate()
        verifying.topic = services.topic
        services.migrate()
        without = await project(services, events)
        await without.projector.terminate()
        trusted = {"TIMELINE_TRUSTED_KEYS_FILE": keys["TIMELINE_TRUSTED_KEYS_FILE"]}
        verifying.migrate(**trusted)
        verified = await project(verifying, events, trusted)
    async with own_services(engines) as services:
        plain = await services.ingest()
        return [
            *figures,
            Figure("NDJSON bulk, signed", signed, await post_bulk(plain.url, events), "the same, not signed", "/s"),
            _projection_figure(verified, without),
        ]


async def _measure_posts(services: Services, keys: dict[str, str], singles: int) -> list[Figure]:
    plain = await services.ingest("plain")
    signing = await services.ingest("signing", INGEST_SIGNING_KEY_FILE=keys["INGEST_SIGNING_KEY_FILE"])
    taken: dict[str, list[float]] = {plain.url: [], signing.url: []}
    count = max(1, singles // _ROUNDS)
    for turn in range(_ROUNDS):
        for place, url in enumerate(taken):
            taken[url] += await post_singly(url, count, first=(2 * turn + place) * count)
    return [
        Figure(
            f"single post, signed, p{percent}",
            percentile(taken[signing.url], percent),
            percentile(taken[plain.url], percent),
            _POST_FLOOR,
            "ms",
        )
        for percent in (50, 99)
    ]


def _projection_figure(verified: Projected, without: Projected) -> Figure:
    name = "projection of signed records, verified"
    floor = f"the same, not verified ({without.cpu * 1e6:.0f} µs)"
    return Figure(name, verified.rate, without.rate, floor, "/s", cpu_seconds=verified.cpu)


def _write_keys(services: Services) -> dict[str, str]:
    """A pair of keys in the files that the settings name."""
    pem = new_private_key()
    contents = {"INGEST_SIGNING_KEY_FILE": pem, "TIMELINE_TRUSTED_KEYS_FILE": key_line(RecordSigner(pem))}
    for name, content in contents.items():
        (services.state_dir / name).write_text(content)
    return {name: str(services.state_dir / name) for name in contents}
