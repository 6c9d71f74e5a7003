"""Atomic output: files that are written whole or not at all, and the text of their cells."""

import json
import math
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from api.core.errors import FileError

READABLE_MODE: Final = 0o644


def format_cell(value: Any) -> str:
    """Return a value as a CSV cell: text as it is, "" for None, everything else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else dump_json(value)


def dump_json(value: Any) -> str:
    """Serialize a value to JSON; a fraction becomes a decimal.

    >>> dump_json([Fraction(1, 4), "é"])
    '[0.25, "é"]'
    """
    return json.dumps(_to_json_data(value), ensure_ascii=False)


def _to_json_data(value: Any) -> Any:
    """Return a value as JSON data: null for NaN and infinities, text for unknown types."""
    match value:
        case None | bool() | int() | str():
            return value
        case Fraction():
            return _to_float(value)
        case float():
            return value if math.isfinite(value) else None
        case list():
            return [_to_json_data(item) for item in value]
        case dict():
            return {name: _to_json_data(item) for name, item in value.items()}
        case _:
            return str(value)


def _to_float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return round(value)  # JSON integers may exceed the range of a float


def check_writable(path: Path) -> None:
    """Raise `FileError` if no file can be written at *path*; an existing file is not touched."""
    with convert_os_errors(path):
        if path.is_dir():
            raise FileError(f"{path} is a folder. Name a file in it")
        if path.exists() and not path.is_file():
            raise FileError(f"{path} is not a file. Name a file to write")
        if not path.parent.is_dir():
            raise FileError(f"there is no folder {path.parent}. Create it first")
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=_temp_prefix(path)):
            pass


def write_file_atomically(
    path: Path, write_file: Callable[[Path], None], *, owner_only: bool = False
) -> None:
    """Let *write_file* write a temporary file next to *path*, then replace *path* with it.

    If *write_file* fails, *path* stays as it is. A file that is *owner_only* has mode 600 from its
    creation on, so that nobody else can open it in the meantime.
    """
    with convert_os_errors(path):
        # mkstemp creates the file with mode 600.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=_temp_prefix(path))
        os.close(handle)
        try:
            write_file(Path(name))
            if not owner_only:
                Path(name).chmod(READABLE_MODE)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _temp_prefix(path: Path) -> str:
    return f".{path.name}."


@contextmanager
def convert_os_errors(path: Path | None) -> Iterator[None]:
    """Convert an `OSError` about *path* to a `FileError`."""
    try:
        yield
    except OSError as error:
        target = "the results" if path is None else path
        raise FileError(f"{target} cannot be written: {error.strerror}") from error
