from timeline_service.queries.views.summaries import SummaryView
from timeline_service.web.addresses import Query, tidied
from timeline_service.web.filter_forms import Chip, FormBuilder

PATH = "/timelines/CHN-IND"
COUNTS: SummaryView = {
    "pair": "CHN-IND", "years": [], "types": [{"type": "ban", "count": 3}, {"type": "visit", "count": 5}],
    "domains": [{"domain": None, "count": 2}, {"domain": "trade", "count": 6}], "mean_goldstein": None,
    "first": None, "last": None, "note": "",
}  # fmt: skip


def build(*query: tuple[str, str]) -> FormBuilder:
    return FormBuilder(PATH, query, COUNTS)


def chosen(chip: Chip) -> list[tuple[str, str]]:
    boxes = [(field.name, option.value) for field in chip.fields for option in field.options if option.chosen]
    return boxes + [(field.name, field.value) for field in chip.fields if field.value]


def test_a_chip_says_what_is_chosen_and_how_to_choose_nothing() -> None:
    asked: Query = (("type", "ban"), ("from", "2020"), ("tag", "chips"), ("tag", "apps"), ("cursor", "x"))
    types, dates, tags = build(*asked).types(), build(*asked).dates("1950 – 2026"), build(*asked).tags()
    assert (types.label, types.active, chosen(types)) == ("ban", True, [("type", "ban")])
    assert types.cleared_url == f"{PATH}?from=2020&tag=chips&tag=apps"
    assert (dates.label, chosen(dates)) == ("2020 – …", [("match", ""), ("from", "2020")])
    assert (tags.label, chosen(tags)) == ("chips and apps", [("tag", "chips"), ("tag", "apps")])
    idle = build().dates("1950 – 2026")
    assert (idle.label, idle.active) == ("1950 – 2026", False)


def test_what_can_be_chosen_is_counted_with_the_most_frequent_first() -> None:
    [field] = build(("type", "quota")).types().fields
    assert [(option.value, option.count) for option in field.options] == [("visit", 5), ("ban", 3), ("quota", None)]


def test_a_country_of_the_pair_is_a_box_and_of_all_a_field() -> None:
    who = build(("initiator", "IND")).who({"CHN": "China", "IND": "Indien"})
    assert (who.label, chosen(who)) == ("Indien acted", [("initiator", "IND")])
    assert [field.kind for field in build().who().fields] == ["text"]


def test_a_form_sends_along_what_none_of_its_chips_holds() -> None:
    builder = build(("q", "chips"), ("generation", "2"), ("valence", "neutral"))
    form = builder.build([builder.valences()], kept=("q",))
    assert form.hidden == (("generation", "2"),)
    assert (form.cleared_url, form.active) == (f"{PATH}?q=chips", True)


def test_the_usual_order_is_not_said() -> None:
    [order, _] = build().order({"asc": "earliest first", "desc": "latest first"}).fields
    assert [(option.value, option.chosen) for option in order.options] == [("", True), ("desc", False)]


def test_empty_fields_and_half_instants_are_tidied() -> None:
    assert tidied([("from", ""), ("type", "ban"), ("q", "  "), ("as_of", "2025-07-01")]) == [
        ("type", "ban"), ("as_of", "2025-07-01T00:00:00Z"),
    ]  # fmt: skip
    for given, meant in (
        ("2025-07-01T08:30", "2025-07-01T08:30:00Z"),
        ("2025-07-01 08:30", "2025-07-01T08:30:00Z"),
        ("2025-07-01T08:30:15", "2025-07-01T08:30:15Z"),
        ("2025-07-01T08:30:15Z", "2025-07-01T08:30:15Z"),
        ("yesterday", "yesterday"),
    ):
        assert tidied([("as_of", given)]) == [("as_of", meant)]
