"""The README's examples: found in its text, run in a shell at a terminal, and compared with what is printed there."""

import os
import pty
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

#: What is another with each run: instants, and positions in the log. Whatever else changes is a changed answer.
_INSTANT: Final = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"
_POSITION: Final = r"(?<![\w.:-])\d{1,2}:\d{1,4}\b"
_VOLATILE: Final = re.compile(f"(?P<instant>{_INSTANT})|(?P<position>{_POSITION})")
_WORD: Final = re.compile(r"…|\s+|" + _VOLATILE.pattern)
#: Colours, and the links that curl makes of addresses at a terminal.
_ESCAPES: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\]8;;.*?\x1b\\")
_COMMAND: Final = re.compile(r"^\$ (?P<command>.*(?:\n> .*)*)\n?(?P<answer>(?:(?!\$ ).*\n)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Example:
    """A command of the README, and the answer that is printed below it."""

    line: int
    command: str
    answer: str


def read_examples(text: str) -> Iterator[Example]:
    """The examples of all ```console blocks, in their order; `> ` goes on with a command."""
    for block in re.finditer(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        for found in _COMMAND.finditer(text, *block.span(1)):
            line = text.count("\n", 0, found.start()) + 1
            yield Example(line, found["command"].replace("\n> ", "\n"), found["answer"])


@dataclass(slots=True)
class Reader:
    """Somebody who follows the README with ports, instants and positions of their own."""

    environment: Mapping[str, str]
    ports: Mapping[str, str]
    own: dict[str, str] = field(default_factory=dict)

    def follow(self, example: Example) -> None:
        """Run an example; raises AssertionError if the answer is not the printed one."""
        command = _VOLATILE.sub(lambda found: self.own.get(found[0], found[0]), example.command)
        for printed, actual in self.ports.items():
            command = command.replace(f":{printed}", f":{actual}")
        output = run_at_terminal(command, self.environment)
        for printed, actual in self.ports.items():
            output = output.replace(f":{actual}", f":{printed}")
        names: dict[str, str] = {}
        match = re.fullmatch(self._pattern(example.answer, names), output.strip(), re.DOTALL)
        assert match, f"README.md:{example.line}\n$ {command}\n{output}\n--- and not\n{example.answer}"
        self.own |= {printed: match[name] for printed, name in names.items()}

    def _pattern(self, answer: str, names: dict[str, str]) -> str:
        """A pattern of an answer. `…` stands for anything, white space for any or none of it (answers are folded).

        Something volatile stands for the reader's own, and for the same one wherever it comes up again.
        """
        parts, end = [], 0
        for found in _WORD.finditer(answer.strip()):
            parts.append(re.escape(answer.strip()[end : found.start()]))
            end = found.end()
            printed = found[0]
            if printed == "…":
                parts.append(".*?")
            elif printed.isspace():
                parts.append(r"\s*")
            elif printed in self.own:
                parts.append(re.escape(self.own[printed]))
            elif printed in names:
                parts.append(f"(?P={names[printed]})")
            else:
                names[printed] = f"own{len(names)}"
                parts.append(f"(?P<{names[printed]}>{_INSTANT if found['instant'] else _POSITION})")
        return "".join([*parts, re.escape(answer.strip()[end:])])


def run_at_terminal(command: str, environment: Mapping[str, str], timeout: float = 60) -> str:
    """What a terminal of 100 columns shows of a command: what it complains of, then what it says; without colours."""
    ours, theirs = pty.openpty()
    with tempfile.TemporaryFile() as complaints:
        try:
            child = subprocess.Popen(
                ["bash", "-c", command],
                env={**environment, "COLUMNS": "100", "TERM": "xterm"},
                cwd=Path(__file__).parents[2],
                stdin=subprocess.DEVNULL,
                stdout=theirs,
                stderr=complaints,
            )
        finally:
            os.close(theirs)
        try:
            said = _read(ours)
            child.wait(timeout)
        finally:
            os.close(ours)
            child.kill()
            child.wait()
        complaints.seek(0)
        text = (complaints.read() + said).decode().replace("\r\n", "\n").replace("\r", "")
    return _ESCAPES.sub("", text)


def _read(terminal: int) -> bytes:
    """All that comes until nobody writes any more, which is an error in Linux."""
    parts = []
    while True:
        try:
            part = os.read(terminal, 65_536)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    return b"".join(parts)
