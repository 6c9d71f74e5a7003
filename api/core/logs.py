"""The log: a line for everything that happens, as text or as JSON, on standard error.

Whatever asks to be logged chooses its words so that nothing secret is among them: routes and not
paths, names of errors of the database and not their texts.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, Literal

__all__ = ["JsonLines", "PlainLines", "write_log"]

FIELDS: Final = ("request_id", "method", "route", "status", "ms")
"""What a line of the access log tells beside its words."""
LOGGED: Final = ("api", "uvicorn")


class JsonLines(logging.Formatter):
    """A record as one line of JSON: time, level, logger, message, and what it is about."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        told: dict[str, Any] = {
            "time": _moment(record).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        told |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=True, default=str)


class PlainLines(logging.Formatter):
    """A record as a line for people; an error is followed by where it came from."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        second, level = _second(int(record.created)), record.levelname.lower()
        told = f"{second} {level} {record.name}: {record.getMessage()}"
        if record.exc_info:
            told += "\n" + self.formatException(record.exc_info)
        return told


class _OwnHandler(logging.Handler):
    """Writes to what standard error is at the moment."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(f"{self.format(record)}\n")
            sys.stderr.flush()
        except Exception:  # a line of the log breaks nothing
            self.handleError(record)


def write_log(form: Literal["text", "json"]) -> None:
    """Let this process write its log in a *form*; told again, it changes the form."""
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, _OwnHandler)]:
        root.removeHandler(handler)
    handler = _OwnHandler()
    handler.setFormatter(JsonLines() if form == "json" else PlainLines())
    root.addHandler(handler)
    for name in LOGGED:
        logging.getLogger(name).setLevel(logging.INFO)
    # What no line shows is not looked up: it takes as long as the rest.
    logging._srcfile = None  # noqa: SLF001  (the way that the documentation of logging gives)
    logging.logThreads = logging.logMultiprocessing = False


@lru_cache(maxsize=1)
def _second(created: int) -> str:
    return datetime.fromtimestamp(created, tz=UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _moment(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, tz=UTC)
