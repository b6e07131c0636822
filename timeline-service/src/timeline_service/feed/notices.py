"""Notices as the blocks of an event stream. A record is written once for all who listen in a process."""

import orjson

from event_schemas.positions import format_position
from timeline_service.domain.feed import Item, Notice
from timeline_service.queries.views.events import event_view
from timeline_service.queries.views.streams import OutcomeView


def write_notice(notice: Notice) -> bytes:
    """The block of the event stream."""
    head = f"id: {notice.id}\nevent: {notice.event}\ndata: "
    return b"%b%b\n\n" % (head.encode(), write_item(notice.item))


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
        item.data = b"%b" % orjson.dumps(view)  # a copy: what orjson gives holds many times the room that it fills
        item.row = None  # which took more memory than all else of the ring together
    return item.data
