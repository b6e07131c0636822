"""The settings of access, which both services have, and the gate that they make."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings

from service_edge.access.roles import NO_ROLE, Roles
from service_edge.hosts import is_loopback
from service_edge.settings import Names, Origin

if TYPE_CHECKING:
    from service_edge.access.gate import Gate
    from service_edge.access.rates import Buckets

PerMinute = Annotated[int, Field(ge=1, le=1_000_000_000)]
_WEB: Final = ("https", "http")


def _issuer(address: str) -> str:
    parts = urlsplit(address)
    if address and (parts.scheme not in _WEB or not parts.hostname or parts.query or parts.fragment):
        raise ValueError("is not an issuer: write its address, such as https://issuer.example")
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ValueError("whoever is on the way could change the keys: an issuer that is elsewhere needs https")
    return address


class AccessSettings(BaseSettings):
    """Who may do what: token files (several with commas in between), an OIDC issuer, and rates.

    With neither files nor an issuer everybody may do everything, and the process listens on loopback only.
    """

    tokens_file: Names = ()
    oidc_issuer: Annotated[str, AfterValidator(_issuer)] = ""
    oidc_audience: Annotated[str, Field(validate_default=True)] = ""
    oidc_roles_claim: Annotated[str, Field(min_length=1)] = "roles"
    oidc_name_claim: Annotated[str, Field(min_length=1)] = "sub"
    oidc_keys_origin: Origin | None = None  # where the issuer's keys are, if that is not its own origin
    requests_per_minute: PerMinute | None = None

    @field_validator("oidc_audience")
    @classmethod
    def _require_audience(cls, audience: str, info: ValidationInfo) -> str:
        if info.data.get("oidc_issuer") and not audience:
            raise ValueError("an issuer makes JWTs for others, too: name the audience that is this service")
        return audience


def open_gate(
    settings: AccessSettings, everybody: Roles = NO_ROLE, make_buckets: "Callable[[], Buckets] | None" = None
) -> "Gate":
    """The gate by these settings; raises TokenFileError. Close it when done. `make_buckets`: where rates count."""
    # What answers nobody from outside, such as a replayer's workers, has settings and no gate, which is a lot to load.
    from service_edge.access.gate import Credentials, Gate
    from service_edge.access.issuer import Claims, Issuer
    from service_edge.access.keys import IssuerKeys
    from service_edge.access.rates import OwnBuckets
    from service_edge.access.token_files import TokenFiles

    make_buckets = make_buckets or OwnBuckets
    files = TokenFiles(map(Path, settings.tokens_file)) if settings.tokens_file else None
    issuer = None
    if settings.oidc_issuer:
        claims = Claims(
            settings.oidc_issuer, settings.oidc_audience, settings.oidc_roles_claim, settings.oidc_name_claim
        )
        issuer = Issuer(claims, IssuerKeys(settings.oidc_issuer, settings.oidc_keys_origin or ""))
    return Gate(Credentials(files, issuer), everybody, settings.requests_per_minute, make_buckets=make_buckets)
