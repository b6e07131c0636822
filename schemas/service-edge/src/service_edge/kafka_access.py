"""How Kafka is reached: at which brokers, in which way, and as whom. Every client that is made takes it from here."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast, get_args

from aiokafka.errors import KafkaConnectionError

from service_edge.secret_files import SettingError, read_secret
from service_edge.tls import require_certificate, trusting

Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
DEFAULT_SERVERS: Final = "127.0.0.1:9092"
_PROTOCOL: Final = "KAFKA_SECURITY_PROTOCOL"
_MECHANISM: Final = "KAFKA_SASL_MECHANISM"
_CA: Final = "KAFKA_CA_FILE"
_OWN: Final = ("KAFKA_CERTIFICATE", "KAFKA_KEY")
#: The variables that say how a Kafka is spoken to, and mean nothing without one.
VARIABLES: Final = (_PROTOCOL, _MECHANISM, "KAFKA_USERNAME", "KAFKA_PASSWORD", "KAFKA_PASSWORD_FILE", _CA, *_OWN)


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """Brokers, and how they are spoken to: in the clear unless told otherwise."""

    bootstrap_servers: str
    protocol: Protocol = "PLAINTEXT"
    mechanism: Mechanism | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    certificate: str | None = None
    key: str | None = None

    def __str__(self) -> str:
        return self.bootstrap_servers

    def arguments(self) -> dict[str, Any]:
        """What any client of aiokafka is told. Certificates are read anew, so that one that was renewed is taken.

        Raises KafkaConnectionError where they cannot be read any more: Kafka is out of reach until they can.
        """
        arguments: dict[str, Any] = {"bootstrap_servers": self.bootstrap_servers, "security_protocol": self.protocol}
        if self.mechanism is not None:
            arguments |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        if self.protocol.endswith("SSL"):
            try:
                arguments["ssl_context"] = self.context()
            except SettingError as error:
                raise KafkaConnectionError(str(error)) from error
        return arguments

    def variables(self) -> dict[str, str]:
        """The environment from which the same is read again."""
        given = {
            "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap_servers,
            _PROTOCOL: self.protocol,
            _MECHANISM: self.mechanism,
            "KAFKA_USERNAME": self.username,
            "KAFKA_PASSWORD": self.password,
            _CA: self.ca_file,
            **dict(zip(_OWN, (self.certificate, self.key), strict=True)),
        }
        return {name: text for name, text in given.items() if text is not None}

    def context(self) -> ssl.SSLContext:
        """Whom we trust and what we show; raises SettingError for files that cannot be."""
        context = trusting(_CA, self.ca_file)
        if self.certificate is not None and self.key is not None:
            require_certificate(context, _OWN, self.certificate, self.key)
        return context


def read_kafka_access(environment: Mapping[str, str]) -> KafkaAccess:
    """The access that the environment describes; raises SettingError for what cannot be, or would not be used."""
    given = {name: text for name in VARIABLES if (text := environment.get(name, "").strip())}
    protocol = given.get(_PROTOCOL, "PLAINTEXT")
    if protocol not in get_args(Protocol):
        raise SettingError(f"{_PROTOCOL}={protocol}: write one of {', '.join(get_args(Protocol))}")
    sasl, tls = protocol.startswith("SASL_"), protocol.endswith("SSL")
    _require_used(given, protocol, sasl=sasl, tls=tls)
    password = read_secret(environment, "KAFKA_PASSWORD")
    if sasl:
        _require_user(given, protocol, password)
    if len(named := [name for name in _OWN if name in given]) == 1:
        raise SettingError(f"{named[0]} is set alone: a certificate is shown with its key, so set {' and '.join(_OWN)}")
    access = KafkaAccess(
        bootstrap_servers=environment.get("KAFKA_BOOTSTRAP_SERVERS", "").strip() or DEFAULT_SERVERS,
        protocol=cast(Protocol, protocol),
        mechanism=cast("Mechanism | None", given.get(_MECHANISM)),
        username=given.get("KAFKA_USERNAME"),
        password=password,
        ca_file=given.get(_CA),
        certificate=given.get(_OWN[0]),
        key=given.get(_OWN[1]),
    )
    if tls:
        access.context()  # what is wrong with its files is told now, and not when they are first needed
    return access


def _require_used(given: Mapping[str, str], protocol: str, *, sasl: bool, tls: bool) -> None:
    """Whoever names a password or a certificate believes that it is asked for: to go on without would deceive them."""
    for name in given:
        if name in {_CA, *_OWN} and not tls:
            raise SettingError(
                f"{name} is set, and {_PROTOCOL}={protocol} uses no certificates: write SASL_SSL or SSL, or unset it"
            )
        if name.startswith((_MECHANISM, "KAFKA_USERNAME", "KAFKA_PASSWORD")) and not sasl:
            raise SettingError(f"{name} is set, and {_PROTOCOL}={protocol} names no user: write SASL_SSL, or unset it")


def _require_user(given: Mapping[str, str], protocol: str, password: str | None) -> None:
    mechanisms = get_args(Mechanism)
    if (mechanism := given.get(_MECHANISM)) not in mechanisms:
        raise SettingError(
            f"{_PROTOCOL}={protocol} needs {_MECHANISM}, which is {mechanism or 'not set'}: write one of "
            f"{', '.join(mechanisms)}"
        )
    if "KAFKA_USERNAME" not in given:
        raise SettingError(f"{_PROTOCOL}={protocol} needs KAFKA_USERNAME")
    if password is None:
        raise SettingError(f"{_PROTOCOL}={protocol} needs KAFKA_PASSWORD, or the file that KAFKA_PASSWORD_FILE names")
