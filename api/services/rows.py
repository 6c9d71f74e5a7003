"""Files of rows: CSV and JSON lines, read with line numbers, whatever is in them."""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

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
    "read_text",
    "unguard",
]

DELIMITERS: Final = ",;\t"
MAX_CELL: Final = 1_000_000
# A row that runs on for longer has a quote that was never closed. Where that is found again and
# again, less is tried, so that a file of such rows is read in a few times what its length takes.
MAX_LINES: Final = 2_000
FEW_LINES: Final = 50
MAX_WASTED: Final = 50 * MAX_LINES
FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
GUARDED: Final = re.compile(r"'+[=+\-@\t\r]")


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


def read_table(
    path: Path,
    *,
    names: Mapping[str, str],
    required: Sequence[str],
    results: Sequence[str] = (),
) -> Table:
    """Return the rows of a CSV or JSON-lines file; *names* maps Grader's columns to the file's.

    A CSV file with all columns of *results* is an output of ours: its cells lose their guards.
    Raises `FileError` where the file is missing, empty, not UTF-8, or lacks a column that is
    required or named.
    """
    text = read_text(path)
    table = _read_json(text, names) if is_json(path) else _read_csv(text, names, results)
    if not table.rows:
        raise FileError(f"{path} has no rows")
    for column in dict.fromkeys((*required, *names)):
        found = names.get(column, column)
        if found not in table.columns:
            raise FileError(
                f"{path} has no column {found!r}; it has {', '.join(table.columns)}. "
                f"Name the one to use with --map {column}=..."
            )
    return table


def read_text(path: Path) -> str:
    """Return the text of a file, or raise `FileError` where it is missing or not UTF-8."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(
            f"{path} is not UTF-8; save it as UTF-8 (CSV UTF-8 in a spreadsheet)"
        ) from error
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}") from error


def is_json(path: Path) -> bool:
    """Tell by its name whether a file holds JSON lines."""
    return path.suffix in {".jsonl", ".ndjson", ".json"}


def _read_csv(text: str, names: Mapping[str, str], results: Sequence[str]) -> Table:
    columns: tuple[str, ...] = ()
    rows: list[Row | RowError] = []
    ours = False
    for line, found in _records(text):
        if isinstance(found, csv.Error):
            said = f"is not CSV: {found}; look at its quotes"
            if not columns:
                raise FileError(f"the header {said}") from found
            rows.append(RowError(Row(line, {}, {}), f"the row {said}"))
            continue
        cells = list(map(unguard, found)) if ours else found
        if columns and any(cells):
            rows.append(_csv_row(line, columns, cells, names))
        elif any(cells):
            columns = _columns(cells)
            ours = bool(results) and set(results) <= set(columns)
            columns = tuple(map(unguard, columns)) if ours else columns
    return Table(columns, rows)


def _records(text: str) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """Yield the cells of each row with the line where it begins.

    A line with which no row begins comes with the error; reading goes on with the line below it.
    """
    csv.field_size_limit(MAX_CELL)
    lines = list(io.StringIO(text, newline=""))
    head = next((line for line in lines if line.strip()), "")
    delimiter = max(DELIMITERS, key=head.count)
    at = wasted = 0
    while at < len(lines):
        end = at + (MAX_LINES if wasted < MAX_WASTED else FEW_LINES)
        ahead = map(lines.__getitem__, range(at, min(end, len(lines))))
        reader = csv.reader(ahead, delimiter=delimiter, strict=True)
        try:
            found: list[str] | csv.Error = next(reader)
        except csv.Error as error:
            found = error
        yield at + 1, found
        failed = isinstance(found, csv.Error)
        wasted += reader.line_num if failed else 0
        at += 1 if failed else reader.line_num


def _columns(cells: list[str]) -> tuple[str, ...]:
    """Return the names of the columns, without the empty ones at the end."""
    columns = [cell.strip() for cell in cells]
    while columns and not columns[-1]:
        columns.pop()
    for column in columns:
        if columns.count(column) > 1:
            raise FileError(f"the file has two columns {column!r}; rename one")
    return tuple(columns)


def _csv_row(
    line: int, columns: tuple[str, ...], cells: list[str], names: Mapping[str, str]
) -> Row | RowError:
    given = dict(zip(columns, cells, strict=False))
    row = Row(line, _values(given, names), given)
    if any(cell.strip() for cell in cells[len(columns) :]):
        return RowError(
            row,
            f"the row has {len(cells)} cells, the header {len(columns)}; put answers with "
            "commas in quotes",
        )
    return row


def _read_json(text: str, names: Mapping[str, str]) -> Table:
    columns: dict[str, None] = {}
    rows: list[Row | RowError] = []
    for number, line in enumerate(text.split("\n"), 1):
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
        if not _is_whole(line):
            rows.append(RowError(Row(number, {}, {}), "a character is cut in half; give both \\u"))
            continue
        columns.update(dict.fromkeys(given))
        rows.append(Row(number, _values(given, names), given))
    return Table(tuple(columns), rows)


def _is_whole(line: str) -> bool:
    """Tell whether all that the JSON spells can be written: both halves of each character."""
    try:
        json.dumps(json.loads(line), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _values(given: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return the cells by Grader's names: where *names* has one, only its column counts."""
    renamed = {name: given[column] for name, column in names.items() if column in given}
    return {column: cell for column, cell in given.items() if column not in names} | renamed


def guard(cell: str) -> str:
    """Return *cell* so that no spreadsheet runs it; numbers stay numbers.

    >>> guard("=1+1"), guard("-3"), guard("- 3 apples"), guard("'=1+1")
    ("'=1+1", '-3', "'- 3 apples", "''=1+1")
    """
    if not FORMULA.match(cell):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell


def unguard(cell: str) -> str:
    """Return what `guard` was given.

    >>> unguard("'=1+1"), unguard("-3"), unguard("''=1+1"), unguard("'quoted'")
    ('=1+1', '-3', "'=1+1", "'quoted'")
    """
    return cell[1:] if GUARDED.match(cell) else cell
