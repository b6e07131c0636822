"""That the benchmark measures what it says, on few events; never how fast anything is."""

import io

import pytest
from rich.console import Console
from tests.bench.__main__ import main
from tests.bench.bench import measure
from tests.bench.event_supply import events
from tests.bench.table import print_table
from tests.support.engines import Engines

from event_schemas.dates import parse_when
from event_schemas.events import read_event


async def test_every_figure_has_its_floor(engines: Engines) -> None:
    figures = await measure(engines, events=2_000, singles=20)
    assert [figure.unit for figure in figures] == ["/s", "/s", "ms", "ms", "MB", "MB"]
    assert all(figure.value > 0 and figure.floor > 0 for figure in figures)
    assert not any(figure.too_large for figure in figures)
    output = io.StringIO()
    print_table(figures, 2_000, Console(file=output, width=160))
    words = " ".join(output.getvalue().split())
    for expected in ("2,000 events", "Debezium JDBC sink", "its docs", *(f"{figure.ratio:.2f}" for figure in figures)):
        assert expected in words


@pytest.mark.parametrize("value", ["0", "many", "-1"])
def test_a_number_of_events_that_cannot_be_is_wrong_usage(
    value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BENCH_EVENTS", value)
    assert main() == 2
    assert f"BENCH_EVENTS={value} is not a number of events" in capsys.readouterr().err


def test_events_are_varied_and_the_same_in_every_run() -> None:
    first, again = list(events(3_000)), list(events(3_000))
    assert first == again
    read = [read_event(event) for event in first]
    assert {parse_when(event.when).precision for event in read} == {
        "day", "month", "season", "quarter", "year", "decade", "century", "interval"
    }  # fmt: skip
    assert len({pair for event in read for pair in event.pairs}) > 500
    assert any(event.initiators for event in read)
    assert not all(event.initiators for event in read)
    assert list(events(10, first=100)) == first[100:110]
