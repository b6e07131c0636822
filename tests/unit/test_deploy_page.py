"""deploy/README.md: each block of commands is run by a test as it stands, or needs what is not to be had here."""

import re

import pytest
from tests.support.inputs.operators_page import OPERATING, Block, blocks
from tests.support.running.session_folder import ROOT

#: What a test has neither a machine nor a cluster for.
NOT_TO_BE_HAD = {
    "no container engine": {"docker"},
    "no cluster": {"kubectl"},
    "no systemd": {"useradd", "install", "systemctl"},
}
BLOCKS = blocks()


def programs(block: Block) -> set[str]:
    lines = block.commands.replace("\\\n", " ").splitlines()
    return {line.split()[0] for line in lines}


@pytest.mark.parametrize("block", [each for each in BLOCKS if each.lack], ids=lambda each: each.lack.partition(".")[0])
def test_what_is_not_run_is_nothing_but_what_is_not_to_be_had(block: Block) -> None:
    assert programs(block) <= NOT_TO_BE_HAD[block.lack.partition(".")[0]]


@pytest.mark.parametrize("block", [each for each in BLOCKS if each.test], ids=lambda each: each.commands.split("\n")[0])
def test_what_can_be_run_is_run_as_it_stands(block: Block) -> None:
    assert programs(block).isdisjoint(set().union(*NOT_TO_BE_HAD.values()))
    place, _, name = block.test.partition("::")
    text = (ROOT / place).read_text()
    assert re.search(rf"^(async )?def {name}\b", text, re.MULTILINE)
    begins = [each for each in re.findall(r'run_block\(\s*"([^"]+)"', text) if block.commands.startswith(each)]
    assert len(begins) == 1, f"{place} does not run\n{block.commands}"


def test_most_of_it_is_run() -> None:
    assert len([each for each in BLOCKS if each.test]) > len([each for each in BLOCKS if each.lack]) == 3


def test_the_tests_that_it_names_are_there() -> None:
    named = re.findall(r"(tests/[\w/]+\.py)(?:::(\w+))?", OPERATING)
    assert len(named) > 8
    for place, name in named:
        assert re.search(rf"^(async )?def {name}\b" if name else "", (ROOT / place).read_text(), re.MULTILINE), name
