from timeline_service.domain.selections import Selection
from timeline_service.domain.vectors import ReadPoint
from timeline_service.queries.remembered_summaries import RememberedSummaries
from timeline_service.queries.views.summaries import SummaryView

PAIR = Selection(pair="CHN-IND")


def summary(note: str) -> SummaryView:
    return {
        "pair": "CHN-IND", "years": [], "types": [], "domains": [], "mean_goldstein": None, "first": None, "last": None,
        "note": note,
    }  # fmt: skip


def test_a_summary_is_found_by_all_that_determines_it() -> None:
    remembered, at = RememberedSummaries(), ReadPoint(1, (3, 5))
    remembered.keep(at, PAIR, summary("kept"))
    assert remembered.find(ReadPoint(1, (3, 5)), Selection(pair="CHN-IND")) == summary("kept")
    for other in (ReadPoint(2, (3, 5)), ReadPoint(1, (3, 6)), ReadPoint(1, (3, 5), (1, 0))):
        assert remembered.find(other, PAIR) is None
    assert remembered.find(at, Selection(pair="CHN-IND", type=("ban",))) is None


def test_the_one_that_nobody_asks_for_goes_first() -> None:
    remembered = RememberedSummaries()
    for offset in range(600):
        remembered.keep(ReadPoint(1, (offset,)), PAIR, summary(str(offset)))
        assert remembered.find(ReadPoint(1, (0,)), PAIR) == summary("0")
    assert remembered.find(ReadPoint(1, (1,)), PAIR) is None
    assert remembered.find(ReadPoint(1, (599,)), PAIR) == summary("599")
