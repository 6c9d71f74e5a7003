"""Outputs of a batch: all rows with their results, and the rows that failed."""

from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from api.services.batch.carrying import Flags
from api.services.batch.checkpoints import Parts
from api.services.batch.formats.blocks import Block
from api.services.batch.formats.writing import Writer
from api.services.batch.grading import Marked

__all__ = ["Output", "Rejects"]


class Output:
    """All rows in order, each with its result; one part per block, called *name* and a number."""

    name = "rows"

    def __init__(self, writer: Writer, marked: Marked, parts: Parts) -> None:
        self._writer, self._marked, self._parts = writer, marked, parts
        self._paths: list[Path] = []

    @cached_property
    def results(self) -> pl.DataFrame:
        """The output columns of each verdict."""
        return self._writer.results(self._marked.verdicts)

    def add(self, block: Block, start: int) -> None:
        """Write the rows of a block, from row *start* on, unless its part already exists."""
        name = f"{self.name}-{len(self._paths):06}"
        self._paths.append(self._parts.path(name))
        if not self._parts.has(name):
            rows = slice(start, start + block.height)
            self._parts.write(name, lambda new: self._fill(new, block, rows))

    def join(self, target: Path) -> None:
        """Write all added blocks as one file."""
        self._writer.join(self._paths, target)

    def _fill(self, path: Path, block: Block, rows: slice) -> None:
        current = pl.Series("current", self._marked.current[rows])
        results = self.results[self._marked.result[rows]].with_columns(current)
        self._writer.part(path, block.rows(), results)


class Rejects(Output):
    """The rows that failed, in the output format, with line numbers before their errors.

    Once they are corrected, the file can be graded as it is.
    """

    name = "rejects"

    @cached_property
    def _fails(self) -> Flags:
        errors = self._marked.verdicts.get_column("error")
        return (errors != "").to_numpy()

    def _fill(self, path: Path, block: Block, rows: slice) -> None:
        failed = np.flatnonzero(self._fails[self._marked.result[rows]])
        verdicts = self._marked.verdicts[self._marked.result[rows][failed]]
        lines = pl.Series("line", np.asarray(block.lines)[failed], pl.Int64)
        told = verdicts.with_columns(lines).with_columns(
            pl.format("line {}: {}", "line", "error").alias("error")
        )
        current = pl.lit(value=False).alias("current")
        results = self._writer.results(told.drop("line")).with_columns(current)
        self._writer.part(path, block.rows()[failed], results)
