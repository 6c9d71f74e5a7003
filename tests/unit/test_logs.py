"""Tests of the log: one line for each event, as text or as JSON."""

import json
import logging
import sys

import pytest

from api.core.logs import JsonFormatter, TextFormatter, configure_logging


def record(*, broken: bool = False, **extra) -> logging.LogRecord:
    """Return the log record of a request, with an error if *broken*."""
    caught = None
    if broken:
        try:
            int("it broke\nin two")
        except ValueError:
            caught = sys.exc_info()
    made = logging.LogRecord("api.access", logging.INFO, "f.py", 1, "GET %s\n", ("/x",), caught)
    made.created = 1_800_000_000.25
    made.__dict__ |= extra
    return made


def test_json_formatter_writes_request_as_one_line_with_its_id():
    told = {"request_id": "r1", "method": "GET", "route": "/x", "status": 200, "ms": 1.5}
    line = JsonFormatter().format(record(**told, color_message="\x1b[1m"))
    assert "\n" not in line
    found = json.loads(line)
    assert found | told == found
    assert found["time"] == "2027-01-15T08:00:00.250+00:00"
    assert (found["level"], found["logger"], found["message"]) == ("info", "api.access", "GET /x\n")
    assert "color_message" not in found


def test_json_formatter_writes_exception_on_one_line():
    line = JsonFormatter().format(record(broken=True))
    assert "\n" not in line
    assert "it broke\\nin two" in json.loads(line)["exception"]


def test_text_formatter_writes_time_level_logger_and_exception():
    assert (
        TextFormatter().format(record()).startswith("2027-01-15 08:00:00Z info api.access: GET /x")
    )
    assert "ValueError: invalid literal" in TextFormatter().format(record(broken=True))


@pytest.mark.usefixtures("restored_logging")
def test_last_configured_log_format_wins_without_duplicate_lines(capsys):
    before = len(logging.getLogger().handlers)
    configure_logging("text")
    configure_logging("json")
    assert len(logging.getLogger().handlers) == before + 1
    logging.getLogger("api.access").info("said %s", "once")
    [line] = capsys.readouterr().err.splitlines()
    assert json.loads(line)["message"] == "said once"
