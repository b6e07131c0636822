"""The schema of problem details, as both services describe them."""

from typing import Final

PROBLEM: Final = {
    "type": "object",
    "description": "Problem details (RFC 9457). Some problems have members of their own.",
    "required": ["type", "title", "status", "detail", "errors"],
    "properties": {
        "type": {"type": "string", "description": "A page that explains it, relative to the service."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "description": "The path and query that met the problem."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "Where, as a JSON Pointer (RFC 6901)."},
                    "detail": {"type": "string", "description": "What was expected there."},
                },
            },
        },
        "candidates": {
            "type": "array",
            "items": {"type": "string"},
            "description": "What may have been meant; there where there is something near.",
        },
    },
}
