"""The certificate that a service shows, renewed without dropping a connection."""

import ssl

import structlog

from service_edge.secret_files import SettingError
from service_edge.tls import require_certificate

_LOG = structlog.get_logger()


class ServerCertificate:
    """A certificate and its key, in files that are read when it is made, and again when it is to be renewed.

    `names` are the variables that name the files. Raises SettingError where they cannot be used.
    """

    def __init__(self, names: tuple[str, str], certificate: str, key: str) -> None:
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._files = (names, certificate, key)
        require_certificate(self.context, *self._files)

    def renew(self) -> None:
        """Show what the files hold now to whoever connects from now on; the one before where they cannot be used."""
        names, certificate, _ = self._files
        try:
            require_certificate(self.context, *self._files)
            _LOG.info("the certificate was read again", certificate=certificate)
        except SettingError as error:
            _LOG.error("the certificate stays as it was", variable=names[0], reason=str(error))


def server_certificate(prefix: str, certificate: str | None, key: str | None) -> ServerCertificate | None:
    """The certificate that a service's settings name, if any; raises SettingError where they cannot be."""
    names = (f"{prefix}TLS_CERTIFICATE", f"{prefix}TLS_KEY")
    if not certificate and not key:
        return None
    if not certificate or not key:
        raise SettingError(f"{names[0]} and {names[1]} go together: set both, or none")
    return ServerCertificate(names, certificate, key)
