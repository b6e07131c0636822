"""CSV that was posted as JSON is told to be CSV; what is none is not."""

import pytest

from ingest_service.domain.mistaken_tables import told_as_table

GDELT = "\t".join(["1012345678", *[""] * 60]).encode()


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([b"day,guest,host,what\r", b"2014-09-17,China,India,A visit\r"], "this is CSV (day, guest, host, what), not"),
        ([b"day;what", b"2014;visit"], "ingest suggest FILE"),
        ([b"day,guest,host"], "ingest import csv FILE --mapping"),
        ([b"\xef\xbb\xbf\"day\",\"guest, or host\"", b"2014,India"], "this is CSV (day, guest, or host), not JSON"),
        ([b"a,b,c,d,e,f,g", b"1,2,3,4,5,6,7"], "(a, b, c, d, e, …)"),
        ([b"id,title,when,earliest,latest", b"1,x,2020,,"], "ingest import dyadline FILE"),
        ([GDELT, GDELT], "ingest import gdelt FILE"),
        ([b"caf\xe9|day", b"x|2014"], "this is CSV"),
    ],
)  # fmt: skip
def test_a_table_is_told_with_the_command_that_imports_it(lines: list[bytes], told: str) -> None:
    assert told in str(told_as_table(lines))


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [b""],
        [b"{"],
        [b'{"title": "x", "when", "2020"', b'{"title": "y", "when", "2020"'],
        [b'[{"title"', b"x"],
        [b"Hello, world"],
        [b"not json at all", b"nor this"],
        [b"1,2,3", b"4,5,6"],
        [b"a,,c", b"1,2,3"],
        [b"day,what", b"2014,visit,more"],
        [b"\xef\xbb\xbf{}", b"{}"],
        [b"null"],
    ],
)
def test_what_is_no_table_is_not_told_to_be_one(lines: list[bytes]) -> None:
    assert told_as_table(lines) is None
