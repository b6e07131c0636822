"""A progress bar with rate and time left, if somebody looks at a terminal."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        """How many parts a second."""
        return Text(f"{task.speed:,.0f} {task.fields['unit']}/s" if task.speed else "")


class Looking:
    """What an import tells of its progress, shown."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), _Rate(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def begin(self, words: str, total: int, unit: str) -> None:
        """Show something of so many parts from its start; 0: nobody knows how many."""
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(words, total=total or None, unit=unit)

    def advance(self, parts: int) -> None:
        """Show that so many parts more are done."""
        if self._task is not None:
            self._bar.advance(self._task, parts)
