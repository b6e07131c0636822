"""Which records are trusted: signed with a key of the file, while that is trusted, and as they are."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.inputs.log_writing import START, recording
from tests.support.inputs.signed_records import key_line, signed_headers, signer

from event_schemas.records import CONTENT_TYPE, encode_value
from event_schemas.signatures import SIGNATURE_HEADER
from timeline_service.code_version import code_version, judged_by, key_words, keys_of
from timeline_service.judge.batch import EventState, fold_batch
from timeline_service.judge.decoding import Headers, RawRecord, decode_record, decode_records
from timeline_service.judge.trusted_keys import TrustedKeys

OURS, THEIRS = signer(1), signer(2)
RECORD = recording("words")
KEY, VALUE = RECORD.event_id.encode(), encode_value(RECORD)
SIGNED = tuple(signed_headers(OURS, RECORD))
TRUSTED = TrustedKeys(key_line(OURS))
HOUR = timedelta(hours=1)


def raw(key: bytes | None = KEY, value: bytes | None = VALUE, headers: Headers = SIGNED) -> RawRecord:
    return RawRecord(0, 7, 1_700_000_000_000, key, value, headers)


def problem_of(record: RawRecord, trusted: TrustedKeys | None = TRUSTED, at: datetime = START) -> tuple[str, str]:
    """The problem with a record, and its words."""
    rejection = decode_record(record, at, lambda _: 0, trusted).rejection
    return (rejection.problem, rejection.detail) if rejection is not None else ("", "")


def test_a_signed_record_is_read_and_without_keys_anything_is() -> None:
    assert problem_of(raw()) == ("", "")
    assert problem_of(raw(headers=SIGNED[:1]), None) == ("", "")
    assert problem_of(raw(headers=(*SIGNED[:1], (SIGNATURE_HEADER, b"nonsense"))), None) == ("", "")


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (raw(headers=SIGNED[:1]), "it carries no signature"),
        (raw(headers=(*SIGNED, SIGNED[1])), "it carries no signature"),
        (raw(headers=tuple(signed_headers(THEIRS, RECORD))), f"the key {THEIRS.key_id}, which is not trusted"),
        (raw(value=VALUE.replace(b"words", b"lies!")), "its signature is not one that"),
        (raw(key=recording("another").event_id.encode()), "its signature is not one that"),
        (raw(headers=(("content-type", b"text/plain"), SIGNED[1])), "its signature is not one that"),
        (raw(value=None), "its signature is not one that"),
        (raw(value=b"\xff", headers=()), "it carries no signature"),
        (raw(value=VALUE.replace(b"recorded.v2", b"recorded.v9"), headers=SIGNED[:1]), "it carries no signature"),
    ],
)
def test_what_is_not_so_signed_is_rejected_before_it_is_read(record: RawRecord, words: str) -> None:
    problem, detail = problem_of(record)
    assert problem == "unsigned"
    assert words in detail


@given(st.one_of(st.binary(max_size=120), st.binary(max_size=120).map(SIGNED[1][1][:25].__add__)))
def test_whatever_stands_in_the_header_is_told_in_words_that_a_table_takes(value: bytes) -> None:
    problem, detail = problem_of(raw(headers=(SIGNED[0], (SIGNATURE_HEADER, value))))
    assert problem == "unsigned"
    assert detail.isprintable()


def test_a_key_is_trusted_by_the_time_at_which_a_record_was_recorded() -> None:
    trusted = TrustedKeys(key_line(OURS, START, START + HOUR))
    assert problem_of(raw(), trusted, START) == ("", "")
    assert problem_of(raw(), trusted, START + HOUR - timedelta(milliseconds=1)) == ("", "")
    for at in (START - timedelta(milliseconds=1), START + HOUR):
        assert problem_of(raw(), trusted, at)[1].endswith("which was not trusted when it was recorded")


def test_a_key_may_be_trusted_again_later() -> None:
    trusted = TrustedKeys(f"{key_line(OURS, until=START)}\n\n{key_line(OURS, since=START + HOUR)}\n")
    outcomes = [problem_of(raw(), trusted, START + hours * HOUR)[0] for hours in (-1, 0, 1)]
    assert outcomes == ["", "unsigned", ""]


def test_a_log_may_be_older_than_its_first_key() -> None:
    text = f'{key_line(OURS)}\n{{"unsigned_until": "{START.isoformat()}"}}'
    unsigned = raw(headers=SIGNED[:1])
    assert problem_of(unsigned, TrustedKeys(text), START - HOUR) == ("", "")
    assert problem_of(unsigned, TrustedKeys(text), START)[0] == "unsigned"


def test_one_that_is_unsigned_blocks_nothing_and_is_kept() -> None:
    forged = raw(value=VALUE.replace(b"recorded.v2", b"recorded.v9"), headers=(("content-type", CONTENT_TYPE),))
    records = [(forged, START), (raw()._replace(offset=8), START)]
    state = EventState()
    changes = fold_batch(decode_records(records, 1, TRUSTED), {RECORD.event_id: state})
    (outcome,), (revision,) = changes.outcomes, changes.revisions
    assert (outcome.outcome, outcome.problem, outcome.value) == ("rejected", "unsigned", forged.value)
    assert (outcome.principal, outcome.attempted) == (None, None)
    assert (revision.from_offset, state.parked) == (8, False)


def test_the_digest_is_that_of_what_the_file_says() -> None:
    one, other = key_line(OURS), key_line(THEIRS, START)
    digest = TrustedKeys(f"{one}\n{other}").digest
    assert TrustedKeys(f"\n{other}\n{one}\n\n").digest == digest
    assert len({digest, TrustedKeys(one).digest, TrustedKeys(f"{one}\n{key_line(THEIRS)}").digest}) == 3
    unsigned = f'{one}\n{other}\n{{"unsigned_until": "2026-01-01T00:00:00Z"}}'
    assert TrustedKeys(unsigned).digest != digest


def test_the_keys_take_part_in_what_judges() -> None:
    assert judged_by(None) == code_version()
    assert judged_by(TRUSTED) == f"{code_version()}.keys-{TRUSTED.digest}"
    assert (keys_of(judged_by(TRUSTED)), keys_of(judged_by(None))) == (TRUSTED.digest, "")
    assert TRUSTED.digest in key_words(TRUSTED.digest)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it holds no key"),
        ('{"unsigned_until": "2026-01-01T00:00:00Z"}', "it holds no key"),
        ("key", "line 1 is not JSON"),
        (f"{key_line(OURS)}\n[]", "line 2 is no key"),
        ('{"key": "AAAA", "form": "2026-01-01T00:00:00Z"}', "line 1 is no key"),
        ('{"key": "AAAA"}', "line 1: key is not 32 bytes in base64"),
        ('{"key": 7}', "line 1: key is not 32 bytes in base64"),
        ('{"key": "?"}', "line 1: key is not 32 bytes in base64"),
        (key_line(OURS)[:-1] + ', "from": "2026-01-01"}', "line 1: from is not an instant"),
        (key_line(OURS)[:-1] + ', "until": "9999-12-31T23:59:59-12:00"}', "line 1: until is not an instant"),
        (key_line(OURS)[:-1] + ', "until": 7}', "line 1: until is not an instant"),
        (key_line(OURS, START + HOUR, START), "which is never"),
    ],
)
def test_a_file_that_is_wrong_says_in_which_line(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=r"line|key") as refused:
        TrustedKeys(text)
    assert words in str(refused.value)
