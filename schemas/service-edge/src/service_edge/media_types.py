"""The media type of a request's body."""

from collections.abc import Iterable

from service_edge.problems import UNSUPPORTED_MEDIA_TYPE, ProblemError


def media_type(content_type: str | None, taken: Iterable[str]) -> str:
    """The media type of a Content-Type header, lower case, without parameters; raises ProblemError (415)."""
    named = (content_type or "").partition(";")[0].strip().lower()
    listed = list(taken)
    if named in listed:
        return named
    given = f"{named[:80]!r} is not taken here" if named else "there is no Content-Type"
    raise ProblemError(
        UNSUPPORTED_MEDIA_TYPE, f"{given}: send {' or '.join(listed)}", headers={"accept-post": ", ".join(listed)}
    )
