"""What a model found wrong, as JSON Pointers with words for whoever sent it."""

from typing import Final

from pydantic import ValidationError

from event_schemas.errors import Detail

_WORDS: Final = {
    "missing": "is required",
    "extra_forbidden": "is not a field of an event: leave it out, or put it below attributes",
    "string_type": "expected a string",
    "list_type": "expected a list",
    "dict_type": "expected an object",
    "model_type": "expected an object",
    "float_type": "expected a number",
}

#: How much of what is wrong is listed: more helps nobody, and an answer must not outgrow what it answers.
MAX_DETAILS: Final = 50
_MAX_POINTER_LENGTH: Final = 300
_MAX_WORDS_LENGTH: Final = 500


class FieldError(ValueError):
    """What is wrong with a field, found by looking at the whole object that holds it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class UnknownTypeError(ValueError):
    """A type outside the taxonomy; `candidates` holds the nearest codes."""

    def __init__(self, message: str, candidates: tuple[str, ...]) -> None:
        super().__init__(message)
        self.candidates = candidates


def details_of(error: ValidationError) -> list[Detail]:
    """Pydantic's errors as JSON Pointers with what was expected there; the last of many counts the rest."""
    details = []
    items = error.errors(include_url=False, include_input=False)
    listed = items if len(items) <= MAX_DETAILS else items[: MAX_DETAILS - 1]
    for item in listed:
        path = list(item["loc"])
        if path[-1:] == ["[key]"]:  # how pydantic says that it means the key, not what it leads to
            path.pop()
        cause = item.get("ctx", {}).get("error")
        if isinstance(cause, FieldError):
            path.append(cause.field)
        words = str(cause) if isinstance(cause, Exception) else _WORDS.get(item["type"], item["msg"])
        candidates = tuple(getattr(cause, "candidates", ()))
        pointer = "".join(f"/{_escape(part)}" for part in path)
        details.append(Detail(_cut(pointer, _MAX_POINTER_LENGTH), _cut(words, _MAX_WORDS_LENGTH), candidates))
    if len(listed) < len(items):
        details.append(Detail("", f"{len(items) - len(listed)} more mistakes are not listed: mend these first"))
    return details


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _escape(part: int | str) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
