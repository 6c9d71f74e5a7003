"""Files of rows: CSV and JSON lines, read with line numbers and written for spreadsheets."""

import csv
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, TextIO

from grader.errors import AnswerError, GraderError
from grader.reading import Typed, load_json

__all__ = [
    "FileError",
    "Row",
    "RowError",
    "Table",
    "guard",
    "is_json",
    "read_table",
    "write_csv",
    "write_json",
]

DELIMITERS: Final = ",;\t"
MAX_CELL: Final = 1_000_000
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


class FileError(GraderError):
    """A file that cannot be used at all; nothing ran."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row: the *line* where it begins, *values* by Grader's names, *cells* as given."""

    line: int
    values: Mapping[str, Typed | None]
    cells: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RowError:
    """A row that could not be read, and why."""

    row: Row
    message: str


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a file and its rows."""

    columns: tuple[str, ...]
    rows: list[Row | RowError]


def read_table(path: Path, *, names: Mapping[str, str], required: Sequence[str]) -> Table:
    """Return the rows of a CSV or JSON-lines file; *names* maps Grader's columns to the file's.

    Raises `FileError` where the file is missing, empty, not UTF-8, or lacks a required column.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(
            f"{path} is not UTF-8; save it as UTF-8 (CSV UTF-8 in a spreadsheet)"
        ) from error
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}") from error
    table = _read_json(text, names) if is_json(path) else _read_csv(text, names)
    if not table.rows:
        raise FileError(f"{path} has no rows")
    for column in required:
        found = names.get(column, column)
        if found not in table.columns:
            raise FileError(
                f"{path} has no column {found!r}; it has {', '.join(table.columns)}. "
                f"Name the one to use with --map {column}=..."
            )
    return table


def is_json(path: Path) -> bool:
    """Tell by its name whether a file holds JSON lines."""
    return path.suffix in {".jsonl", ".ndjson", ".json"}


def _read_csv(text: str, names: Mapping[str, str]) -> Table:
    csv.field_size_limit(MAX_CELL)
    head = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=head.count)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True)
    columns: tuple[str, ...] = ()
    rows: list[Row | RowError] = []
    start = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return Table(columns, rows)
        except csv.Error as error:
            rows.append(RowError(Row(start, {}, {}), f"the row is not CSV: {error}"))
            start = reader.line_num + 1
            continue
        line, start = start, reader.line_num + 1
        if not any(cells):
            continue
        if not columns:
            columns = _columns(cells)
        else:
            rows.append(_csv_row(line, columns, cells, names))


def _columns(cells: list[str]) -> tuple[str, ...]:
    columns = tuple(cell.strip() for cell in cells)
    for column in columns:
        if columns.count(column) > 1:
            raise FileError(f"the file has two columns {column!r}; rename one")
    return columns


def _csv_row(
    line: int, columns: tuple[str, ...], cells: list[str], names: Mapping[str, str]
) -> Row | RowError:
    given = dict(zip(columns, cells, strict=False))
    row = Row(line, _values(given, names), given)
    if len(cells) > len(columns) and any(cells[len(columns) :]):
        return RowError(
            row,
            f"the row has {len(cells)} cells, the header {len(columns)}; put answers with "
            "commas in quotes",
        )
    return row


def _read_json(text: str, names: Mapping[str, str]) -> Table:
    columns: dict[str, None] = {}
    rows: list[Row | RowError] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            given = load_json(line)
        except AnswerError as error:
            rows.append(RowError(Row(number, {}, {}), f"the line is not JSON: {error}"))
            continue
        if not isinstance(given, dict):
            rows.append(RowError(Row(number, {}, {}), "the line is not a JSON object"))
            continue
        columns.update(dict.fromkeys(given))
        rows.append(Row(number, _values(given, names), given))
    return Table(tuple(columns), rows)


def _values(given: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return the cells by Grader's names: renamed where *names* says so."""
    renamed = {name: given[column] for name, column in names.items() if column in given}
    return {**given, **renamed}


def write_csv(stream: TextIO, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as CSV; text that a spreadsheet would run as a formula is guarded."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([guard(column) for column in columns])
    for row in rows:
        writer.writerow([guard(_cell(row.get(column, ""))) for column in columns])


def write_json(stream: TextIO, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as JSON lines."""
    for row in rows:
        record = {column: _json(row[column]) for column in columns if column in row}
        stream.write(json.dumps(record, ensure_ascii=False) + "\n")


def guard(cell: str) -> str:
    """Return *cell* so that no spreadsheet runs it; numbers stay numbers.

    >>> guard("=1+1"), guard("-3"), guard("- 3 apples")
    ("'=1+1", '-3', "'- 3 apples")
    """
    if not cell.startswith(FORMULA_STARTS):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(_json(value), ensure_ascii=False)


def _json(value: Any) -> Any:
    if isinstance(value, Fraction):
        return float(value)
    if isinstance(value, list):
        return [_json(item) for item in value]
    if isinstance(value, dict):
        return {name: _json(item) for name, item in value.items()}
    return value


@contextmanager
def replacing(path: Path) -> Iterator[TextIO]:
    """Open a file beside *path* that takes its place when all is written; a failure leaves it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            yield stream
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
