"""CSV in blocks: plain blocks by polars, others row by row."""

import csv
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from api.core.errors import FileError
from api.services.batch.formats.blocks import BLOCK_BYTES, RowBlock
from api.services.batch.formats.columns import (
    INPUT_FIELDS,
    RESULT_FIELDS,
    find_column,
    is_batch_output,
)
from api.services.batch.formats.plain_csv import parse_plain_rows
from api.services.files.csv_rows import (
    CsvRecords,
    detect_delimiter,
    not_utf8_error,
    parse_header,
    unescape_formula,
)

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
GUARD_PATTERN: Final = r"^'('*[=+\-@\t\r])"


@dataclass(frozen=True, slots=True)
class _Position:
    """Start of a block: the byte, the line number, and the wasted lines before it."""

    byte: int
    line: int
    wasted: int = 0


@dataclass(frozen=True, slots=True)
class _RawBlock:
    """The rows from one place to the next: raw cells, the line of each row, and errors."""

    cells: pl.DataFrame
    lines: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    errors: Mapping[int, str]
    end: _Position


class CsvSource:
    """A CSV file of answers. If it is an output of a batch, formula guards are removed.

    *names* maps our columns to the file's. Raises `FileError` if its columns cannot be used.
    """

    json = typed_json = False

    def __init__(
        self, path: Path, names: Mapping[str, str], *, block_bytes: int = BLOCK_BYTES
    ) -> None:
        self.path, self._block_bytes = path, block_bytes
        try:
            self.size = path.stat().st_size
            with path.open("rb") as stream:
                start = (
                    len(BYTE_ORDER_MARK)
                    if stream.read(len(BYTE_ORDER_MARK)) == BYTE_ORDER_MARK
                    else 0
                )
        except OSError as error:
            raise FileError(f"{path} cannot be read: {error.strerror}") from error
        self._delimiter = ","
        self._header, self._start = self._read_header(_Position(start, 1))
        columns = parse_header(self._header)
        self._guarded = is_batch_output(columns)
        self._columns = tuple(map(unescape_formula, columns)) if self._guarded else columns
        self._fields = {field: find_column(field, self._columns, names) for field in INPUT_FIELDS}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the file, in order."""
        return self._columns

    def read_blocks(self) -> Iterator[RowBlock]:
        """Yield the rows of the file, block by block. Raises `FileError` if it is not UTF-8."""
        position = self._start
        while self._header and position.byte < self.size:
            raw_block = self._read_raw_block(position)
            yield self._build_block(position, raw_block)
            position = raw_block.end

    def _read_header(self, start: _Position) -> tuple[list[str], _Position]:
        """Return the cells of the header, and the place where the rows begin."""
        with closing(self._iterate_lines_from(start)) as lines:
            blank = []
            for line in lines:
                blank.append(line)
                if line.strip():
                    self._delimiter = detect_delimiter(line)
                    break
            records = CsvRecords(chain(blank, lines), self._delimiter)
            for _, cells in records:
                if isinstance(cells, csv.Error):
                    message = f"the header is not CSV: {cells}; check its quotes"
                    raise FileError(message) from cells
                if any(cells):
                    return cells, _Position(start.byte + records.bytes_read, records.line)
        return [], start

    def _iterate_lines_from(self, start: _Position) -> Generator[str, None, None]:
        """Yield the lines from a place on, with their line endings preserved."""
        try:
            with self.path.open(encoding="utf-8", newline="") as stream:
                stream.seek(start.byte)
                yield from stream
        except UnicodeDecodeError as error:
            raise not_utf8_error(self.path) from error
        except OSError as error:
            raise FileError(f"{self.path} cannot be read: {error.strerror}") from error

    def _read_raw_block(self, start: _Position) -> _RawBlock:
        with self.path.open("rb") as stream:
            stream.seek(start.byte)
            data = stream.read(self._block_bytes)
        last = start.byte + len(data) >= self.size
        plain = parse_plain_rows(data, self._delimiter, len(self._header), last=last)
        width = len(self._columns)
        if plain is None or any(
            plain.cells.get_column(name).str.strip_chars().str.len_bytes().any()
            for name in plain.cells.columns[width:]
        ):
            return self._read_row_by_row(start, len(data))
        end = _Position(start.byte + plain.byte_count, start.line + plain.line_count, start.wasted)
        return _RawBlock(plain.cells[:, :width], plain.lines + start.line, {}, end)

    def _read_row_by_row(self, start: _Position, count: int) -> _RawBlock:
        """Read rows one by one, until at least *count* bytes or the end of the file."""
        rows: list[list[str | None]] = []
        lines: list[int] = []
        errors: dict[int, str] = {}
        with closing(self._iterate_lines_from(start)) as text:
            records = CsvRecords(text, self._delimiter, line=start.line, wasted=start.wasted)
            for line, record in records:
                cells, error = self._fit_row_to_columns(record)
                if error:
                    errors[len(rows)] = error
                if isinstance(record, csv.Error) or any(record):
                    rows.append(cells)
                    lines.append(line)
                if records.bytes_read >= count:
                    break
        schema = {str(place): pl.String for place in range(len(self._columns))}
        frame = pl.DataFrame(rows, schema=schema, orient="row")
        end = _Position(start.byte + records.bytes_read, records.line, records.wasted_lines)
        return _RawBlock(frame, np.array(lines, np.int64), errors, end)

    def _fit_row_to_columns(self, record: list[str] | csv.Error) -> tuple[list[str | None], str]:
        """Return the cells of a row, padded or cut to the columns, and its error."""
        width = len(self._columns)
        if isinstance(record, csv.Error):
            return [None] * width, f"the row is not CSV: {record}; check its quotes"
        cells = [*record[:width], *[None] * (width - len(record))]
        if any(cell.strip() for cell in record[width:]):
            return cells, (
                f"the row has {len(record)} cells, the header {width}; put answers with "
                "commas in quotes"
            )
        return cells, ""

    def _build_block(self, start: _Position, raw_block: _RawBlock) -> RowBlock:
        cells = raw_block.cells.rename(
            dict(zip(raw_block.cells.columns, self._columns, strict=True))
        )
        if self._guarded:
            input_columns = [name for name in self._columns if name not in RESULT_FIELDS]
            cells = cells.select(pl.col(input_columns).str.replace(GUARD_PATTERN, "$1"))
        fields = pl.DataFrame([self._extract_field(cells, field) for field in INPUT_FIELDS])
        return RowBlock(
            cells,
            fields,
            raw_block.lines,
            raw_block.end.byte,
            lambda: self._build_block(start, self._read_raw_block(start)).load_cells(),
            raw_block.errors,
        )

    def _extract_field(self, cells: pl.DataFrame, field: str) -> pl.Series:
        column = self._fields[field]
        if column is None:
            return pl.Series(field, [None], pl.String).new_from_index(0, cells.height)
        return cells.get_column(column).alias(field)
