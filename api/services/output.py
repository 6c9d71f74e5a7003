"""Files of rows, written: CSV for spreadsheets, JSON lines, each whole or not at all."""

import csv
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, TextIO

from api.services.rows import FileError, guard

__all__ = ["check_writable", "replacing", "write_csv", "write_json"]


def write_csv(stream: TextIO, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as CSV; text that a spreadsheet would run as a formula is guarded."""
    writer = csv.writer(_Lines(stream), lineterminator="\r\n")
    writer.writerow([guard(column) for column in columns])
    for row in rows:
        writer.writerow([guard(_cell(row.get(column, ""))) for column in columns])


class _Lines:
    """Writes rows with plain line ends; `csv` quotes a CR in a cell only where rows end with it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, row: str) -> None:
        """Write one row."""
        self._stream.write(row.removesuffix("\r\n") + "\n")


def write_json(stream: TextIO, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as JSON lines."""
    for row in rows:
        record = {column: _json(row[column]) for column in columns if column in row}
        stream.write(json.dumps(record, ensure_ascii=False) + "\n")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(_json(value), ensure_ascii=False)


def _json(value: Any) -> Any:
    if isinstance(value, Fraction):
        return _float(value)
    if isinstance(value, list):
        return [_json(item) for item in value]
    if isinstance(value, dict):
        return {name: _json(item) for name, item in value.items()}
    return value


def _float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return round(value)  # JSON may have larger whole numbers than a float can be


def check_writable(path: Path) -> None:
    """Raise `FileError` where no file can be written at *path*; what is there stays as it is."""
    with _told(path):
        if path.is_dir():
            raise FileError(f"{path} is a folder; name a file in it")
        if path.exists() and not path.is_file():
            raise FileError(f"{path} is not a file; name one to write")
        if not path.parent.is_dir():
            raise FileError(f"there is no folder {path.parent}; make it first")
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=_prefix(path)):
            pass


@contextmanager
def replacing(path: Path) -> Iterator[TextIO]:
    """Open a file beside *path* that takes its place when all is written; a failure leaves it."""
    with _told(path):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=_prefix(path))
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
                yield stream
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _prefix(path: Path) -> str:
    return f".{path.name}."


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what the system says of *path* into a `FileError`."""
    try:
        yield
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror}") from error
