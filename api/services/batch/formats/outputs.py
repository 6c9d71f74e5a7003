"""Outputs of a batch: all rows with their results, and the rows that failed."""

from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from api.services.batch.checkpoints import CheckpointFolder
from api.services.batch.formats.blocks import RowBlock
from api.services.batch.formats.writers import BatchWriter
from api.services.batch.grading import GradedRows
from api.services.batch.row_dependencies import Flags


class BatchOutput:
    """All rows in order, each with its result; one part per block, called *name* and a number."""

    name = "rows"

    def __init__(
        self, writer: BatchWriter, graded: GradedRows, checkpoints: CheckpointFolder
    ) -> None:
        self._writer, self._graded, self._checkpoints = writer, graded, checkpoints
        self._paths: list[Path] = []

    @cached_property
    def formatted_verdicts(self) -> pl.DataFrame:
        """The output columns of each verdict."""
        return self._writer.format_results(self._graded.verdicts)

    def write_block(self, block: RowBlock, start: int) -> None:
        """Write the rows of a block, from row *start* on, unless its part already exists."""
        name = f"{self.name}-{len(self._paths):06}"
        self._paths.append(self._checkpoints.part_path(name))
        if not self._checkpoints.has_part(name):
            rows = slice(start, start + block.height)
            self._checkpoints.write_atomically(name, lambda new: self._write_part(new, block, rows))

    def concatenate_parts(self, target: Path) -> None:
        """Write all added blocks as one file."""
        self._writer.join_parts(self._paths, target)

    def _write_part(self, path: Path, block: RowBlock, rows: slice) -> None:
        current = pl.Series("current", self._graded.current[rows])
        results = self.formatted_verdicts[self._graded.verdict_indices[rows]].with_columns(current)
        self._writer.write_part(path, block.load_cells(), results)


class RejectsOutput(BatchOutput):
    """The rows that failed, in the output format, with line numbers before their errors.

    Once they are corrected, the file can be graded as it is.
    """

    name = "rejects"

    @cached_property
    def _failed_verdict_mask(self) -> Flags:
        errors = self._graded.verdicts.get_column("error")
        return (errors != "").to_numpy()

    def _write_part(self, path: Path, block: RowBlock, rows: slice) -> None:
        failed = np.flatnonzero(self._failed_verdict_mask[self._graded.verdict_indices[rows]])
        verdicts = self._graded.verdicts[self._graded.verdict_indices[rows][failed]]
        lines = pl.Series("line", np.asarray(block.lines)[failed], pl.Int64)
        numbered = verdicts.with_columns(lines).with_columns(
            pl.format("line {}: {}", "line", "error").alias("error")
        )
        current = pl.lit(value=False).alias("current")
        results = self._writer.format_results(numbered.drop("line")).with_columns(current)
        self._writer.write_part(path, block.load_cells()[failed], results)
