"""What the benchmark makes of what it has measured."""

import json
import math
from pathlib import Path

import pytest
from tests.bench.figures import Figure, Peer, medians, with_peers, written
from tests.bench.growth.curves import fit_curve
from tests.bench.growth.points import Point, keep_points
from tests.bench.growth.report import growth_table
from tests.bench.modes import FULL, SHORT, read_mode
from tests.bench.readme import with_table
from tests.bench.results import write_results
from tests.support.running.session_folder import ROOT


def rate(value: float, floor: float, *peers: Peer) -> Figure:
    return Figure("rate", value, floor, "its floor", "/s", peers, 10e-6)


def test_runs_become_medians_with_their_spread() -> None:
    sink = [Peer("a sink", value, measured_here=True) for value in (5.0, 7.0)]
    (figure,) = medians([[rate(10, 100, sink[0])], [rate(40, 80, sink[1])], [rate(20, 90)]])
    assert (figure.value, figure.spread, figure.floor) == (20, (10, 40), 90)
    assert figure.ratio == pytest.approx(20 / 90)
    assert figure.peers == (Peer("a sink", 6.0, measured_here=True),)


def test_what_some_runs_leave_out_is_the_median_of_the_others() -> None:
    page = Figure("page", 3, None, "", "ms")
    assert [figure.name for figure in medians([[rate(10, 100), page], [rate(20, 100)]])] == ["rate", "page"]
    assert medians([[page], []]) == [page]


def test_peers_go_to_the_figures_that_they_are_named_with() -> None:
    peer = Peer("a store", 3.0, measured_here=True)
    named, other = with_peers([rate(1, 2), Figure("page", 1, None, "", "ms")], {"rate": [peer], "none such": [peer]})
    assert named.peers == (peer,)
    assert other.peers == ()


def test_results_are_as_programs_read_them(tmp_path: Path) -> None:
    told = Peer("told", 3.0, measured_here=False)
    write_results([rate(1.23456789, 2, told), Figure("page", 3, None, "", "ms")], tmp_path / "bench.json")
    assert json.loads((tmp_path / "bench.json").read_text()) == [
        {
            "name": "rate", "value": 1.2346, "unit": "/s", "floor": 2.0, "ratio": 0.61728, "cpu_us": 10.0,
            "peers": [{"name": "told", "value": 3.0, "measured_here": False}],
        },
        {"name": "page", "value": 3.0, "unit": "ms", "floor": None, "ratio": None, "cpu_us": None, "peers": []},
    ]  # fmt: skip


def test_figures_are_written_as_people_read_them() -> None:
    assert [written(12345.6, "/s"), written(1.234, "ms"), written(1234.5, "ms"), written(99.9, "MB")] == [
        *("12,346 /s", "1.23 ms", "1,234 ms", "100 MB"),
    ]
    assert written(None, "/s") == ""


def test_the_mode_is_short_unless_it_is_to_be_full() -> None:
    assert read_mode({}) == SHORT
    assert read_mode({"FULL": "1"}) == FULL
    assert read_mode({"BENCH_EVENTS": "5000"}).events == 5_000


@pytest.mark.parametrize(
    ("name", "costs"),
    [
        ("flat", [10.0, 11.0, 9.5, 10.2]),
        ("log n", [math.log(n) for n in (1e4, 1e5, 1e6, 1e7)]),
        ("linear", [1 + n / 1e5 for n in (1e4, 1e5, 1e6, 1e7)]),
        ("falling", [22.0, 4.0, 2.2, 2.0]),
        ("unclear", [3.0, 2.0, 6.0, 2.5]),
    ],
)
def test_a_cost_is_named_by_its_curve(name: str, costs: list[float]) -> None:
    curve = fit_curve(dict(zip((10_000, 100_000, 1_000_000, 10_000_000), costs, strict=True)))
    assert curve.name == name


def test_two_costs_are_no_curve() -> None:
    with pytest.raises(ValueError, match="three numbers of events"):
        fit_curve({10_000: 1.0, 100_000: 2.0})


def test_points_are_added_to_those_of_earlier_runs(tmp_path: Path) -> None:
    path = tmp_path / "growth.json"
    keep_points(path, [Point("a page", "ms", 1_000, 3.0, "filled"), Point("a rate", "/s", 1_000, 50.0, "product")])
    page = {1_000: 2.5, 3_000: 2.4, 9_000: 2.6}
    points = keep_points(path, [Point("a page", "ms", events, value, "filled") for events, value in page.items()])
    lines = growth_table(points).splitlines()
    assert lines[0] == "| figure | 1,000 | 3,000 | 9,000 | cost grows |"
    assert lines[2] == "| a page | 2.50 ms* | 2.40 ms* | 2.60 ms* | flat |"
    assert lines[3] == "| a rate | 50 /s | – | – |  |"


@pytest.mark.parametrize(("page", "name"), [("README.md", "speed"), ("tests/bench/README.md", "growth")])
def test_each_page_has_a_place_for_its_table(page: str, name: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    begun = with_table(text, name, "| a | table |")
    assert f"<!-- {name}: begin -->\n| a | table |\n<!-- {name}: end -->" in begun
    assert with_table(begun, name, "| another |") == with_table(text, name, "| another |")
    with pytest.raises(ValueError, match="there is no line"):
        with_table("no place", name, "")
