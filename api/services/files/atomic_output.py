"""Files that are written whole or not at all, and the text of their cells."""

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
    """Return a value as a cell of CSV has it: text as it is, nothing of none, else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json_text(value)


def json_text(value: Any) -> str:
    """Return a value as JSON text; a fraction is its decimal.

    >>> json_text([Fraction(1, 4), "é"])
    '[0.25, "é"]'
    """
    return json.dumps(_json(value), ensure_ascii=False)


def _json(value: Any) -> Any:
    """Return what JSON has for a value: none for what is no number, else text as a last resort."""
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
        return round(value)  # JSON may have larger whole numbers than a float can be


def check_writable(path: Path) -> None:
    """Raise `FileError` where no file can be written at *path*; what is there stays as it is."""
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
    """Let *fill* write a file beside *path* that takes its place when it is whole.

    A failure leaves what is there as it is.
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
    """Turn what the system says of writing *path* into a `FileError`."""
    try:
        yield
    except OSError as error:
        what = "the results" if path is None else path
        raise FileError(f"{what} cannot be written: {error.strerror}") from error
