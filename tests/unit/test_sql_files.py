"""Statements whose parameters have names."""

import pytest

from timeline_service.adapters.postgres.sql_files import bound


def test_bound_numbers_each_name_once_in_the_order_in_which_they_stand() -> None:
    sql = "select $day::date, $pair where pair = $pair and $day_too > 1"
    assert bound(sql, pair="CHN-IND", day_too=2, day=1) == (
        "select $1::date, $2 where pair = $2 and $3 > 1",
        *(1, "CHN-IND", 2),
    )


def test_bound_leaves_a_statement_without_parameters_as_it_is() -> None:
    assert bound("select 1") == ("select 1",)


def test_bound_refuses_what_is_missing_or_too_much() -> None:
    with pytest.raises(KeyError, match="pair"):
        bound("select $pair", day=1)
    with pytest.raises(AssertionError, match="day"):
        bound("select $pair", pair="CHN-IND", day=1)
