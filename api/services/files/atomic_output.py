"""Atomic output: files that are written whole or not at all, and the text of their cells."""

import json
import math
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

from api.core.errors import FileError

__all__ = ["cell_text", "check_writable", "json_text", "replaced", "telling"]


def cell_text(value: Any) -> str:
    """Return a value as a CSV cell: text as it is, "" for None, everything else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json_text(value)


def json_text(value: Any) -> str:
    """Serialize a value to JSON; a fraction becomes a decimal.

    >>> json_text([Fraction(1, 4), "é"])
    '[0.25, "é"]'
    """
    return json.dumps(_json(value), ensure_ascii=False)


def _json(value: Any) -> Any:
    """Return a value as JSON data: null for NaN and infinities, text for unknown types."""
    match value:
        case None | bool() | int() | str():
            return value
        case Fraction():
            return _float(value)
        case float():
            return value if math.isfinite(value) else None
        case list():
            return [_json(item) for item in value]
        case dict():
            return {name: _json(item) for name, item in value.items()}
        case _:
            return str(value)


def _float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return round(value)  # JSON integers may exceed the range of a float


def check_writable(path: Path) -> None:
    """Raise `FileError` if no file can be written at *path*; an existing file is not touched."""
    with telling(path):
        if path.is_dir():
            raise FileError(f"{path} is a folder; name a file in it")
        if path.exists() and not path.is_file():
            raise FileError(f"{path} is not a file; name one to write")
        if not path.parent.is_dir():
            raise FileError(f"there is no folder {path.parent}; make it first")
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=_prefix(path)):
            pass


def replaced(path: Path, fill: Callable[[Path], None]) -> None:
    """Let *fill* write a temporary file beside *path*, then replace *path* with it.

    If *fill* fails, *path* stays as it is.
    """
    with telling(path):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=_prefix(path))
        os.close(handle)
        try:
            fill(Path(name))
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _prefix(path: Path) -> str:
    return f".{path.name}."


@contextmanager
def telling(path: Path | None) -> Iterator[None]:
    """Convert an `OSError` about *path* to a `FileError`."""
    try:
        yield
    except OSError as error:
        what = "the results" if path is None else path
        raise FileError(f"{what} cannot be written: {error.strerror}") from error
