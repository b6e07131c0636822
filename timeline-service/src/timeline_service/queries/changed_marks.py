"""What has changed in a pair between two moments, drawn into what there is at the later one."""

from dataclasses import replace

from timeline_service.domain.selections import Selection
from timeline_service.queries.changes import Changes
from timeline_service.queries.marks import MAX_MARKS, Shown, read_marks
from timeline_service.queries.views.marks import ChangedMarksView, MarksView, changed_mark_view


async def read_changed_marks(changes: Changes, shown: Shown) -> ChangedMarksView | MarksView:
    """The marks or bins of the later moment, and where all days are asked for what has changed, revised last first.

    Both are read at one point. Of more changes than can be drawn it tells the last, and that there are more.
    """
    at = replace(changes.at, vector=await changes.sources.reader.narrow(changes.at, changes.pair))
    selection = Selection(pair=changes.pair, retracted=changes.retracted)
    view = await read_marks(changes.sources, at, selection, shown)
    if shown.days is not None:
        return view
    rows, following = await changes.rows(MAX_MARKS)
    changed = [changed_mark_view(each, changes.pair) async for views in changes.views(rows) for each in views]
    return {**view, "changed": changed, "more": following is not None}
