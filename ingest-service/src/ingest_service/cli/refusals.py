"""Why the service takes no more, and what it says itself."""

import httpx
import orjson

from service_edge.terminal import ExitStatus, problem_text


class SendingError(Exception):
    """The service takes no more, or nobody says what became of what it took, with the status to end with."""

    def __init__(self, status: ExitStatus, words: str) -> None:
        super().__init__(words)
        self.status = status


def refusal_text(answer: httpx.Response) -> str:
    """What an answer that is none says, if it is our service's."""
    try:
        return problem_text(orjson.loads(answer.content))
    except (ValueError, AttributeError):
        return f"{answer.url} answers {answer.status_code} {answer.reason_phrase}"
