"""Plain CSV: blocks that every CSV parser reads alike, detected by bytes and parsed by polars.

CSV that is not plain (a quote inside a word, a row with too few cells, empty lines) is not an
error: it is read row by row, with the same result.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import polars as pl

from api.services.batch.formats.blocks import Ints
from api.services.files.csv_rows import MAX_CELL_CHARACTERS, MAX_LINES

Bytes: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
QUOTE: Final = ord('"')
NEWLINE: Final = ord("\n")


@dataclass(frozen=True, slots=True)
class PlainRows:
    """Rows as columns of text, and the line (from 0) at which each begins.

    They span *byte_count* bytes and *line_count* lines.
    """

    cells: pl.DataFrame
    lines: Ints
    byte_count: int
    line_count: int


@dataclass(frozen=True, slots=True)
class _RowBounds:
    """Lines at which rows begin, and the extent of the rows in bytes and lines."""

    starts: Ints
    end: int
    newlines: int
    quotes: Ints


def parse_plain_rows(data: bytes, delimiter: str, width: int, *, last: bool) -> PlainRows | None:
    """Return the rows that end in *data*, each of *width* cells; None if they are not plain.

    *last*: nothing follows *data*.
    """
    data = data if last else data.removesuffix(b"\r")
    text = _normalize_newlines(data)
    bounds = None if text is None else _find_row_bounds(text, delimiter, last=last)
    if text is None or bounds is None:
        return None
    if b"\r" in data and bounds.newlines != len(bounds.starts) - (text[-1:] != b"\n" and last):
        return None  # a cell has line endings, which must be preserved
    cells = _parse_cells(text[: bounds.end], delimiter, width)
    if cells is None or cells.height != len(bounds.starts):
        return None
    if cells.get_column(cells.columns[-1]).null_count() and not _has_all_cells(
        text, bounds, delimiter, width
    ):
        return None
    returns = bounds.newlines if b"\r" in data else 0
    cells, lines = _drop_empty_rows(cells.select(pl.all().fill_null("")), bounds.starts)
    return PlainRows(cells, lines, bounds.end + returns, bounds.newlines)


def _normalize_newlines(data: bytes) -> bytes | None:
    r"""Return the text with \n as line endings; None if \r occurs elsewhere."""
    returns = data.count(b"\r")
    if not returns:
        return data
    if not data.count(b"\r\n") == returns == data.count(b"\n"):
        return None
    return data.replace(b"\r\n", b"\n")


def _find_row_bounds(text: bytes, delimiter: str, *, last: bool) -> _RowBounds | None:
    """Return the positions of the rows; None if quotes or lines are not plain."""
    characters = np.frombuffer(text, np.uint8)
    quotes, newlines = np.flatnonzero(characters == QUOTE), np.flatnonzero(characters == NEWLINE)
    ends = np.flatnonzero(np.searchsorted(quotes, newlines) % 2 == 0)
    if last:
        end, count = len(text), len(newlines)
    elif len(ends):
        end, count = int(newlines[ends[-1]]) + 1, int(ends[-1]) + 1
    else:
        return None
    quotes, newlines = quotes[: np.searchsorted(quotes, end)], newlines[:count]
    starts = np.concatenate((np.zeros(1, np.int64), ends + 1))
    boundaries = np.concatenate((np.full(1, -1), newlines[ends], np.full(1, end)))
    if text[end - 1 : end] == b"\n" and len(ends) and boundaries[-2] == end - 1:
        starts, boundaries = starts[:-1], boundaries[:-1]
    if not (
        _are_rows_within_limits(starts, boundaries, count)
        and _are_quotes_plain(characters[:end], quotes, delimiter)
    ):
        return None
    return _RowBounds(starts, end, count, quotes)


def _are_rows_within_limits(starts: Ints, boundaries: Ints, count: int) -> bool:
    """Return whether every row has at least one character and is within the size limits."""
    lengths, lines = np.diff(boundaries) - 1, np.diff(starts, append=count + 1)
    return bool(
        lengths.min() > 0 and lengths.max() < MAX_CELL_CHARACTERS and lines.max() < MAX_LINES
    )


def _are_quotes_plain(characters: Bytes, quotes: Ints, delimiter: str) -> bool:
    """Return whether every quote begins a cell, ends one, or is part of a doubled quote."""
    if len(quotes) % 2:
        return False
    edge = np.zeros(256, np.bool_)
    edge[[QUOTE, NEWLINE, ord(delimiter)]] = True
    before, after = quotes[::2] - 1, quotes[1::2] + 1
    begins = edge[characters[before]] | (before < 0)
    ends = edge[characters[np.minimum(after, len(characters) - 1)]] | (after == len(characters))
    return bool(begins.all() and ends.all())


def _parse_cells(text: bytes, delimiter: str, width: int) -> pl.DataFrame | None:
    """Return the columns as parsed by polars; None if it rejects the text."""
    try:
        return pl.read_csv(
            text,
            has_header=False,
            separator=delimiter,
            schema={str(index): pl.String for index in range(width)},
        )
    except pl.exceptions.PolarsError:
        return None


def _has_all_cells(text: bytes, bounds: _RowBounds, delimiter: str, width: int) -> bool:
    """Return whether no row has too few cells; polars has already rejected too many."""
    positions = np.flatnonzero(np.frombuffer(text, np.uint8)[: bounds.end] == ord(delimiter))
    outside = np.count_nonzero(np.searchsorted(bounds.quotes, positions) % 2 == 0)
    return bool(outside == len(bounds.starts) * (width - 1))


def _drop_empty_rows(cells: pl.DataFrame, lines: Ints) -> tuple[pl.DataFrame, Ints]:
    """Drop the rows whose cells are all empty."""
    if not (cells.get_column("0") == "").any():
        return cells, lines
    nonempty = cells.select(pl.any_horizontal(pl.all() != "")).to_series()
    return cells.filter(nonempty), lines[nonempty.to_numpy()]
