"""deploy/README.md: each block of commands says which test runs its steps, and that test is there."""

import re

import pytest
from tests.support.running.session_folder import ROOT

PAGE = (ROOT / "deploy/README.md").read_text(encoding="utf-8")
OPERATING, DEVELOPING = PAGE.split("## On a developer's machine")


BLOCKS = [part.split("```\n", 1) for part in OPERATING.split("```sh\n")[1:]]


@pytest.mark.parametrize(("commands", "behind"), BLOCKS)
def test_every_block_of_commands_is_run_by_a_test_or_says_why_not(commands: str, behind: str) -> None:
    assert re.fullmatch(r"<!-- (not run: .+|tests/.+) -->", behind.splitlines()[0]), commands


def test_the_tests_that_it_names_are_there() -> None:
    named = re.findall(r"(tests/[\w/]+\.py)(?:::(\w+))?", OPERATING)
    assert len(named) > 8
    for place, name in named:
        assert re.search(rf"^(async )?def {name}\b" if name else "", (ROOT / place).read_text(), re.MULTILINE), name
