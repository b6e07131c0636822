"""The stack's own credential, where the services ask for one: a token in a file of its own, beside those of users."""

import os
from pathlib import Path
from typing import Final

from local_stack.settings import Settings
from service_edge.access.client_tokens import bearer
from service_edge.access.roles import Role
from service_edge.access.tokens import make_token, token_line

NAME: Final = "local-stack"
#: It looks how far the projection and its replays are, and loads the samples.
_ROLES: Final = (Role.READ, Role.WRITE, Role.AUDIT)
_MODE: Final = 0o600


def access_variables(settings: Settings, prefix: str) -> dict[str, str]:
    """What has a service take the stack's token beside the others; nothing where it asks for no credential."""
    named = os.environ.get(f"{prefix}TOKENS_FILE", "").split(",")
    files = [str(Path(name.strip()).absolute()) for name in named if name.strip()]  # a service has another folder
    if not files and not os.environ.get(f"{prefix}OIDC_ISSUER", "").strip():
        return {}
    return {f"{prefix}TOKENS_FILE": ",".join([*files, str(_make_once(settings))])}


def own_headers(settings: Settings) -> dict[str, str]:
    """What the stack's own requests carry."""
    try:
        return bearer(_token_file(settings).read_text())
    except FileNotFoundError:
        return {}


def _token_file(settings: Settings) -> Path:
    return settings.state_dir / "run" / "stack.token"


def _make_once(settings: Settings) -> Path:
    """The token file that holds the stack's token alone."""
    kept, told = settings.state_dir / "run" / "stack.tokens.jsonl", _token_file(settings)
    if not (kept.exists() and told.exists()):
        kept.parent.mkdir(parents=True, exist_ok=True)
        token = make_token()
        for file, content in ((told, token.encode()), (kept, token_line(NAME, token, _ROLES, None))):
            fresh = file.with_suffix(".new")
            fresh.unlink(missing_ok=True)
            fresh.touch(_MODE)
            fresh.write_bytes(content)
            fresh.replace(file)
    return kept
