"""CSV rows with line numbers, robust against malformed input, and cells safe for spreadsheets."""

import csv
import re
from collections import Counter, deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from api.core.errors import FileError

DELIMITERS: Final = ",;\t"
MAX_CELL_CHARACTERS: Final = 1_000_000
MAX_COLUMNS: Final = 5_000
# A longer row has an unclosed quote. After `MAX_WASTED_LINES` lines parsed in vain, fewer lines are
# tried, so that reading time stays linear in the length of the file.
MAX_LINES: Final = 2_000
REDUCED_MAX_LINES: Final = 50
MAX_WASTED_LINES: Final = 50 * MAX_LINES
FORMULA_START: Final = re.compile(r"'*+[=+\-@\t\r]")
ESCAPED_FORMULA_START: Final = re.compile(r"'++[=+\-@\t\r]")


def read_text(path: Path) -> str:
    """Return the text of a file; raise `FileError` if it is missing or not UTF-8."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise not_utf8_error(path) from error
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}") from error


def not_utf8_error(path: Path) -> FileError:
    """Return the error for a file with another encoding."""
    return FileError(f"{path} is not UTF-8; save it as UTF-8 (CSV UTF-8 in a spreadsheet)")


def has_json_extension(path: Path) -> bool:
    """Tell by its name whether a file has JSON lines."""
    return path.suffix in {".jsonl", ".ndjson", ".json"}


def has_parquet_extension(path: Path) -> bool:
    """Tell by its name whether a file is Parquet."""
    return path.suffix in {".parquet", ".pq"}


class CsvRecords:
    """Iterator over the rows of CSV text: the first line number of each, and its cells.

    A line that begins no valid row yields the error; reading continues on the next line. *line* is
    the number of the next line, *bytes_read* the number of bytes read as rows, *wasted_lines* the
    number of lines parsed in vain.
    """

    def __init__(
        self, lines: Iterator[str], delimiter: str, *, line: int = 1, wasted: int = 0
    ) -> None:
        csv.field_size_limit(MAX_CELL_CHARACTERS)
        self._lines, self._delimiter = lines, delimiter
        self._buffer: deque[str] = deque()
        self.line, self.bytes_read, self.wasted_lines = line, 0, wasted

    def __iter__(self) -> Iterator[tuple[int, list[str] | csv.Error]]:
        """Yield the remaining rows."""
        while self._fill_buffer(
            max_lines := MAX_LINES if self.wasted_lines < MAX_WASTED_LINES else REDUCED_MAX_LINES
        ):
            row, line_count = self._read_row(max_lines)
            line = self.line
            self.bytes_read += sum(len(self._buffer.popleft().encode()) for _ in range(line_count))
            self.line += line_count
            yield line, row

    def _read_row(self, max_lines: int) -> tuple[list[str] | csv.Error, int]:
        """Return the next row, of at most *max_lines* lines, and the number of its lines."""
        reader = csv.reader(islice(self._buffer, max_lines), delimiter=self._delimiter, strict=True)
        try:
            return next(reader), reader.line_num
        except csv.Error as error:
            self.wasted_lines += reader.line_num
            return error, 1

    def _fill_buffer(self, count: int) -> bool:
        """Buffer at least *count* lines if the file has them; tell whether there is any."""
        if len(self._buffer) < count:
            self._buffer.extend(islice(self._lines, 2 * count))
        return bool(self._buffer)


def detect_delimiter(head: str) -> str:
    """Return the delimiter of a file with this first line."""
    return max(DELIMITERS, key=head.count)


def parse_header(cells: list[str]) -> tuple[str, ...]:
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


def escape_formula(cell: str) -> str:
    """Escape *cell* so that no spreadsheet runs it as a formula; numbers stay numbers.

    >>> [escape_formula(cell) for cell in ["=1+1", "-3", "- 3 apples", "'=1+1"]]
    ["'=1+1", '-3', "'- 3 apples", "''=1+1"]
    """
    if not FORMULA_START.match(cell):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell


def unescape_formula(cell: str) -> str:
    """Undo `escape_formula`.

    >>> [unescape_formula(cell) for cell in ["'=1+1", "-3", "''=1+1", "'quoted'"]]
    ['=1+1', '-3', "'=1+1", "'quoted'"]
    """
    return cell[1:] if ESCAPED_FORMULA_START.match(cell) else cell
