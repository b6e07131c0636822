"""Where PostgreSQL is, as whom, and how it is known to be the right one: a URL, which is a secret."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs, urlsplit

from service_edge.secret_files import SettingError, read_file, read_secret

_NAME: Final = "DATABASE_URL"
_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_FILES: Final = ("sslrootcert", "sslcert", "sslkey")
_EXPECTED: Final = "expected postgresql://user:password@host:port/database?sslmode=verify-full&sslrootcert=FILE"


def read_database_url(environment: Mapping[str, str]) -> str | None:
    """What DATABASE_URL says, or the file that DATABASE_URL_FILE names; None where neither is set.

    Raises SettingError, which tells nothing of the URL but which of its parameters is wrong.
    """
    url = read_secret(environment, _NAME)
    if url is not None:
        _require_readable(url)
    return url


def _require_readable(url: str) -> None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  (it is read when it is asked for)
    except ValueError:
        raise SettingError(
            f"{_NAME} cannot be read: {_EXPECTED}, with %23 for # and the like in the password"
        ) from None
    if parts.scheme not in {"postgresql", "postgres"}:
        raise SettingError(f"{_NAME} names no PostgreSQL: {_EXPECTED}")
    given = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    mode = given.get("sslmode", "prefer")
    if mode not in _MODES:
        raise SettingError(f"sslmode={mode} of {_NAME}: write one of {', '.join(_MODES)}")
    for name in _FILES:
        if name in given:
            read_file(f"{name} of {_NAME}", given[name])
    if mode.startswith("verify-") and "sslrootcert" not in given:
        raise SettingError(
            f"sslmode={mode} of {_NAME} needs sslrootcert, the file with the certificate of the authority that the "
            "server's is of"
        )
