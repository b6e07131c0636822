"""ARCHITECTURE.md names places that are there, and a place for each question that a newcomer has asked."""

import re
from pathlib import Path

import pytest
from tests.support.running.session_folder import ROOT

PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
SOURCES = (
    "timeline-service/src/timeline_service",
    "ingest-service/src/ingest_service",
    "schemas/src",
    "schemas/service-edge/src/service_edge",
    "deploy/local/src/local_stack",
)
FOLDERS = [ROOT / source for source in SOURCES]
#: A module that stands alone in a row of a table is one of the folder that the row is about.
ROOMS = [
    *FOLDERS,
    *(folder.parent for folder in FOLDERS),
    ROOT,
    *(room for folder in FOLDERS for room in folder.rglob("*") if room.is_dir()),
]
ROOMS += [ROOT / "tests", ROOT / "tests/faults/soak"]

QUESTIONS = {
    "where is it decided that a correction is stale?": "judge/fold.py",
    "where is a page's SQL?": "sql/selections.sql",
    "where is a filter's condition?": "adapters/postgres/conditions.py",
    "where is a filter read from the address?": "queries/selections.py",
    "where is a record appended to Kafka?": "adapters/kafka_session.py",
    "where does an event get its id?": "domain/accept.py",
    "where is a date read?": "event_schemas/dates.py",
    "what makes an older record readable?": "event_schemas/versions.py",
    "where are live events pushed?": "feed/live_feed.py",
    "where is the swap of a rebuild?": "replay/steps/swap.py",
    "where is a projector fenced?": "adapters/postgres/projection.py",
    "what stops a partition of which nothing can be judged?": "judge/breaker.py",
    "by what is it known that the judging code has changed?": "timeline_service/code_version.py",
    "where is a problem type of the timeline service defined?": "problems.py",
    "where are the tables?": "sql/generation_tables.sql",
    "how does an instant become offsets?": "queries/read_points.py",
    "where is `timeline watch`?": "watch.py",
    "where is gzip chosen?": "encodings.py",
    "which faults does the soak inject?": "nemesis/",
    "where is it decided who may do what?": "access/gate.py",
    "which role does an operation need?": "api/roles.py",
    "who decides how many long bodies are read at once?": "api/admission.py",
    "where does `make up` start Kafka?": "kafka_engine.py",
    "where are a pair's events counted by years?": "summaries.py",
    "where is a search document made?": "domain/search_documents.py",
    "where is a load undone?": "cli/undoing.py",
    "where are the rows of GDELT read?": "importing/gdelt_rows.py",
    "where are the differences of a verification found?": "adapters/postgres/comparison.py",
}


@pytest.mark.parametrize("place", sorted(set(re.findall(r"`([\w/.-]+(?:\.py|\.sql|/))`", PAGE))))
def test_every_place_that_is_named_is_there(place: str) -> None:
    assert any((room / place).exists() for room in ROOMS), f"ARCHITECTURE.md names {place}, which is nowhere"


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_page_names_the_place_of_an_answer(question: str) -> None:
    assert f"`{QUESTIONS[question]}`" in PAGE, question


def test_every_room_of_the_timeline_service_is_on_the_page() -> None:
    rooms = [path.name for path in Path(FOLDERS[0]).iterdir() if path.is_dir() and path.name != "__pycache__"]
    assert [room for room in rooms if f"{room}/" not in PAGE] == []
