"""Log of the service on standard error, one line per event, as text or JSON.

Callers keep secrets out of their messages: they log routes instead of paths, and class names of
database errors instead of their texts.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, Literal

ACCESS_LOG_FIELDS: Final = ("request_id", "method", "route", "status", "ms")
"""Fields of an access log line, in addition to its message."""
LOGGER_NAMES: Final = ("api", "uvicorn")


class JsonFormatter(logging.Formatter):
    """Formatter that writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the JSON: standard fields, message, `ACCESS_LOG_FIELDS`, and any exception."""
        payload: dict[str, Any] = {
            "time": _to_datetime(record).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        payload |= {
            name: getattr(record, name) for name in ACCESS_LOG_FIELDS if hasattr(record, name)
        }
        if record.exc_info:
            payload["exception"] = self.formatException(record.exc_info)
        return json.dumps(payload, ensure_ascii=True, default=str)


class TextFormatter(logging.Formatter):
    """Formatter that writes a record as a line for people, with the traceback of an error."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text; a traceback follows on further lines."""
        second, level = _format_second(int(record.created)), record.levelname.lower()
        text = f"{second} {level} {record.name}: {record.getMessage()}"
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return text


class _StderrHandler(logging.Handler):
    """Handler that looks up `sys.stderr` at each record, so that a replaced stream is used."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(f"{self.format(record)}\n")
            sys.stderr.flush()
        except Exception:  # logging must not fail a request
            self.handleError(record)


def configure_logging(form: Literal["text", "json"]) -> None:
    """Configure this process's logging in a *form*; a second call replaces the form."""
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, _StderrHandler)]:
        root.removeHandler(handler)
    handler = _StderrHandler()
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    root.addHandler(handler)
    for name in LOGGER_NAMES:
        logging.getLogger(name).setLevel(logging.INFO)
    # No format uses these fields, and collecting them takes as long as the rest.
    logging._srcfile = None  # noqa: SLF001  (the way that the documentation of logging gives)
    logging.logThreads = logging.logMultiprocessing = False


@lru_cache(maxsize=1)
def _format_second(created: int) -> str:
    return datetime.fromtimestamp(created, tz=UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _to_datetime(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, tz=UTC)
