import pytest

from timeline_service.cli.event_stream import ServerSentEvent, read_event_stream


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        ("data: a\n\n", [ServerSentEvent("", "message", "a")]),
        ("id: 0:1\nevent: applied\ndata: {}\n\n", [ServerSentEvent("0:1", "applied", "{}")]),
        ("data: a\ndata\ndata:  b\n\n", [ServerSentEvent("", "message", "a\n\n b")]),
        (": alive\nid: 0:2\n\n", [ServerSentEvent("0:2", "message", None)]),
        (
            "id: 1\ndata: a\n\ndata: b\n\n",
            [ServerSentEvent("1", "message", "a"), ServerSentEvent("1", "message", "b")],
        ),
        ("id: a\0b\nretry: 5\nstrange: x\ndata: a\n\n", [ServerSentEvent("", "message", "a")]),
        ("data: cut off", []),
        ("data:no blank\n\n", [ServerSentEvent("", "message", "no blank")]),
    ],
)
def test_a_stream_reads_as_the_standard_says(stream: str, events: list[ServerSentEvent]) -> None:
    assert list(read_event_stream(stream.removesuffix("\n").split("\n"))) == events


def test_a_resumed_stream_begins_with_the_last_id() -> None:
    assert list(read_event_stream(["data: a", ""], "0:7")) == [ServerSentEvent("0:7", "message", "a")]
