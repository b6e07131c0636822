from timeline_service.formats import FORMATS
from timeline_service.web.downloads import downloads_of


def test_a_list_can_be_had_in_every_format_with_the_same_filters() -> None:
    found = {each.url for each in downloads_of("/v1/timelines/CHN-IND", [("type", "ban")])}
    assert found == {f"/v1/timelines/CHN-IND.{name}?type=ban" for name in (*FORMATS, "json")}
    assert all(each.words for each in downloads_of("/v1/events", []))
