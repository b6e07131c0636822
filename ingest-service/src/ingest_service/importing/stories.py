"""Reports of one story, joined. Nothing but what the rows say decides; each report keeps the rule that joined it.

Rows of one pair and date are a story when they are of one address and one valence: an article that tells of praise and
of threats tells two stories. Those of several addresses are one when what each mostly tells is the same: the same
family of codes in the same direction (or in both). What an article tells beside that joins it with no other, so that
a busy day of two countries does not become one event.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ingest_service.importing.cameo import CAMEO, family
from ingest_service.importing.gdelt_rows import Report

Rule = Literal["re-reported", "mirrored", "same-address"]
#: To host a visit is the mirror of making one.
_VISIT: Final = "042"
_HOSTED: Final = "043"


@dataclass(frozen=True, slots=True)
class Story:
    """Reports of one story. `lead` speaks for it, `directed` says whether one side alone acted."""

    lead: Report
    directed: bool
    joined: tuple[tuple[Report, Rule], ...] = ()

    @property
    def reports(self) -> list[Report]:
        """All of them, the lead first."""
        return [self.lead, *(report for report, _ in self.joined)]


def apart(reports: Iterable[Report]) -> list[Story]:
    """Each report as a story of its own."""
    return [Story(report, directed=True) for report in reports]


def joined(reports: Sequence[Report]) -> list[Story]:
    """The stories of the reports of one pair and date, in the order of their first reports."""
    if len(reports) == 1:  # which most are of a pair that is seldom told of
        return apart(reports)
    articles: dict[Hashable, list[Report]] = {}
    for report in reports:
        articles.setdefault(_article(report), []).append(report)
    told: dict[tuple[str, frozenset[str]], list[Report]] = {}
    for article in articles.values():
        code = _leading(article)
        told.setdefault((code, _directions(article, code)), []).extend(article)
    return [_story(group, code) for (code, _), group in told.items()]


def _article(report: Report) -> Hashable:
    """What tells articles' stories apart; without an address it is what a row says, so that its mirror is of it."""
    if report.address:
        return report.address, CAMEO[report.code].valence
    return "", _VISIT if report.code == _HOSTED else report.code


def _leading(article: list[Report]) -> str:
    """The family of codes that an article mostly tells of; the first one of several."""
    if len(article) == 1:  # which most have
        return family(article[0].code)
    return _commonest(family(report.code) for report in article)


def _commonest(codes: Iterable[str]) -> str:
    """What comes most often; the first one of several."""
    counts: dict[str, int] = {}
    for code in codes:
        counts[code] = counts.get(code, 0) + 1
    return max(counts, key=counts.__getitem__)


def _directions(article: list[Report], code: str) -> frozenset[str]:
    """Who acts in what it tells of that family."""
    return frozenset(_actor(report) for report in article if family(report.code) == code)


def _actor(report: Report) -> str:
    return report.target if report.code == _HOSTED else report.source


def _story(reports: list[Report], leading: str) -> Story:
    if len(reports) == 1:
        return Story(reports[0], directed=True)
    of_family = [report for report in reports if family(report.code) == leading]
    code = _commonest(report.code for report in of_family)
    lead = min((report for report in of_family if report.code == code), key=lambda report: int(report.id))
    others = tuple((report, _rule(report, lead)) for report in reports if report is not lead)
    return Story(lead, len({_actor(report) for report in of_family}) == 1, others)


def _rule(report: Report, lead: Report) -> Rule:
    if family(report.code) != family(lead.code):
        return "same-address"
    return "re-reported" if report.source == lead.source else "mirrored"
