"""A plain page for people: it needs nothing from elsewhere, and reads without a script."""

from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import Final

from fastapi.responses import HTMLResponse

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --quiet: light-dark(#595959, #a8a8a8);
  --link: light-dark(#0b57d0, #8ab4f8) }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
a { color: var(--link) } h1 { line-height: 1.2 } h2 { margin-top: 2.5rem }
code, pre { font: 0.875em/1.45 ui-monospace, monospace }
pre { background: #8881; border-radius: 6px; overflow: auto; padding: 0.75rem 1rem }
table { border-collapse: collapse; width: 100% }
td, th { border-bottom: 1px solid var(--line); padding: 0.3rem 0.75rem 0.3rem 0; text-align: left; vertical-align: top }
th { color: var(--quiet); font-weight: 500 }
details { border: 1px solid var(--line); border-radius: 6px; margin: 0.5rem 0; padding: 0 1rem }
details details { border-width: 0 0 1px; border-radius: 0; padding: 0 }
summary { cursor: pointer; padding: 0.6rem 0 } summary b { display: inline-block; min-width: 4rem }
"""
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


class HtmlPage(HTMLResponse):
    """An HTML page; `title` is plain text, `body` is markup.

    A `script` runs once the body is there, may ask this service, and is the only one that does: its digest is named.
    """

    def __init__(
        self, title: str = "", body: str = "", status_code: int = 200, *, style: str = "", script: str = ""
    ) -> None:
        policy = _POLICY
        if script:
            digest = b64encode(sha256(script.encode()).digest()).decode()
            policy += f"; script-src 'sha256-{digest}'; connect-src 'self'"
            script = f"<script type=module>{script}</script>"
        super().__init__(
            "<!doctype html><html lang=en><meta charset=utf-8>"
            "<meta name=viewport content='width=device-width, initial-scale=1'>"
            f"<title>{escaped(title)}</title><style>{_STYLE}{style}</style><main>{body}</main>{script}</html>",
            status_code,
            headers={"content-security-policy": policy},
        )


def escaped(text: object) -> str:
    """Text as markup."""
    return escape(str(text))


def prose(text: str) -> str:
    """Text as markup, in which `words between backticks` are code."""
    parts = escaped(text).split("`")
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))
