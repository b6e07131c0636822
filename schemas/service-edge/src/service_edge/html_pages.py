"""A plain page for people: it needs nothing from elsewhere, and reads without a script."""

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from html import escape
from typing import Final

from fastapi.responses import HTMLResponse, Response

_STYLE: Final = """
:root { color-scheme: light dark; --paper: light-dark(#faf8f2, #14181b); --ink: light-dark(#1d2326, #eae7de);
  --line: light-dark(#dedacf, #2b3134); --quiet: light-dark(#5b6164, #a3a8a8); --link: light-dark(#1f4f86, #8db9ea);
  --serif: Charter, "Bitstream Charter", "Iowan Old Style", "Source Serif 4", Cambria, Georgia, serif }
body { background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto;
  max-width: 60rem; overflow-wrap: anywhere; padding: 0 1rem }
a { color: var(--link) } h1 { font: 700 2.25rem/1.15 var(--serif) }
h2 { font: 600 1.25rem/1.3 var(--serif); margin-top: 2.5rem } h3 { color: var(--quiet); font: inherit }
code, pre { font: 0.875em/1.45 ui-monospace, monospace }
pre { border: 1px solid var(--line); border-radius: 4px; overflow: auto; padding: 0.75rem 1rem }
table { border-collapse: collapse; width: 100% }
td, th { border-bottom: 1px solid var(--line); padding: 0.3rem 0.75rem 0.3rem 0; text-align: left; vertical-align: top }
th { color: var(--quiet); font-weight: 500 }
details { border-top: 1px solid var(--line) } details > :not(summary) { margin-left: 1rem }
summary { cursor: pointer; padding: 0.6rem 0 } summary b { display: inline-block; min-width: 4rem }
"""
_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class HtmlPage(HTMLResponse):
    """An HTML page; `title` is plain text, `body` is markup. Nothing in it runs."""

    def __init__(self, title: str = "", body: str = "") -> None:
        super().__init__(
            "<!doctype html><html lang=en><meta charset=utf-8>"
            "<meta name=viewport content='width=device-width, initial-scale=1'>"
            f"<title>{escaped(title)}</title><style>{_STYLE}</style><main>{body}</main></html>",
            headers={"content-security-policy": _POLICY},
        )


#: Makes a page of a title and of markup: a service may have a dress of its own.
PageMaker = Callable[[str, str], Response]


def escaped(text: object) -> str:
    """Text as markup."""
    return escape(str(text))


def prose(text: str) -> str:
    """Text as markup, in which `words between backticks` are code."""
    parts = escaped(text).split("`")
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))
