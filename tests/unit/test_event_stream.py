import pytest

from timeline_service.cli.event_stream import EventStreamReader, ServerSentEvent

STREAMS = [
    ("data: a\n\n", [ServerSentEvent("", "message", "a")]),
    ("id: 0:1\nevent: applied\ndata: {}\n\n", [ServerSentEvent("0:1", "applied", "{}")]),
    ("data: a\ndata\ndata:  b\n\n", [ServerSentEvent("", "message", "a\n\n b")]),
    (": alive\nid: 0:2\n\n", [ServerSentEvent("0:2", "message", None)]),
    ("event: left\n\ndata: a\n\n", [ServerSentEvent("", "left", None), ServerSentEvent("", "message", "a")]),
    ("id: 1\ndata: a\n\ndata: b\n\n", [ServerSentEvent("1", "message", "a"), ServerSentEvent("1", "message", "b")]),
    ("id: 1\ndata: a\n\nid\ndata: b\n\n", [ServerSentEvent("1", "message", "a"), ServerSentEvent("", "message", "b")]),
    ("id: a\0b\nstrange: x\ndata: a\n\n", [ServerSentEvent("", "message", "a")]),
    ("data: whole\n\ndata: cut off", [ServerSentEvent("", "message", "whole")]),
    ("data: whole\n\nid: 7\ndata: cut off\n", [ServerSentEvent("", "message", "whole")]),
    ("data:no blank\n\n", [ServerSentEvent("", "message", "no blank")]),
    ("\ufeffdata: \ufeffa\n\n", [ServerSentEvent("", "message", "\ufeffa")]),
    ("data: a\r\rdata: b\r\n\r\ndata: c\n\r\n", [ServerSentEvent("", "message", text) for text in "abc"]),
    ("data: no\u2028line\u0085ends\x0bhere\n\n", [ServerSentEvent("", "message", "no\u2028line\u0085ends\x0bhere")]),
]


@pytest.mark.parametrize(("stream", "events"), STREAMS)
def test_a_stream_reads_as_the_standard_says(stream: str, events: list[ServerSentEvent]) -> None:
    assert list(EventStreamReader().read(stream.encode())) == events


@pytest.mark.parametrize(("stream", "events"), STREAMS)
def test_a_stream_may_come_in_any_pieces(stream: str, events: list[ServerSentEvent]) -> None:
    encoded = stream.encode()
    reader = EventStreamReader()
    assert [event for byte in encoded for event in reader.read(bytes([byte]))] == events
    for cut in range(len(encoded)):
        reader = EventStreamReader()
        assert [*reader.read(encoded[:cut]), *reader.read(encoded[cut:])] == events


def test_a_resumed_stream_begins_with_the_last_id() -> None:
    assert list(EventStreamReader("0:7").read(b"data: a\n\n")) == [ServerSentEvent("0:7", "message", "a")]


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert list(EventStreamReader().read(b"data: \xff!\n\n")) == [ServerSentEvent("", "message", "\ufffd!")]


@pytest.mark.parametrize(
    ("field", "seconds"), [("retry: 1500", 1.5), ("retry: 0", 0), ("retry: soon", None), ("retry: -1", None)]
)
def test_a_server_may_say_when_to_come_again(field: str, seconds: float | None) -> None:
    reader = EventStreamReader()
    assert list(reader.read(f"{field}\n".encode())) == []
    assert reader.retry_seconds == seconds
