import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.support.clients.terminals import at_a_terminal, plain_text, timeline
from tests.support.inputs.log_writing import correcting, recording, retracting
from tests.support.running.engines import Engines
from tests.support.running.timeline_stacks import TimelineStack, timeline_stack

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
async def stack(engines: Engines) -> AsyncIterator[TimelineStack]:
    async with timeline_stack(engines) as running:
        titles = ["Talks", "Ban on 59 apps [bold]not bold[/bold]", "A treaty " + "of many words " * 20]
        await running.get("/v1/status", await running.append(*(recording(t, f"202{n}") for n, t in enumerate(titles))))
        yield running


async def test_a_timeline_in_a_pipe_has_a_line_for_each_event(stack: TimelineStack) -> None:
    url = str(stack.client.base_url)
    status, output, _ = await timeline("show", "India", "cn", "--url", url)
    lines = output.splitlines()
    assert status == 0
    assert [line.split("\t")[0] for line in lines] == ["2020", "2021", "2022"]
    assert "Ban on 59 apps [bold]not bold[/bold]" in lines[1]
    assert "\x1b" not in output
    _, output, _ = await timeline("show", "IN", "CN", "--from", "2021", "--to", "2021", TIMELINE_URL=url)
    assert len(output.splitlines()) == 1
    _, output, _ = await timeline("show", "IN", "CN", "--limit", "2", TIMELINE_URL=url)
    assert len(output.splitlines()) == 2
    _, output, _ = await timeline("show", "IN", "CN", "--json", TIMELINE_URL=url)
    body: dict[str, Any] = json.loads(output)
    assert (body["pair"], len(body["items"]), body["next"]) == ("CHN-IND", 3, None)


@pytest.mark.parametrize("columns", [40, 100])
async def test_a_timeline_fits_the_terminal(stack: TimelineStack, columns: int) -> None:
    shown = await at_a_terminal("show", "IN", "CN", "--url", str(stack.client.base_url), columns=columns)
    assert "\x1b[" in shown
    plain = plain_text(shown)
    assert max(len(line.rstrip("\r")) for line in plain.split("\n")) <= columns
    assert "[bold]not" in plain
    assert "China" in plain


async def test_changes_are_told_in_a_pipe_and_at_a_terminal(stack: TimelineStack) -> None:
    url = str(stack.client.base_url)
    gone, changed = recording("A fair", "2019", ("FR", "PT")), recording("A match", "2019", ("FR", "PT"))
    since = await stack.append(gone, changed)
    body = await stack.get("/v1/timelines/FR-PT", since)
    assert len(body["items"]) == 2
    for record in (
        correcting(changed.event_id, "A match", "2019-07", ("FR", "PT")),
        retracting(gone.event_id),
        recording("A [bold]treaty[/bold]", "2021", ("FR", "PT")),
    ):
        await stack.get("/v1/status", await stack.append(record))
    since = (await stack.client.get("/v1/timelines/FR-PT/changes", params={"until": since})).json()["until"]
    words = ("changes", "France", "Portugal", "--since", since, "--url", url)
    status, output, _ = await timeline(*words)
    lines = [line.split("\t") for line in output.splitlines()]
    assert status == 0
    assert sorted((line[0], *line[1:4]) for line in lines) == [
        ("appeared", "2021", "A [bold]treaty[/bold]", ""),
        ("changed", "2019-07", "A match", "/when"),
        ("left", "2019", "A fair", "/status"),
    ]
    assert {line[6] for line in lines} == {"", "a better source", "it did not happen"}
    assert "\x1b" not in output
    _, output, _ = await timeline(*words, "--limit", "2")
    assert len(output.splitlines()) == 2
    _, output, _ = await timeline(*words, "--json")
    found: dict[str, Any] = json.loads(output)
    assert (found["pair"], found["since"], len(found["items"]), found["next"]) == ("FRA-PRT", since, 3, None)
    _, output, _ = await timeline(*words, "--include-retracted")
    assert [line.split("\t")[0] for line in output.splitlines()].count("changed") == 2
    shown = await at_a_terminal(*words, columns=60)
    plain = plain_text(shown)
    assert max(len(line.rstrip("\r")) for line in plain.split("\n")) <= 60
    for expected in ("2019 → 2019-07", "retracted by anonymous: it did not happen", "[bold]treaty", "1 appeared"):
        assert expected in " ".join(plain.split())
    status, output, complaints = await timeline("changes", "FR", "PT", "--since", "yesterday", "--url", url)
    assert (status, output) == (1, "")
    assert "yesterday" in complaints
    assert (await timeline("changes", "FR", "PT"))[0] == 2


async def test_status_says_how_far_the_projection_is(stack: TimelineStack) -> None:
    url = str(stack.client.base_url)
    status, output, _ = await timeline("status", "--url", url)
    facts = dict(line.split("\t") for line in output.splitlines())
    total = str((await stack.get("/v1/status"))["records"]["total"])
    assert (status, facts["lag"], facts["records"], facts["applied"]) == (0, "0", total, total)
    _, output, _ = await timeline("status", "--json", "--url", url)
    assert json.loads(output)["lag"] == 0
    shown = await at_a_terminal("status", "--url", url, columns=80)
    assert "next offset" in shown


async def test_exit_statuses_say_what_went_wrong(stack: TimelineStack) -> None:
    url = str(stack.client.base_url)
    status, output, complaints = await timeline("show", "Indja", "China", "--url", url)
    assert (status, output) == (1, "")
    assert "Indja" in complaints
    assert (await timeline("show", "IN", "IN", "--url", url))[0] == 1
    assert (await timeline("show", "IN", "CN", "--from", "yesterday", "--url", url))[0] == 1
    assert (await timeline("show", "IN"))[0] == 2
    assert (await timeline("show", "IN", "CN", "--limit", "0"))[0] == 2
    assert (await timeline("dance"))[0] == 2
    for words in (["status"], ["show", "IN", "CN"]):
        status, output, complaints = await timeline(*words, "--url", NOWHERE)
        assert (status, output) == (3, "")
        assert "out of reach" in complaints
    assert (await timeline("migrate", DATABASE_URL="postgresql://x@127.0.0.1:1/x"))[0] == 3
    assert (await timeline("serve", TIMELINE_HOST="0.0.0.0"))[0] == 2
    assert (await timeline("serve", TIMELINE_PORT="many"))[0] == 2


async def test_migrate_says_what_it_did(database_url: str) -> None:
    status, output, _ = await timeline("migrate", DATABASE_URL=database_url)
    assert status == 0
    assert "done: generation 1" in output
    status, output, _ = await timeline("migrate", DATABASE_URL=database_url)
    assert (status, output) == (0, "nothing to do: the tables are up to date\n")
