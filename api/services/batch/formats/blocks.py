"""Blocks of a file of answers: rows as columns, for every file format."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import polars as pl

BLOCK_BYTES = 16 * 1024 * 1024
"""Size of the blocks in which a file is read."""

Ints = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


@dataclass(slots=True)
class RowBlock:
    """Consecutive rows of a file.

    *cells* are the columns of the file without earlier results; a missing cell is null. *fields*
    are our columns as text, by our names. *lines* has the line at which each row begins, *errors*
    the reason why a row cannot be read. *end_byte* is the number of bytes up to the block's end.
    """

    cells: pl.DataFrame | None
    fields: pl.DataFrame
    lines: Ints
    end_byte: int
    reload_cells: Callable[[], pl.DataFrame]
    errors: Mapping[int, str] = field(default_factory=dict)

    @property
    def height(self) -> int:
        """Number of rows."""
        return len(self.lines)

    def load_cells(self) -> pl.DataFrame:
        """Return the cells, read again if they were freed."""
        return self.reload_cells() if self.cells is None else self.cells


class BatchSource(Protocol):
    """A file of answers.

    *columns* are complete once the whole file has been read. *size* is in bytes. *json*: cells are
    JSON text. *typed_json*: answers are JSON text as `grader.json_values` writes it.
    """

    path: Path
    size: int
    json: bool
    typed_json: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the file, in order."""

    def read_blocks(self) -> Iterator[RowBlock]:
        """Yield the rows of the file, block by block. Raises `FileError` if it cannot be used."""
