from datetime import date
from decimal import Decimal

from timeline_service.adapters.postgres.rows import SummaryRow
from timeline_service.domain.selections import Selection
from timeline_service.domain.vectors import ReadPoint
from timeline_service.queries.remembered_summaries import RememberedSummaries
from timeline_service.queries.summaries import changed_counts

PAIR = Selection(pair="CHN-IND")


def counts(events: int, first: date | None = None, last: date | None = None, goldstein: str = "0") -> list[SummaryRow]:
    return [SummaryRow(3, None, None, None, None, events, Decimal(goldstein), events, first, last)]


def test_counts_are_found_by_all_that_determines_them_and_at_later_vectors() -> None:
    remembered, kept = RememberedSummaries(), counts(1)
    remembered.keep(ReadPoint(1, (3, 5)), PAIR, kept)
    for later in (ReadPoint(1, (3, 5)), ReadPoint(1, (3, 6)), ReadPoint(1, (9, 9))):
        assert remembered.find(later, Selection(pair="CHN-IND")) == ((3, 5), kept)
    for other in (ReadPoint(2, (3, 5)), ReadPoint(1, (9, 4)), ReadPoint(1, (3, 5), (1, 0)), ReadPoint(1, (3, 5, 0))):
        assert remembered.find(other, PAIR) is None
    assert remembered.find(ReadPoint(1, (3, 5)), Selection(pair="CHN-IND", type=("ban",))) is None


def test_what_is_asked_of_the_past_does_not_displace_what_is_known_of_now() -> None:
    remembered, now = RememberedSummaries(), ReadPoint(1, (7, 7))
    remembered.keep(now, PAIR, counts(7))
    remembered.keep(ReadPoint(1, (3, 5)), PAIR, counts(3))
    assert remembered.find(now, PAIR) == ((7, 7), counts(7))
    remembered.keep(ReadPoint(1, (7, 8)), PAIR, counts(8))
    assert remembered.find(now, PAIR) is None


def test_those_that_nobody_asks_for_go_first() -> None:
    remembered = RememberedSummaries()
    for offset in range(600):
        remembered.keep(ReadPoint(offset, ()), PAIR, counts(offset))
        assert remembered.find(ReadPoint(0, ()), PAIR) is not None
    assert remembered.find(ReadPoint(1, ()), PAIR) is None
    assert remembered.find(ReadPoint(599, ()), PAIR) is not None


def test_changes_are_added_and_taken_away_exactly() -> None:
    year, day = date(2020, 1, 1), date(2020, 12, 31)
    held = counts(2, year, day, "0.1")
    assert changed_counts(held, []) == held
    come = counts(1, date(2019, 1, 1), None, "1E-300")
    assert changed_counts(held, come) == counts(3, date(2019, 1, 1), day, "0.1" + "0" * 298 + "1")
    gone = [row._replace(events=-1, rated=-1, first=date(2020, 5, 5), last=date(2020, 5, 5)) for row in counts(1)]
    assert changed_counts(held, gone) == counts(1, year, day, "0.1")
    assert changed_counts(held, [row._replace(first=year) for row in gone]) is None
    assert changed_counts(held, [row._replace(last=day) for row in gone]) is None


def test_a_kind_of_which_there_is_none_any_more_is_left_out() -> None:
    kind = SummaryRow(1, None, None, "ban", None, 1, None, 0, None, None)
    assert changed_counts([*counts(2), kind], [kind._replace(events=-1)]) == counts(2)
