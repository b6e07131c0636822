import json
from io import FileIO

import pytest

from ingest_service.api import results as module
from ingest_service.api.results import Results


def filled(lines: int, most_bytes: int = 2**28) -> Results:
    results = Results(most_bytes)
    for line in range(1, lines + 1):
        results.write({"line": line, "status": 422, "problem": {"detail": "x" * 500}})
    results.end({"recorded": 0})
    return results


def told(results: Results) -> list[dict[str, object]]:
    return [json.loads(line) for line in b"".join(results.chunks()).splitlines()]


@pytest.mark.parametrize("lines", [0, 1, 100, 2_000])
def test_each_line_comes_once_and_the_last_one_last(lines: int) -> None:
    *rest, last = told(filled(lines))
    assert [line["line"] for line in rest] == [*range(1, lines + 1)]
    assert last == {"recorded": 0}


def test_lines_beyond_the_limit_are_counted() -> None:
    results = filled(10, most_bytes=3_000)
    assert results.cut == 10 - (len(told(results)) - 1) > 0


def test_a_full_disk_costs_the_lines_and_not_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TemporaryFile", lambda **_: FileIO("/dev/full", "r+"))
    results = filled(2_000)
    assert told(results) == [{"recorded": 0}]
    assert results.cut == 2_000
