"""How Kafka is spoken to, as the environment says; whatever would not be used, or cannot be, is refused by name."""

from pathlib import Path

import pytest
from aiokafka.errors import KafkaConnectionError
from tests.support.running.certificates import Authority

from service_edge.kafka_access import KafkaAccess, read_kafka_access
from service_edge.secret_files import SettingError, read_secret

WHO = {
    "KAFKA_BOOTSTRAP_SERVERS": "a:1,b:2",
    "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
    "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
    "KAFKA_USERNAME": "alice",
    "KAFKA_PASSWORD": "hush",
}


def test_without_more_kafka_is_spoken_to_in_the_clear() -> None:
    access = read_kafka_access({})
    assert access.arguments() == {"bootstrap_servers": "127.0.0.1:9092", "security_protocol": "PLAINTEXT"}


def test_a_user_is_named_and_the_password_is_never_shown() -> None:
    access = read_kafka_access(WHO)
    assert access.arguments() == {
        "bootstrap_servers": "a:1,b:2",
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "alice",
        "sasl_plain_password": "hush",
    }
    assert "hush" not in f"{access} {access!r}"
    assert read_kafka_access(access.variables()) == access


def test_a_password_may_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("hush\n")
    told = {**WHO, "KAFKA_PASSWORD": "", "KAFKA_PASSWORD_FILE": str(file)}
    assert read_kafka_access(told) == read_kafka_access(WHO)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (
            {"KAFKA_SECURITY_PROTOCOL": "TLS"},
            "KAFKA_SECURITY_PROTOCOL=TLS: write one of PLAINTEXT, SSL, SASL_PLAINTEXT",
        ),
        ({"KAFKA_PASSWORD": "hush"}, "KAFKA_PASSWORD is set, and KAFKA_SECURITY_PROTOCOL=PLAINTEXT names no user"),
        ({"KAFKA_CA_FILE": "/ca"}, "KAFKA_CA_FILE is set, and KAFKA_SECURITY_PROTOCOL=PLAINTEXT uses no certificates"),
        ({**WHO, "KAFKA_SASL_MECHANISM": ""}, "needs KAFKA_SASL_MECHANISM, which is not set: write one of PLAIN"),
        ({**WHO, "KAFKA_SASL_MECHANISM": "GSSAPI"}, "needs KAFKA_SASL_MECHANISM, which is GSSAPI: write one of"),
        ({**WHO, "KAFKA_USERNAME": " "}, "needs KAFKA_USERNAME"),
        ({**WHO, "KAFKA_PASSWORD": ""}, "needs KAFKA_PASSWORD, or the file that KAFKA_PASSWORD_FILE names"),
        ({**WHO, "KAFKA_PASSWORD_FILE": "/f"}, "KAFKA_PASSWORD and KAFKA_PASSWORD_FILE are both set: take one away"),
        ({"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_KEY": "/key"}, "KAFKA_KEY is set alone"),
        ({"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_CA_FILE": "/ca"}, "KAFKA_CA_FILE=/ca cannot be read (No such file"),
    ],
)
def test_what_cannot_be_is_refused_by_name(told: dict[str, str], words: str) -> None:
    with pytest.raises(SettingError) as refused:
        read_kafka_access(told)
    assert words in str(refused.value)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is empty"), (b" \n", "is empty"), (b"\xff", "is not text"), (b"x" * 70_000, "more than 64 KiB")],
)
def test_a_secrets_file_that_cannot_be_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content)
    with pytest.raises(SettingError, match=f"SECRET_FILE={file} .*{words}"):
        read_secret({"SECRET_FILE": str(file)}, "SECRET")


def test_a_secrets_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=f"SECRET_FILE={tmp_path} cannot be read"):
        read_secret({"SECRET_FILE": str(tmp_path)}, "SECRET")


def test_certificates_that_cannot_be_are_refused_by_name(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    good, other = authority.issue("good"), authority.issue("other")
    old = authority.issue("old", expired=True)
    tls = {"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_CA_FILE": str(authority.file)}
    for certificate, key, words in (
        (good.certificate, other.key, f"KAFKA_KEY={other.key} is not the key of KAFKA_CERTIFICATE"),
        (good.key, good.key, f"KAFKA_CERTIFICATE={good.key} holds no certificate"),
        (old.certificate, old.key, f"KAFKA_CERTIFICATE={old.certificate} has expired on "),
        (tmp_path / "no", good.key, "cannot be read"),
    ):
        with pytest.raises(SettingError, match=words):
            read_kafka_access({**tls, "KAFKA_CERTIFICATE": str(certificate), "KAFKA_KEY": str(key)})
    with pytest.raises(SettingError, match="holds no certificate of an authority"):
        read_kafka_access({**tls, "KAFKA_CA_FILE": str(good.key)})
    assert read_kafka_access({**tls, "KAFKA_CERTIFICATE": str(good.certificate), "KAFKA_KEY": str(good.key)})


def test_a_certificate_that_is_gone_by_now_leaves_kafka_out_of_reach(tmp_path: Path) -> None:
    access = KafkaAccess("a:1", "SSL", ca_file=str(tmp_path / "gone"))
    with pytest.raises(KafkaConnectionError, match=r"KAFKA_CA_FILE=.* cannot be read"):
        access.arguments()
