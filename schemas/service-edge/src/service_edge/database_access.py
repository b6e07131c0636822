"""Where PostgreSQL is, as whom, and how it is known to be the right one: a URL, which is a secret."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs, urlsplit

from service_edge.secret_files import SettingError, read_file, read_secret

_NAME: Final = "DATABASE_URL"
_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_FILES: Final = ("sslrootcert", "sslcert", "sslkey")
_PORT: Final = 5432
_BETWEEN: Final = re.compile(r"[\s,]+")
_EXPECTED: Final = "expected postgresql://user:password@host:port/database?sslmode=verify-full&sslrootcert=FILE"


def read_database_url(environment: Mapping[str, str]) -> str | None:
    """What DATABASE_URL says, or the file that DATABASE_URL_FILE names; None where neither is set.

    Raises SettingError, which tells nothing of the URL but which of its parameters is wrong.
    """
    url = read_secret(environment, _NAME)
    if url is not None:
        _require_readable(_NAME, url)
    return url


def read_replica_urls(environment: Mapping[str, str], name: str, primary: str) -> tuple[str, ...]:
    """What a variable, or its file, says of replicas of the primary: one URL or several, with commas or space between.

    Raises SettingError as `read_database_url` does, and for the primary's own URL.
    """
    urls = tuple(filter(None, _BETWEEN.split(read_secret(environment, name) or "")))
    for url in urls:
        _require_readable(name, url)
        if _place(url) == _place(primary):
            raise SettingError(
                f"{name} names the server and the database of {_NAME}: name a replica of it, or leave {name} out"
            )
    if len({_place(url) for url in urls}) < len(urls):
        raise SettingError(f"{name} names one server twice: name each once")
    return urls


def _place(url: str) -> tuple[str | None, int, str]:
    parts = urlsplit(url)
    return parts.hostname, parts.port or _PORT, parts.path


def _require_readable(name: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  (it is read when it is asked for)
    except ValueError:
        raise SettingError(f"{name} cannot be read: {_EXPECTED}, with %23 for # and the like in the password") from None
    if parts.scheme not in {"postgresql", "postgres"}:
        raise SettingError(f"{name} names no PostgreSQL: {_EXPECTED}")
    given = {parameter: values[-1] for parameter, values in parse_qs(parts.query).items()}
    mode = given.get("sslmode", "prefer")
    if mode not in _MODES:
        raise SettingError(f"sslmode={mode} of {name}: write one of {', '.join(_MODES)}")
    for parameter in _FILES:
        if parameter in given:
            read_file(f"{parameter} of {name}", given[parameter])
    if mode.startswith("verify-") and "sslrootcert" not in given:
        raise SettingError(
            f"sslmode={mode} of {name} needs sslrootcert, the file with the certificate of the authority that the "
            "server's is of"
        )
