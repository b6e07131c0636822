"""What the commands of both services have in common: settings, exit statuses, and how a problem reads at a terminal."""

from enum import IntEnum
from typing import Any, NoReturn, TypeVar

import httpx
import typer
from pydantic import ValidationError
from pydantic_settings import BaseSettings
from rich.console import Console
from rich.text import Text

from service_edge.secret_files import SettingError

Kind = TypeVar("Kind", bound=BaseSettings)


class ExitStatus(IntEnum):
    """Exit statuses of commands."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    OUT_OF_REACH = 3
    INTERRUPTED = 130  # as a shell says it


def leave(status: ExitStatus, words: str) -> NoReturn:
    """Say why on standard error, and end the command."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text(words, style="red"))
    raise typer.Exit(status)


def read_settings(kind: type[Kind]) -> Kind:
    """A process's settings; ends the command, naming the variable, where one cannot be."""
    try:
        return kind()
    except SettingError as error:
        leave_unset(error)
    except ValidationError as error:
        prefix = kind.model_config.get("env_prefix", "")
        wrong = "; ".join(
            f"{_variable(item['loc'][0], prefix)}={item['input']}: {item['msg']}" for item in error.errors()
        )
        leave(ExitStatus.USAGE, f"a setting cannot be: {wrong}")


def leave_unset(error: SettingError) -> NoReturn:
    """End a command for which a variable of the environment cannot be."""
    leave(ExitStatus.USAGE, f"a setting cannot be: {error}")


def _variable(field: int | str, prefix: str) -> str:
    return str(field) if str(field).isupper() else f"{prefix}{field}".upper()


def leave_out_of_reach(url: str, error: httpx.HTTPError) -> NoReturn:
    """End a command whose service does not answer."""
    reason = str(error) or type(error).__name__
    leave(ExitStatus.OUT_OF_REACH, f"{url} is out of reach ({reason}): start it with make up, or name it with --url")


def problem_text(problem: dict[str, Any]) -> str:
    """A problem in one line or more: what is wrong, and where."""
    lines = [str(problem.get("detail") or problem.get("title") or problem)]
    errors = problem.get("errors") or []
    if len(errors) > 1:
        lines = [f"{problem.get('title')}:", *(f"  {item['pointer']}: {item['detail']}" for item in errors)]
    return "\n".join(lines)
