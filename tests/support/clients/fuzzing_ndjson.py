"""How Schemathesis sends application/x-ndjson, which it does not know: a text as it is, anything else as one line."""

import json
from typing import Any

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def send_lines(context: schemathesis.SerializationContext, value: Any) -> bytes:
    """The bytes of a generated value."""
    return (value if isinstance(value, str) else json.dumps(value)).encode(errors="replace")
