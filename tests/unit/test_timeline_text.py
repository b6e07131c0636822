from typing import Any

import pytest

from timeline_service.cli.timeline_text import print_timeline

EVENT: dict[str, Any] = {
    "id": "80d5d10a-b3b5-59dc-825b-830d249e8c6a", "title": "Trade grows", "type": "other", "valence": None,
    "status": "current", "stage": None, "initiators": [], "sources": [], "revision": 1,
}  # fmt: skip


@pytest.mark.parametrize(
    ("when", "shown"), [("2018-35", "2018 Q3"), ("2018-33/2019-36", "2018 Q1/2019 Q4"), ("2018-03", "2018-03")]
)
def test_a_quarter_is_shown_as_people_write_it(
    when: str, shown: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    countries = [{"code": "CHN", "name": "China"}, {"code": "IND", "name": "India"}]
    print_timeline([{"pair": "CHN-IND", "countries": countries, "items": [{**EVENT, "when": when}], "next": None}])
    assert f"{shown}\x1b" in capsys.readouterr().out
