"""The metrics of all processes behind one port, in one answer: each process's own under the label `worker`."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from prometheus_client import Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector, CollectorRegistry

from service_edge.crew import Crew

METRICS: Final = "metrics"


async def metrics_of(crew: Crew, own: bytes, shared: Collection[str] = ()) -> bytes:
    """A process's metrics in Prometheus' text format, with those of the others.

    `shared` are families that tell of what all have in common: they are as this process has them, without the label.
    Counters stand apart so that one that begins anew is seen to.
    """
    if crew.count == 1:
        return own
    texts = {crew.number: own, **await crew.ask_others(METRICS)}
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Merged({number: text.decode() for number, text in texts.items()}, crew.number, shared))
    return generate_latest(registry)


class _Merged(Collector):
    def __init__(self, texts: Mapping[int, str], own: int, shared: Collection[str]) -> None:
        self._texts, self._own, self._shared = texts, own, shared

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        for number, text in sorted(self._texts.items()):
            for family in text_string_to_metric_families(text):
                is_shared = family.name in self._shared
                if is_shared and number != self._own:
                    continue
                merged = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
                label = {} if is_shared else {"worker": str(number)}
                for sample in family.samples:
                    merged.add_sample(sample.name, {**sample.labels, **label}, sample.value, sample.timestamp)
        yield from families.values()
