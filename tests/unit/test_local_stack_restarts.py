from pathlib import Path

import pytest

from local_stack.restarts import (
    Restarts,
    is_well_again,
    pause_before,
    read_restarts,
    restarts_file,
    write_restarts,
)


def test_pauses_grow_to_a_limit() -> None:
    pauses = [pause_before(Restarts(pauses=number), 0.5) for number in (0, 1, 2, 3, 4, 5, 6, 7, 1_000)]
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_one_that_has_run_for_a_good_while_is_well_again() -> None:
    assert not is_well_again(59, 0.5)
    assert is_well_again(61, 0.5)


@pytest.mark.parametrize(
    ("restarts", "runs", "words"),
    [
        (Restarts(), True, ""),
        (Restarts(), False, ""),
        (
            Restarts(count=1, last="noon", why="killed by SIGKILL"),
            True,
            "restarted 1 time, last at noon: killed by SIGKILL",
        ),
        (Restarts(last="noon", why="killed by SIGKILL"), True, ""),
        (
            Restarts(last="noon", why="killed by SIGKILL"),
            False,
            "ended at noon, killed by SIGKILL: the supervisor starts it again",
        ),
        (
            Restarts(count=8, tries=8, last="noon", why="with exit status 1", given_up=True),
            False,
            "restarted 8 times, last at noon: with exit status 1; given up after 8 tries: make up tries anew",
        ),
        (
            Restarts(count=8, tries=8, last="noon", why="with exit status 1", given_up=True),
            True,
            "restarted 8 times, last at noon: with exit status 1",
        ),
    ],
)
def test_what_is_said_of_restarts(restarts: Restarts, runs: bool, words: str) -> None:
    assert restarts.words(runs) == words


def test_restarts_are_kept(tmp_path: Path) -> None:
    restarts_file(tmp_path).parent.mkdir()
    kept = {"kafka": Restarts(), "ingest": Restarts(3, 2, 3, "noon", "with exit status 1", True)}
    write_restarts(tmp_path, kept)
    assert read_restarts(tmp_path) == kept


@pytest.mark.parametrize("text", ["", "{", "[]", '{"kafka": {"unknown": 1}}', '{"kafka": 1}'])
def test_what_cannot_be_read_is_as_if_nothing_was_kept(tmp_path: Path, text: str) -> None:
    restarts_file(tmp_path).parent.mkdir()
    restarts_file(tmp_path).write_text(text)
    assert read_restarts(tmp_path) == {}
