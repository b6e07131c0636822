"""The version of the code that judges: it changes with all that a verdict can depend on, and with nothing else."""

import sys
from pathlib import Path

import pytest

from timeline_service import code_version as versions
from timeline_service.code_version import judging_files

LANGUAGE = (
    "__init__ attributes countries dates envelopes errors event_fields events json_text limits log_topic near_texts "
    "normal_form partitions positions published record_builders records refusals requests signatures taxonomy texts "
    "versions written_records"
)
JUDGE = "__init__ batch batch_counts breaker days decoding entries fold recording_times rows trusted_keys"


def test_the_files_that_are_hashed_are_the_language_and_the_judge() -> None:
    assert set(judging_files()) == {
        "event_schemas/countries.json",
        "event_schemas/event_types.json",
        *(f"event_schemas/{name}.py" for name in LANGUAGE.split()),
        *(f"timeline_service/judge/{name}.py" for name in JUDGE.split()),
    }


def test_a_change_in_a_folder_below_changes_the_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "somewhat_judging"
    (package / "below").mkdir(parents=True)
    for file in (package / "__init__.py", package / "below" / "__init__.py", package / "below" / "rule.py"):
        file.write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(versions, "_JUDGING", ("somewhat_judging",))
    before = versions.code_version.__wrapped__()
    assert list(judging_files())[-1] == "somewhat_judging/below/rule.py"
    (package / "below" / "rule.py").write_text("LIMIT = 1")
    assert versions.code_version.__wrapped__() != before
    del sys.modules["somewhat_judging"]
