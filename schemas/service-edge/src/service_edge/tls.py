"""Certificates: those that we show, read so that a wrong one is told at once, and those of others that we trust."""

import ssl
from datetime import UTC, datetime
from typing import Final

from service_edge.secret_files import SettingError, read_file

_EXPIRED: Final = {9, 10}  # OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and …_HAS_EXPIRED
_FOREIGN: Final = {62, 64}  # …_HOSTNAME_MISMATCH and …_IP_ADDRESS_MISMATCH


def require_certificate(context: ssl.SSLContext, names: tuple[str, str], certificate: str, key: str) -> None:
    """Have a context show a certificate from now on; what is connected already goes on with the one before.

    `names` are the variables that name its file and that of its key. Raises SettingError, with nothing changed, where
    a file cannot be read, holds something else, does not belong to the other, or has expired.
    """
    _require_valid(names[0], certificate, read_file(names[0], certificate))
    read_file(names[1], key)
    for loaded in (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), context):  # the first one, to try
        try:
            loaded.load_cert_chain(certificate, key, password=_no_password)
        except (ssl.SSLError, OSError, ValueError) as error:
            raise SettingError(
                f"{names[1]}={key} is not the key of {names[0]}={certificate} ({_reason(error)}): name the key in PEM, "
                "without a password, with which the certificate was made"
            ) from error


def trusting(variable: str, path: str | None) -> ssl.SSLContext:
    """A context for clients that trusts the authorities in a file, or the system's (`SSL_CERT_FILE` names others).

    Raises SettingError where the file holds none.
    """
    if path is None:
        return ssl.create_default_context()
    read_file(variable, path)
    try:
        return ssl.create_default_context(cafile=path)
    except ssl.SSLError as error:
        raise SettingError(
            f"{variable}={path} holds no certificate of an authority ({_reason(error)}): expected PEM"
        ) from error


def trust_of(url: str) -> ssl.SSLContext | bool:
    """Whom a client of HTTP trusts: nobody has to be for `http`, and to read the system's authorities takes a while."""
    return trusting("", None) if url.lower().startswith("https:") else False


def explain_certificate(error: ssl.SSLCertVerificationError, variable: str) -> str:
    """Why a server's certificate is not taken, in words that go on from its name; `variable` says whom we trust."""
    if error.verify_code in _EXPIRED:
        return f"shows a certificate that does not hold today ({error.verify_message}): renew it there"
    if error.verify_code in _FOREIGN:
        return f"shows a certificate that is for another host ({error.verify_message}): name the host as it does"
    return (
        f"shows a certificate of an authority that is not trusted ({error.verify_message}): name the authority's with "
        f"{variable}"
    )


def _require_valid(variable: str, path: str, text: str) -> None:
    from cryptography import x509

    try:
        certificate = x509.load_pem_x509_certificates(text.encode())[0]
    except ValueError as error:
        raise SettingError(f"{variable}={path} holds no certificate: expected PEM") from error
    now = datetime.now(UTC)
    if now > certificate.not_valid_after_utc:
        raise SettingError(
            f"{variable}={path} has expired on {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC: renew it"
        )
    if now < certificate.not_valid_before_utc:
        raise SettingError(
            f"{variable}={path} is not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC: wait, or "
            "set this machine's clock right"
        )


def _no_password() -> str:
    raise ValueError("it is encrypted")


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", None) or error)
