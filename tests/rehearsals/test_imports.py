"""A load of many rows through all of the product: nothing is missing in the end, and the importer stays small."""

import asyncio
import csv
import json
from pathlib import Path

import pytest
from tests.bench.import_figures import run_ingest
from tests.support.running.processes import Services

from ingest_service.importing.generation import generate

FEW, MANY = 10_000, 100_000
#: A hundred thousand events take several times as much, when they are held as dicts or as lines.
MOST_GROWTH = 40 * 1024 * 1024
MAPPING = """
id: {of: "urn:rehearsal", columns: [number]}
title: "{headline}"
when: {column: date}
countries:
  - {column: actors, split: ";", initiator: true}
  - {column: others, split: ";"}
type: "{kind}"
"""


def write_table(path: Path, count: int) -> None:
    """So many made-up events as a CSV; every thousandth row is one before it once more, and none is like another."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["number", "date", "actors", "others", "kind", "headline"])
        for number, event in enumerate(generate(count, 1)):
            actors = event.get("initiators", [])
            others = [code for code in event["countries"] if code not in actors]
            row = [number, event["when"], ";".join(actors), ";".join(others), event["type"], event["title"]]
            table.writerows([row] * (2 if number % 1_000 == 999 else 1))


@pytest.mark.timeout(400)
async def test_ten_times_as_many_rows_take_no_more_memory_and_add_up(services: Services, tmp_path: Path) -> None:
    services.migrate()
    ingest, timeline = await services.ingest(), await services.timeline()
    await services.projector()
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    peaks, before = [], 0
    for count in (FEW, MANY):
        path = tmp_path / f"{count}.csv"
        write_table(path, count)
        words = [
            "import",
            "csv",
            str(path),
            "--mapping",
            str(tmp_path / "mapping.yaml"),
            "--batch",
            path.stem,
            "--json",
        ]
        urls = ["--url", ingest.url, "--timeline-url", timeline.url]
        _, _, peak, told = await asyncio.to_thread(run_ingest, [*words, *urls])
        peaks.append(peak)
        report = json.loads(told)
        assert report["rows"] == count + count // 1_000
        assert report["dropped"] == {"a row before says the same under its id": count // 1_000}
        assert report["recorded"] == {"events": count, "rows": count}
        outcomes = report["outcomes"]
        assert (outcomes["applied"], outcomes["duplicate"]) == (count - before, before)  # those of the file before
        assert [report[part]["rows"] for part in ("refused", "unknown", "not_posted")] == [0, 0, 0]
        assert report["timeline_position"].count(":") == 3
        before = count
    assert peaks[1] - peaks[0] < MOST_GROWTH, peaks
    assert peaks[1] < 200e6
