"""Names and addresses of hosts: which are this machine's alone, and which a `Host` header names."""

import ipaddress
import re
from functools import lru_cache
from typing import Final

_HOST: Final = re.compile(r"(?:\[(?P<address>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(?::(?P<port>[0-9]{0,5}))?")
_LAST_PORT: Final = 65_535
_LONGEST_ADDRESS: Final = 64  # with a zone


def is_loopback(name: str) -> bool:
    """Whether a host name or address means this machine alone."""
    return name == "localhost" or (len(name) <= _LONGEST_ADDRESS and _is_loopback_address(name))


@lru_cache(256)
def _is_loopback_address(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def host_name(host: str) -> str:
    """The name or address in a `Host` header, in small letters; empty where it is none as RFC 9112 (3.2) has it."""
    read = _HOST.fullmatch(host)
    return (read["address"] or read["name"]) if read and int(read["port"] or 0) <= _LAST_PORT else ""
