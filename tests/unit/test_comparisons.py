import hashlib

from timeline_service.domain.comparisons import Difference, TableDigest, differences_of, key_text, whole_digest

ROW = {"event_id": "e", "revision": 2, "partition": 3, "from_offset": 7, "until_offset": None, "content": "words"}


def test_a_table_is_digested_in_the_order_of_its_buckets() -> None:
    table = TableDigest({1023: (2, b"z" * 32), 0: (1, b"a" * 32)})
    assert table.rows == 3
    assert table.digest == hashlib.sha256(b"a" * 32 + bytes(32 * 1022) + b"z" * 32).digest()
    assert TableDigest({}).digest == hashlib.sha256(bytes(32 * 1024)).digest()


def test_buckets_differ_by_their_digest_and_by_being_there() -> None:
    one = TableDigest({1: (1, b"a"), 2: (1, b"b"), 3: (2, b"c")})
    other = TableDigest({1: (1, b"a"), 2: (1, b"x"), 4: (1, b"d")})
    assert one.differing(other) == other.differing(one) == [2, 3, 4]
    assert one.differing(one) == []


def test_the_whole_digest_tells_which_table_is_which() -> None:
    one, other = TableDigest({1: (1, b"a" * 32)}), TableDigest({2: (1, b"b" * 32)})
    assert whole_digest({"revisions": one, "entries": other}) != whole_digest({"revisions": other, "entries": one})
    assert whole_digest({"entries": other, "revisions": one}) == whole_digest({"revisions": one, "entries": other})


def test_each_field_that_differs_is_named_with_the_record_to_blame() -> None:
    live = {**ROW, "content": "other words", "until_offset": 9}
    assert list(differences_of("revisions", live, ROW)) == [
        Difference("revisions", "event_id=e, revision=2", "until_offset", 9, None, "3:9"),
        Difference("revisions", "event_id=e, revision=2", "content", "other words", "words", "3:7"),
    ]


def test_a_row_that_is_missing_or_extra_is_named_whole() -> None:
    (missing,) = differences_of("revisions", None, ROW)
    (extra,) = differences_of("revisions", ROW, None)
    assert (missing.field, missing.live, missing.log, missing.position) == (None, None, ROW, "3:7")
    assert (extra.field, extra.live, extra.log, extra.position) == (None, ROW, None, "3:7")
    counts = {"pair": "CHN-IND", "partition": 3, "events": 5, "last_offset": 11}
    (other,) = differences_of("pair_counts", {**counts, "events": 6}, counts)
    assert (other.key, other.field, other.position) == ("pair=CHN-IND, partition=3", "events", "3:11")


def test_long_values_are_shown_in_part() -> None:
    view = Difference("revisions", "k", "content", "x" * 5_000, {"content": "y" * 5_000}, None).view()
    assert view["live"].startswith("xxx")
    assert view["live"].endswith("(5,000 characters)")
    assert len(view["log"]["content"]) < 2_100
    assert key_text({"partition": 0, "offset": 4}) == "partition=0, offset=4"
