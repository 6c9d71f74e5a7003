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


def test_a_request_is_one_line_of_json_with_its_id():
    told = {"request_id": "r1", "method": "GET", "route": "/x", "status": 200, "ms": 1.5}
    line = JsonFormatter().format(record(**told, color_message="\x1b[1m"))
    assert "\n" not in line
    found = json.loads(line)
    assert found | told == found
    assert found["time"] == "2027-01-15T08:00:00.250+00:00"
    assert (found["level"], found["logger"], found["message"]) == ("info", "api.access", "GET /x\n")
    assert "color_message" not in found


def test_an_error_is_one_line_of_json_with_where_it_came_from():
    line = JsonFormatter().format(record(broken=True))
    assert "\n" not in line
    assert "it broke\\nin two" in json.loads(line)["exception"]


def test_a_line_of_text_has_time_level_and_place_and_an_error_its_origin():
    assert (
        TextFormatter().format(record()).startswith("2027-01-15 08:00:00Z info api.access: GET /x")
    )
    assert "ValueError: invalid literal" in TextFormatter().format(record(broken=True))


@pytest.mark.usefixtures("restored_logging")
def test_the_form_that_was_told_last_holds_and_no_line_comes_twice(capsys):
    before = len(logging.getLogger().handlers)
    configure_logging("text")
    configure_logging("json")
    assert len(logging.getLogger().handlers) == before + 1
    logging.getLogger("api.access").info("said %s", "once")
    [line] = capsys.readouterr().err.splitlines()
    assert json.loads(line)["message"] == "said once"
