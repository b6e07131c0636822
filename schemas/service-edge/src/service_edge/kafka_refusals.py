"""Why Kafka cannot be reached, and what to do: asked of a broker, since its client says only that it is away."""

import asyncio
import ssl
from typing import Any, Final

from aiokafka.conn import AIOKafkaConnection, collect_hosts
from aiokafka.errors import (
    AuthenticationFailedError,
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from service_edge.kafka_access import KafkaAccess
from service_edge.secret_files import SettingError
from service_edge.tls import explain_certificate

_SECONDS: Final = 5.0


async def why_unreachable(access: KafkaAccess) -> str:
    """What the first broker that answers at all has against us, in words; empty if nothing."""
    words = ""
    try:
        async with asyncio.timeout(_SECONDS):
            for host, port, _ in collect_hosts(access.bootstrap_servers, randomize=False):
                try:
                    await _ask(access, host, port)
                    return ""
                except (KafkaError, OSError, EOFError, ValueError) as error:
                    words = f"{host}:{port} {explain(error, access)}"
                    if not isinstance(error, ConnectionRefusedError):
                        return words
    except TimeoutError as error:
        words = f"{access} {explain(error, access)}"
    return words


def explain(error: BaseException, access: KafkaAccess) -> str:
    """An error of a connection in words that say what to set, as what a broker does."""
    cause = error.__cause__ or error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return explain_certificate(cause, "KAFKA_CA_FILE")
    if isinstance(cause, ssl.SSLError):
        return _explain_tls(cause)
    match error:
        case UnsupportedSaslMechanismError():
            return f"does not take KAFKA_SASL_MECHANISM={access.mechanism}: name one that it has"
        case AuthenticationFailedError() | SaslAuthenticationFailed() | IllegalSaslStateError():
            return _explain_refusal(access)
        case ConnectionRefusedError():
            return "refuses connections: is it started, and is this its port (KAFKA_BOOTSTRAP_SERVERS)?"
        case TimeoutError():
            return "does not answer: is it started, and does it speak so at this port (KAFKA_SECURITY_PROTOCOL)?"
        case KafkaConnectionError(__cause__=SettingError()):
            return f"was not asked: {error}"
        case KafkaConnectionError() | EOFError() | ConnectionResetError():
            return _explain_hanging_up(access)
    return f"cannot be spoken to: {error or type(error).__name__}"


def _explain_tls(error: ssl.SSLError) -> str:
    reason = error.reason or str(error)
    if "ALERT" in reason.upper():
        return (
            f"does not take our certificate ({reason}): name one that it trusts by KAFKA_CERTIFICATE, and its key by "
            "KAFKA_KEY"
        )
    return f"does not speak TLS at this port ({reason}): name another, or another KAFKA_SECURITY_PROTOCOL"


def _explain_refusal(access: KafkaAccess) -> str:
    if access.mechanism is None:
        return "asks who we are: set KAFKA_SECURITY_PROTOCOL to SASL_SSL or SASL_PLAINTEXT, and user and password"
    return f"does not take the user {access.username} with this password (KAFKA_USERNAME, KAFKA_PASSWORD)"


def _explain_hanging_up(access: KafkaAccess) -> str:
    asked = {
        "PLAINTEXT": "it may ask for TLS, or who we are",
        "SSL": "it may speak in the clear, or ask who we are, or for a certificate (KAFKA_CERTIFICATE, KAFKA_KEY)",
        "SASL_PLAINTEXT": "it may ask for TLS",
        "SASL_SSL": "it may speak in the clear, or ask for a certificate (KAFKA_CERTIFICATE, KAFKA_KEY)",
    }[access.protocol]
    return f"hangs up, though it can be reached: {asked}. KAFKA_SECURITY_PROTOCOL is {access.protocol}"


async def _ask(access: KafkaAccess, host: str, port: int) -> None:
    """Connect as clients do, and ask for something; raises what comes of it."""
    arguments: dict[str, Any] = access.arguments()
    del arguments["bootstrap_servers"]
    connection = AIOKafkaConnection(host, port, request_timeout_ms=int(_SECONDS * 1000), **arguments)
    try:
        await connection.connect()
        await connection.send(MetadataRequest([]))
    finally:
        connection.close()
