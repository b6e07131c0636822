"""Keys that ingest signs with: made, read, and refused."""

import json
import os
import subprocess
import sys
from base64 import b64decode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from event_schemas.records import CONTENT_TYPE, HEADERS
from event_schemas.signatures import bytes_to_verify, read_signature
from ingest_service.domain.signing import RecordSigner, leave_unsigned, new_private_key
from timeline_service.judge.trusted_keys import TrustedKeys


def ingest(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "ingest_service.cli", *words]
    told = {**os.environ, **environment}
    return subprocess.run(command, env=told, capture_output=True, text=True, check=False, timeout=60)


def pem_of(key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey, password: bytes | None = None) -> str:
    sealed = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealed).decode()


def test_a_signed_record_carries_its_content_type_and_a_signature_that_anybody_can_check() -> None:
    signer = RecordSigner(new_private_key())
    headers = signer.sign(b"key", b"value")
    assert headers[0] == ("content-type", CONTENT_TYPE)
    signed = read_signature(headers)
    assert signed is not None
    assert signed.key_id == signer.key_id
    public = Ed25519PublicKey.from_public_bytes(b64decode(signer.public_key))
    public.verify(signed.signature, bytes_to_verify(b"key", b"value", headers))


def test_without_a_key_headers_are_as_ever_and_cost_nothing() -> None:
    assert leave_unsigned(b"one", b"value") == list(HEADERS)
    assert leave_unsigned(b"one", b"value") is leave_unsigned(b"another", b"value")


def test_a_pair_of_keys_is_made_once_and_the_secret_is_the_owners(tmp_path: Path) -> None:
    file = tmp_path / "signing.pem"
    made = ingest("key", str(file), "--from", "2026-02-13T00:00:00+01:00")
    assert made.returncode == 0, made.stderr
    line = json.loads(made.stdout)
    assert line["from"] == "2026-02-12T23:00:00Z"
    assert line["key"] == RecordSigner(file.read_text()).public_key
    assert "PRIVATE" not in made.stdout + made.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    assert TrustedKeys(made.stdout).digest
    again = ingest("key", str(file))
    assert again.returncode == 1
    assert "is there already, and a key is not overwritten" in again.stderr
    assert "from" not in json.loads(ingest("key", str(tmp_path / "another.pem")).stdout)
    assert ingest("key", str(tmp_path / "no" / "folder.pem")).returncode == 1
    assert ingest("key", str(tmp_path / "third.pem"), "--from", "soon").returncode == 2
    assert not (tmp_path / "third.pem").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not a key", "it holds no private key in PEM: expected what `ingest key` makes"),
        (pem_of(ec.generate_private_key(ec.SECP256R1())), "its key is not one of Ed25519"),
        (pem_of(Ed25519PrivateKey.generate(), b"hush"), "it is encrypted"),
        ("", "is empty"),
    ],
    ids=["nothing", "another kind", "encrypted", "empty"],
)
def test_a_key_that_cannot_be_is_wrong_usage_and_never_told(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "signing.pem"
    file.write_text(text)
    done = ingest("serve", INGEST_SIGNING_KEY_FILE=str(file))
    assert done.returncode == 2
    said = " ".join(done.stderr.split())
    assert words in said
    assert "INGEST_SIGNING_KEY_FILE=" in said
    assert not any(line and line in done.stderr for line in text.splitlines()[1:-1])
    assert "Traceback" not in done.stderr
