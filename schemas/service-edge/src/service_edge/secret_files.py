"""Secrets from the environment, or from a file that it names: `DATABASE_URL`, or `DATABASE_URL_FILE`.

No message of these errors holds any of a secret.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

_MOST_BYTES: Final = 64 * 1024


class SettingError(ValueError):
    """A variable of the environment cannot be; the message names it, and says what to do."""


def read_secret(environment: Mapping[str, str], name: str) -> str | None:
    """The secret that a variable holds, or the file that the variable with `_FILE` behind its name names; else None.

    A line end at the end of the file is not part of it. Raises SettingError where both are set, and for a file that
    cannot be read or is empty.
    """
    given, path = environment.get(name, "").strip(), environment.get(f"{name}_FILE", "").strip()
    if given and path:
        raise SettingError(f"{name} and {name}_FILE are both set: take one away")
    return read_file(f"{name}_FILE", path).strip() if path else given or None


def read_file(variable: str, path: str) -> str:
    """The text of a file that a variable names; raises SettingError where it cannot be read, or is empty."""
    try:
        with Path(path).open("rb") as file:
            text = file.read(_MOST_BYTES + 1).decode()
    except OSError as error:
        raise SettingError(
            f"{variable}={path} cannot be read ({error.strerror}): name a file that this user may read"
        ) from error
    except UnicodeDecodeError:
        raise SettingError(f"{variable}={path} is not text: expected UTF-8") from None
    if len(text) > _MOST_BYTES:
        raise SettingError(f"{variable}={path} has more than {_MOST_BYTES // 1024} KiB: it cannot be the right file")
    if not text.strip():
        raise SettingError(f"{variable}={path} is empty: write into it what it is to hold")
    return text
