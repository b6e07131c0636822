"""The README holds: its examples are run as printed, in order, on a fresh stack, and answer what it says."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest
from tests.acceptance.readme_examples import Example, Reader, read_examples
from tests.support.running.session_folder import ROOT
from tests.support.running.stacks import Stack, new_stack
from tests.support.waiting import wait_until

from service_edge.access.roles import Role
from service_edge.access.tokens import Tokens

README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES: Final = list(read_examples(README))
_PORTS: Final = {
    "8001": "INGEST_PORT", "8002": "TIMELINE_PORT", "8003": "PROJECTOR_PORT", "8004": "REPLAYER_PORT",
    "9092": "KAFKA_PORT", "5433": "POSTGRES_PORT",
}  # fmt: skip


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A stack as the README's reader has it: fresh, with the samples."""
    with new_stack() as stack:
        yield stack


def reader_of(stack: Stack) -> Reader:
    """Somebody at a terminal beside the stack, with the commands on the path."""
    mine = {
        "INGEST_URL": stack.ingest_url,
        "TIMELINE_URL": stack.timeline_url,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    inherited = {name: value for name, value in stack.environment.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return Reader({**inherited, **mine}, {printed: stack.environment[name] for printed, name in _PORTS.items()})


async def test_every_example_answers_as_printed(stack: Stack) -> None:
    await stack.up()
    reader = reader_of(stack)
    async with httpx.AsyncClient(base_url=stack.timeline_url, timeout=10, trust_env=False) as client:

        async def projected() -> bool:
            return bool((await client.get("/v1/status")).json()["lag"] == 0)

        for example in EXAMPLES:
            await wait_until(projected)  # a reader takes a moment between one example and the next
            await asyncio.to_thread(reader.follow, example)


async def test_a_changed_answer_is_noticed(stack: Stack) -> None:
    await stack.up()
    reader = reader_of(stack)
    command = "echo at 9:12, by CHN, no. 7:1 and 7:1"
    reader.follow(Example(1, command, "at 3:4, by CHN,\n  no. 5:6 … 5:6\n"))
    assert reader.own == {"3:4": "9:12", "5:6": "7:1"}
    for changed in ("at 3:4, by IND, no. …", "at 3:4, by CHN, no. 3:4 and 5:6", "at 3:4, by CHN", "… and 5:6 or 3:4"):
        with pytest.raises(AssertionError, match=r"README\.md:1"):
            reader.follow(Example(1, command, changed))


def test_all_console_blocks_were_read() -> None:
    prompts = re.findall(r"^\$ ", README, re.MULTILINE)
    assert len(EXAMPLES) == len(prompts) > 15
    assert all(example.answer.strip() for example in EXAMPLES)


def test_the_commands_of_its_access_make_tokens_that_are_taken(tmp_path: Path) -> None:
    (section,) = re.findall(r"^## Access\n(.*?)^## ", README, re.MULTILINE | re.DOTALL)
    commands = re.findall(r"^    (ingest token .*)$", section, re.MULTILINE)
    assert len(commands) == 2
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    made = [
        subprocess.run(["bash", "-c", command], cwd=tmp_path, env={"PATH": path}, stdout=subprocess.PIPE, check=True)
        for command in commands
    ]
    held = Tokens((tmp_path / "tokens.jsonl").read_bytes())
    found = [held.find(each.stdout.decode().strip()) for each in made]
    assert [(each.name, {*each.roles}) for each in found if each is not None] == [
        ("ada", {Role.READ, Role.WRITE}),
        ("metrics", {Role.OPERATE}),
    ]


def test_every_file_that_it_links_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_target_of_make_that_it_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:`| {4})make ([a-z]+)\b", README)) <= targets
