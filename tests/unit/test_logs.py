"""The log's lines: one format for ours and for those of libraries, whatever is written."""

import json
import subprocess
import sys

import pytest

SCRIPT = """
import logging, structlog
from service_edge.logs import write_logs
write_logs()
structlog.get_logger().warning("ours", text="a\\nlevel=error b", number=7)
logging.getLogger("library").warning("theirs %s", "a\\nb")
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("library").exception("failed")
"""


def lines(**environment: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, check=True, text=True)
    return done.stderr.splitlines()


def test_each_event_is_one_line_with_a_time_in_utc() -> None:
    ours, theirs, failed = lines()
    assert ours.startswith("timestamp=2")
    assert ours.split(" level=")[0].endswith("Z")
    assert r'level=warning event=ours text="a\nlevel=error b" number=7' in ours
    assert r'level=warning event="theirs a\nb" logger=library' in theirs
    assert "level=error event=failed" in failed
    assert "ZeroDivisionError" in failed


@pytest.mark.parametrize("number", range(3))
def test_lines_are_objects_where_that_is_asked_for(number: int) -> None:
    line = json.loads(lines(LOG_FORMAT="json")[number])
    assert line["timestamp"].endswith("Z")
    assert (line["level"], line["event"]) == [
        ("warning", "ours"), ("warning", "theirs a\nb"), ("error", "failed"),
    ][number]  # fmt: skip


ODD = """
import structlog
from service_edge.logs import write_logs
write_logs()
log = structlog.get_logger()
log.info("odd", text="a\\x1b[31mred\\x00\\r\\u2028b", name="plain")
log.info("asked", url="postgresql://dyadline:pa55@db:5432/x", header="authorization: Bearer abc.def", mail="a@b.c")
try:
    raise ValueError("kafka://me:pa55@broker")
except ValueError:
    log.exception("failed")
log.debug("not told")
"""


@pytest.mark.parametrize("form", ["", "json"])
def test_control_characters_and_secrets_are_in_no_line(form: str) -> None:
    done = subprocess.run([sys.executable, "-c", ODD], env={"LOG_FORMAT": form}, capture_output=True, check=True)
    text = done.stderr.decode()
    assert len(text.split("\n")) == 4
    assert not set(text) & set("\x1b\x00\r\u2028")
    assert "\\u001b[31mred" in text
    assert "pa55" not in text
    assert "abc.def" not in text
    assert "postgresql://dyadline:***@db:5432/x" in text
    assert "a@b.c" in text


@pytest.mark.parametrize(("level", "told"), [("debug", True), ("DEBUG", True), ("info", False), ("", False)])
def test_the_least_that_is_logged_can_be_set(level: str, told: bool) -> None:
    done = subprocess.run([sys.executable, "-c", ODD], env={"LOG_LEVEL": level}, capture_output=True, check=True)
    assert (b"not told" in done.stderr) == told
