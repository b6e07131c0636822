"""Signatures of records: what is signed, and how the header reads."""

import itertools
import re
from base64 import b64encode

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.support.running.session_folder import ROOT

from event_schemas.signatures import (
    SIGNATURE_HEADER,
    Headers,
    Signature,
    bytes_to_verify,
    key_id_of,
    read_signature,
    signed_bytes,
    write_signature,
)

KEY_ID = key_id_of(bytes(32))
GOOD = Signature(KEY_ID, bytes(range(64)))


def test_what_is_signed_is_a_known_answer() -> None:
    expected = b"dyadline record v1\0" + b"\0" * 7 + b"\3" + b"\0" * 7 + b"\2" + b"\0" * 7 + b"\1" + b"keyvat"
    assert signed_bytes(b"key", b"va", b"t") == expected


@given(st.lists(st.binary(max_size=4), min_size=6, max_size=6))
def test_no_two_records_have_the_same_bytes_to_sign(parts: list[bytes]) -> None:
    one, other = (parts[0], parts[1], parts[2]), (parts[3], parts[4], parts[5])
    assert (signed_bytes(*one) == signed_bytes(*other)) == (one == other)


def test_bytes_that_move_from_one_part_to_the_next_are_other_bytes_to_sign() -> None:
    text = b"abcdef"
    cuts = [(text[:i], text[i:j], text[j:]) for i, j in itertools.combinations_with_replacement(range(7), 2)]
    assert len({signed_bytes(*cut) for cut in cuts}) == len(cuts)


def test_a_header_is_read_as_it_was_written() -> None:
    name, value = write_signature(GOOD)
    assert (name, value) == (SIGNATURE_HEADER, f"ed25519:{KEY_ID}:".encode() + b64encode(GOOD.signature))
    assert read_signature([("content-type", b"x"), (name, value)]) == GOOD


def test_the_header_is_as_the_log_is_described() -> None:
    headers = yaml.safe_load((ROOT / "schemas" / "asyncapi.yaml").read_text())["components"]["schemas"]["headers"]
    assert re.fullmatch(headers["properties"][SIGNATURE_HEADER]["pattern"], write_signature(GOOD)[1].decode())


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(SIGNATURE_HEADER, None)],
        [(SIGNATURE_HEADER, b"")],
        [write_signature(GOOD), write_signature(GOOD)],
        [(SIGNATURE_HEADER, write_signature(GOOD)[1].replace(b"ed25519", b"ed448"))],
        [(SIGNATURE_HEADER, write_signature(GOOD)[1][:-4])],
        [(SIGNATURE_HEADER, write_signature(GOOD)[1] + b"\n")],
        [(SIGNATURE_HEADER, write_signature(GOOD)[1].replace(KEY_ID.encode(), b"short"))],
        [(SIGNATURE_HEADER, write_signature(GOOD)[1].replace(KEY_ID.encode(), b"\0" * 16))],
        [(SIGNATURE_HEADER, write_signature(GOOD)[1].replace(KEY_ID.encode(), KEY_ID.upper().encode()))],
        [(SIGNATURE_HEADER, b"\xff" * 100)],
        [(SIGNATURE_HEADER.upper(), write_signature(GOOD)[1])],
    ],
)
def test_what_is_no_single_signature_is_none(headers: Headers) -> None:
    assert read_signature(headers) is None


def test_of_a_repeated_content_type_the_one_counts_by_which_the_record_is_read() -> None:
    headers = [("content-type", b"first"), ("content-type", b"last")]
    assert bytes_to_verify(b"k", b"v", headers) == signed_bytes(b"k", b"v", b"last")
    assert bytes_to_verify(None, None, []) == signed_bytes(b"", b"", b"")
