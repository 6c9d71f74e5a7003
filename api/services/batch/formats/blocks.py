"""A piece of a file of answers: its rows as columns, whatever the file is written in."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import polars as pl

from api.services.batch.formats.columns import FIELDS

__all__ = ["BLOCK_BYTES", "Block", "Ints", "Source"]

BLOCK_BYTES = 16 * 1024 * 1024
"""How much of a file is looked at at a time."""

Ints = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


@dataclass(slots=True)
class Block:
    """Rows of a file that stand together.

    *cells* are the columns of the file but for earlier results; a cell that is not there is null.
    *fields* are ours as text, whatever they are called in the file. *lines* says where each row
    begins, *errors* why a row cannot be read. *read* is how many bytes of the file are behind it.
    """

    cells: pl.DataFrame | None
    fields: pl.DataFrame
    lines: Ints
    read: int
    again: Callable[[], pl.DataFrame]
    errors: Mapping[int, str] = field(default_factory=dict)

    @property
    def height(self) -> int:
        """How many rows there are."""
        return len(self.lines)

    def forget(self) -> None:
        """Let go of the cells, which are read again when they are asked for."""
        self.cells = None
        self.fields = pl.DataFrame(schema=dict.fromkeys(FIELDS, pl.String))

    def rows(self) -> pl.DataFrame:
        """Return the cells."""
        return self.again() if self.cells is None else self.cells


class Source(Protocol):
    """A file of answers.

    *columns* are known when all of it was read, *size* is in bytes. Where *json* is true the cells
    are JSON text, where *typed_json* is true the answers are, as `grader.json_values` writes them.
    """

    path: Path
    size: int
    json: bool
    typed_json: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the file, in order."""

    def blocks(self) -> Iterator[Block]:
        """Yield the rows of the file, block by block; `FileError` where it cannot be used."""
