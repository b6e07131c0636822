"""An authority of a test's own, and the certificates that it makes: good ones, and such as must not be taken."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

#: The names by which everything here is reached.
HERE: Final = ("localhost", "127.0.0.1")
_USAGES: Final = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files: a certificate, its key, and both in one, as Kafka has them."""

    certificate: Path
    key: Path
    both: Path


class Authority:
    """Makes certificates into a folder; `file` holds its own, which who trusts it has to know."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(f"Dyadline's tests: {name}")
        self.file = folder / f"{name}.pem"
        builder = _builder(self._name, self._name, self._key.public_key(), self._key.public_key(), _window())
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        made = (
            builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str, hosts: tuple[str, ...] = HERE, *, expired: bool = False) -> Certificate:
        """A certificate for hosts, and its key; under a name that was issued before it takes the place of that one."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(_named(name), self._name, key.public_key(), self._key.public_key(), _window(expired=expired))
        made = (
            builder.add_extension(x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False)
            .add_extension(_USAGES, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        files = Certificate(*(self._folder / f"{name}{end}" for end in (".crt", ".key", ".both")))
        written = made.public_bytes(serialization.Encoding.PEM)
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        for file, content in zip(
            (files.certificate, files.key, files.both), (written, secret, secret + written), strict=True
        ):
            file.write_bytes(content)
            file.chmod(0o600)
        return files


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuers_key: ec.EllipticCurvePublicKey,
    window: tuple[datetime, datetime],
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(window[0])
        .not_valid_after(window[1])
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuers_key), critical=False)
    )


def _window(*, expired: bool = False) -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    return now - timedelta(days=2), now + timedelta(days=-1 if expired else 2)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
