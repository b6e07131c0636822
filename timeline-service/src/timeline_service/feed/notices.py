"""Notices as the blocks of an event stream. What is written once is kept, for all topics and listeners of a process."""

import orjson

from event_schemas.positions import format_position
from timeline_service.domain.feed import Item, Notice
from timeline_service.queries.views.events import event_view
from timeline_service.queries.views.streams import OutcomeView


def write_notice(notice: Notice) -> bytes:
    """The block of the event stream."""
    if not notice.text:
        head = f"id: {notice.id}\nevent: {notice.event}\ndata: "
        notice.text = b"%b%b\n\n" % (head.encode(), write_item(notice.item))
    return notice.text


def write_item(item: Item) -> bytes:
    """The record as the contract shapes it, in one line of JSON."""
    if not item.data:
        view: OutcomeView = {
            "position": format_position(item.partition, item.offset),
            "action": item.action,
            "revision": item.revision,
        }
        if item.row is not None:
            view["event"] = event_view(item.row)
        if item.problem is not None:
            view["problem"] = item.problem
        item.data = orjson.dumps(view)
    return item.data
