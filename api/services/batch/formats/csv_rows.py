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
from api.services.batch.formats.blocks import BLOCK_BYTES, Block
from api.services.batch.formats.columns import FIELDS, RESULT_FIELDS, column_of, is_output
from api.services.batch.formats.plain_csv import plain_rows
from api.services.files.csv_rows import (
    Records,
    columns_of,
    delimiter_of,
    not_utf8,
    unguard,
)

__all__ = ["CsvSource"]

MARK: Final = b"\xef\xbb\xbf"
GUARD: Final = r"^'('*[=+\-@\t\r])"


@dataclass(frozen=True, slots=True)
class _Place:
    """Start of a block: the byte, the line number, and the wasted lines before it."""

    byte: int
    line: int
    wasted: int = 0


@dataclass(frozen=True, slots=True)
class _Piece:
    """The rows from one place to the next: raw cells, the line of each row, and errors."""

    cells: pl.DataFrame
    lines: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    errors: Mapping[int, str]
    end: _Place


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
                start = len(MARK) if stream.read(len(MARK)) == MARK else 0
        except OSError as error:
            raise FileError(f"{path} cannot be read: {error.strerror}") from error
        self._delimiter = ","
        self._header, self._start = self._read_header(_Place(start, 1))
        columns = columns_of(self._header)
        self._guarded = is_output(columns)
        self._columns = tuple(map(unguard, columns)) if self._guarded else columns
        self._fields = {one: column_of(one, self._columns, names) for one in FIELDS}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the file, in order."""
        return self._columns

    def blocks(self) -> Iterator[Block]:
        """Yield the rows of the file, block by block. Raises `FileError` if it is not UTF-8."""
        at = self._start
        while self._header and at.byte < self.size:
            piece = self._piece(at)
            yield self._block(at, piece)
            at = piece.end

    def _read_header(self, start: _Place) -> tuple[list[str], _Place]:
        """Return the cells of the header, and the place where the rows begin."""
        with closing(self._lines(start)) as lines:
            blank = []
            for line in lines:
                blank.append(line)
                if line.strip():
                    self._delimiter = delimiter_of(line)
                    break
            records = Records(chain(blank, lines), self._delimiter)
            for _, found in records:
                if isinstance(found, csv.Error):
                    said = f"the header is not CSV: {found}; look at its quotes"
                    raise FileError(said) from found
                if any(found):
                    return found, _Place(start.byte + records.read, records.line)
        return [], start

    def _lines(self, start: _Place) -> Generator[str, None, None]:
        """Yield the lines from a place on, with their line endings preserved."""
        try:
            with self.path.open(encoding="utf-8", newline="") as stream:
                stream.seek(start.byte)
                yield from stream
        except UnicodeDecodeError as error:
            raise not_utf8(self.path) from error
        except OSError as error:
            raise FileError(f"{self.path} cannot be read: {error.strerror}") from error

    def _piece(self, at: _Place) -> _Piece:
        with self.path.open("rb") as stream:
            stream.seek(at.byte)
            data = stream.read(self._block_bytes)
        last = at.byte + len(data) >= self.size
        plain = plain_rows(data, self._delimiter, len(self._header), last=last)
        spare = len(self._columns)
        if plain is None or any(
            plain.cells.get_column(name).str.strip_chars().str.len_bytes().any()
            for name in plain.cells.columns[spare:]
        ):
            return self._row_by_row(at, len(data))
        end = _Place(at.byte + plain.read, at.line + plain.ended, at.wasted)
        return _Piece(plain.cells[:, :spare], plain.lines + at.line, {}, end)

    def _row_by_row(self, at: _Place, count: int) -> _Piece:
        """Read rows one by one, until at least *count* bytes or the end of the file."""
        rows: list[list[str | None]] = []
        lines: list[int] = []
        errors: dict[int, str] = {}
        with closing(self._lines(at)) as text:
            records = Records(text, self._delimiter, line=at.line, wasted=at.wasted)
            for line, found in records:
                cells, error = self._row(found)
                if error:
                    errors[len(rows)] = error
                if isinstance(found, csv.Error) or any(found):
                    rows.append(cells)
                    lines.append(line)
                if records.read >= count:
                    break
        schema = {str(place): pl.String for place in range(len(self._columns))}
        frame = pl.DataFrame(rows, schema=schema, orient="row")
        end = _Place(at.byte + records.read, records.line, records.wasted)
        return _Piece(frame, np.array(lines, np.int64), errors, end)

    def _row(self, found: list[str] | csv.Error) -> tuple[list[str | None], str]:
        """Return the cells of a row, padded or cut to the columns, and its error."""
        width = len(self._columns)
        if isinstance(found, csv.Error):
            return [None] * width, f"the row is not CSV: {found}; look at its quotes"
        cells = [*found[:width], *[None] * (width - len(found))]
        if any(cell.strip() for cell in found[width:]):
            return cells, (
                f"the row has {len(found)} cells, the header {width}; put answers with "
                "commas in quotes"
            )
        return cells, ""

    def _block(self, at: _Place, piece: _Piece) -> Block:
        cells = piece.cells.rename(dict(zip(piece.cells.columns, self._columns, strict=True)))
        if self._guarded:
            kept = [name for name in self._columns if name not in RESULT_FIELDS]
            cells = cells.select(pl.col(kept).str.replace(GUARD, "$1"))
        fields = pl.DataFrame([self._field(cells, field) for field in FIELDS])
        return Block(
            cells,
            fields,
            piece.lines,
            piece.end.byte,
            lambda: self._block(at, self._piece(at)).rows(),
            piece.errors,
        )

    def _field(self, cells: pl.DataFrame, field: str) -> pl.Series:
        column = self._fields[field]
        if column is None:
            return pl.Series(field, [None], pl.String).new_from_index(0, cells.height)
        return cells.get_column(column).alias(field)
