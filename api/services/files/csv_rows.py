"""CSV rows with line numbers, robust against malformed input, and cells safe for spreadsheets."""

import csv
import re
from collections import Counter, deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from api.core.errors import FileError

__all__ = [
    "MAX_CELL",
    "MAX_LINES",
    "Records",
    "columns_of",
    "delimiter_of",
    "guard",
    "is_json",
    "is_parquet",
    "not_utf8",
    "read_text",
    "unguard",
]

DELIMITERS: Final = ",;\t"
MAX_CELL: Final = 1_000_000
MAX_COLUMNS: Final = 5_000
# A longer row has an unclosed quote. After `MAX_WASTED` lines parsed in vain, fewer lines are
# tried, so that reading time stays linear in the length of the file.
MAX_LINES: Final = 2_000
FEW_LINES: Final = 50
MAX_WASTED: Final = 50 * MAX_LINES
FORMULA: Final = re.compile(r"'*+[=+\-@\t\r]")
GUARDED: Final = re.compile(r"'++[=+\-@\t\r]")


def read_text(path: Path) -> str:
    """Return the text of a file; raise `FileError` if it is missing or not UTF-8."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise not_utf8(path) from error
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}") from error


def not_utf8(path: Path) -> FileError:
    """Return the error for a file with another encoding."""
    return FileError(f"{path} is not UTF-8; save it as UTF-8 (CSV UTF-8 in a spreadsheet)")


def is_json(path: Path) -> bool:
    """Tell by its name whether a file has JSON lines."""
    return path.suffix in {".jsonl", ".ndjson", ".json"}


def is_parquet(path: Path) -> bool:
    """Tell by its name whether a file is Parquet."""
    return path.suffix in {".parquet", ".pq"}


class Records:
    """Iterator over the rows of CSV text: the first line number of each, and its cells.

    A line that begins no valid row yields the error; reading continues on the next line. *line* is
    the number of the next line, *read* the number of bytes read as rows, *wasted* the number of
    lines parsed in vain.
    """

    def __init__(
        self, lines: Iterator[str], delimiter: str, *, line: int = 1, wasted: int = 0
    ) -> None:
        csv.field_size_limit(MAX_CELL)
        self._lines, self._delimiter = lines, delimiter
        self._ahead: deque[str] = deque()
        self.line, self.read, self.wasted = line, 0, wasted

    def __iter__(self) -> Iterator[tuple[int, list[str] | csv.Error]]:
        """Yield the remaining rows."""
        while self._look_ahead(most := MAX_LINES if self.wasted < MAX_WASTED else FEW_LINES):
            found, taken = self._next(most)
            line = self.line
            self.read += sum(len(self._ahead.popleft().encode()) for _ in range(taken))
            self.line += taken
            yield line, found

    def _next(self, most: int) -> tuple[list[str] | csv.Error, int]:
        """Return the next row, of at most *most* lines, and the number of lines that it takes."""
        reader = csv.reader(islice(self._ahead, most), delimiter=self._delimiter, strict=True)
        try:
            return next(reader), reader.line_num
        except csv.Error as error:
            self.wasted += reader.line_num
            return error, 1

    def _look_ahead(self, count: int) -> bool:
        """Buffer at least *count* lines if the file has them; tell whether there is any."""
        if len(self._ahead) < count:
            self._ahead.extend(islice(self._lines, 2 * count))
        return bool(self._ahead)


def delimiter_of(head: str) -> str:
    """Return the delimiter of a file with this first line."""
    return max(DELIMITERS, key=head.count)


def columns_of(cells: list[str]) -> tuple[str, ...]:
    """Return the column names of a header, without empty ones at the end.

    Raises `FileError` for too many columns, or two with the same name.
    """
    columns = [cell.strip() for cell in cells]
    while columns and not columns[-1]:
        columns.pop()
    if len(columns) > MAX_COLUMNS:
        raise FileError(f"the file has {len(columns):,} columns; at most {MAX_COLUMNS:,} are read")
    for column, count in Counter(columns).items():
        if count > 1:
            raise FileError(f"the file has two columns {column!r}; rename one")
    return tuple(columns)


def guard(cell: str) -> str:
    """Escape *cell* so that no spreadsheet runs it as a formula; numbers stay numbers.

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
    """Undo `guard`.

    >>> unguard("'=1+1"), unguard("-3"), unguard("''=1+1"), unguard("'quoted'")
    ('=1+1', '-3', "'=1+1", "'quoted'")
    """
    return cell[1:] if GUARDED.match(cell) else cell
