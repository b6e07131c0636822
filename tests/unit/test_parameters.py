"""Query parameters in the one form that JSON has for their values."""

from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI, Query

from service_edge.parameters import DECIMAL, TRUE_OR_FALSE, WHOLE, strict_query
from service_edge.problems import install_problems

APP = FastAPI(dependencies=[Depends(strict_query)])
install_problems(APP, (), lambda _: None, ())


@APP.get("/read")
async def read(
    limit: Annotated[int, Query(ge=-5, le=1000), WHOLE] = 50,
    wait: Annotated[float, Query(ge=0, le=1e9), DECIMAL] = 0,
    count: Annotated[bool, Query(), TRUE_OR_FALSE] = False,
) -> list[float]:
    """What was read."""
    return [limit, wait, count]


async def ask(query: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=APP), base_url="http://127.0.0.1") as client:
        return await client.get(f"/read?{query}")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("limit=10", [10, 0, False]),
        ("limit=0", [0, 0, False]),
        ("limit=-5", [-5, 0, False]),
        ("wait=2.5", [50, 2.5, False]),
        ("wait=5", [50, 5, False]),
        ("wait=1e-7", [50, 1e-7, False]),
        ("count=true", [50, 0, True]),
        ("count=false", [50, 0, False]),
    ],
)
async def test_a_value_is_read(query: str, expected: list[float]) -> None:
    assert (await ask(query)).json() == expected


@pytest.mark.parametrize("value", ["1_0", "1.0", "+1", "%2B1", "%201", "1e1", "01", "0x10", "", "१", "9" * 5000])
async def test_a_whole_number_has_decimal_digits_only(value: str) -> None:
    await refused("limit", value, "is not a whole number: write decimal digits only, such as 50")


@pytest.mark.parametrize("value", ["1_0", ".5", "5.", "inf", "-inf", "nan", "0x1p3", "", "%205", "1e9999"])
async def test_a_number_is_written_as_in_json(value: str) -> None:
    await refused("wait", value, "is not a number: write decimal digits, such as 5 or 2.5")


@pytest.mark.parametrize("value", ["yes", "on", "1", "t", "True", ""])
async def test_a_switch_is_true_or_false(value: str) -> None:
    await refused("count", value, "is neither true nor false: write one of them")


async def test_bounds_are_said_and_show_in_the_description() -> None:
    await refused("limit", "1001", "Input should be less than or equal to 1000")
    (limit, *_) = APP.openapi()["paths"]["/read"]["get"]["parameters"]
    assert (limit["schema"]["minimum"], limit["schema"]["maximum"]) == (-5, 1000)


async def refused(name: str, value: str, words: str) -> None:
    answer = await ask(f"{name}={value}")
    assert answer.status_code == 400
    assert [item["pointer"] for item in answer.json()["errors"]] == [f"/{name}"]
    assert words in answer.json()["errors"][0]["detail"]
