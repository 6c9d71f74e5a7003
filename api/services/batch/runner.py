"""Run of a batch from file to output: read, grade, write."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, TypeAlias

import polars as pl

from api.core.errors import FileError
from api.services.batch.checkpoints import FORMAT_VERSION, CheckpointFolder, open_checkpoint_folder
from api.services.batch.executors import BatchPool, grade_chunks, open_inline_pool
from api.services.batch.formats.blocks import BatchSource, RowBlock
from api.services.batch.formats.columns import check_columns
from api.services.batch.formats.outputs import BatchOutput, RejectsOutput
from api.services.batch.formats.writers import BatchInputFormat, create_writer
from api.services.batch.grading import GradedRows, grade_answers
from api.services.batch.grading_jobs import Chunk
from api.services.batch.interning import Interner
from api.services.batch.questions import BatchProblems, index_parts
from api.services.batch.summary import HEAD_ROWS, BatchSummary, summarize_batch
from api.services.batch.verdict_frames import verdicts_to_frame
from api.services.batch.verdicts import build_failed_verdicts
from api.services.files.atomic_output import convert_os_errors, write_file_atomically
from grader import ENGINE

MAX_CELL_BYTES: Final = 256 * 1024 * 1024
"""Bytes of cells kept in memory while a file is graded; other cells are read again."""

ProgressReporter: TypeAlias = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Context manager that shows the progress of a phase with a total.

It yields a function that is called with each further amount of work done.
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """Input, problems and outputs of a batch.

    *rejects* gets the rows that failed. Without *out*, the results are written as CSV to *stream*,
    if there is one. *names* maps our columns to the file's.
    """

    source: BatchSource
    problems: BatchProblems
    out: Path | None = None
    rejects: Path | None = None
    stream: IO[str] | None = None
    names: Mapping[str, str] = field(default_factory=dict)


def report_no_progress(_title: str, _total: int) -> AbstractContextManager[Callable[[int], None]]:
    """Report no progress."""
    return nullcontext(lambda _count: None)


def run_batch(
    batch: Batch, pool: BatchPool | None = None, *, watch: ProgressReporter = report_no_progress
) -> BatchSummary:
    """Grade a file, write it with its results, and return a summary.

    Raises `FileError` if that is not possible; then no output is written.
    """
    if pool is not None:
        return _BatchRun(batch, pool, watch).run()
    with open_inline_pool() as alone:
        return _BatchRun(batch, alone, watch).run()


class _BatchRun:
    """One run of a batch, phase by phase."""

    def __init__(self, batch: Batch, pool: BatchPool, watch: ProgressReporter) -> None:
        self._batch, self._pool, self._watch = batch, pool, watch
        self._initial_stat = batch.source.path.stat()
        self._blocks: list[RowBlock] = []
        self._head = pl.DataFrame(schema=dict.fromkeys(("student", "problem", "part"), pl.String))

    def run(self) -> BatchSummary:
        """Read, grade and write."""
        batch = self._batch
        answers = self._read_and_intern_rows().build_answers()
        part_index = index_parts(answers, batch.problems, self._pool.executor)
        with convert_os_errors(batch.out), self._open_checkpoints() as checkpoints:
            checkpoints.discard_parts_unless_current(self._build_manifest())
            grade_level = _CheckpointedGrader(checkpoints, self._pool, self._watch)
            graded = grade_answers(answers, part_index, batch.problems, grade_level)
            del answers, part_index
            summary = self._write_outputs(checkpoints, graded)
            summary.resumed = checkpoints.resumed
        return summary

    def _read_and_intern_rows(self) -> Interner:
        """Return all rows as numbers, and keep their cells in memory up to `MAX_CELL_BYTES`."""
        source, interner, cell_bytes, read_bytes = self._batch.source, Interner(), 0, 0
        with self._watch("Reading", source.size) as advance:
            for block in source.read_blocks():
                interner.add(block)
                if self._head.height < HEAD_ROWS:
                    names = block.fields.select("student", "problem", "part")
                    self._head = pl.concat([self._head, names]).head(HEAD_ROWS)
                block.fields = block.fields.clear()
                cell_bytes += 0 if block.cells is None else int(block.cells.estimated_size())
                if cell_bytes > MAX_CELL_BYTES:
                    block.cells = None
                self._blocks.append(block)
                advance(block.end_byte - read_bytes)
                read_bytes = block.end_byte
        if not interner.height:
            raise FileError(f"{source.path} has no rows")
        check_columns(source.path, source.columns, self._batch.names)
        return interner

    @contextmanager
    def _open_checkpoints(self) -> Iterator[CheckpointFolder]:
        """Yield the folder of parts: next to the output, or temporary without an output."""
        if self._batch.out is not None:
            with open_checkpoint_folder(self._batch.out) as checkpoints:
                yield checkpoints
        else:
            with tempfile.TemporaryDirectory(prefix="grader-") as folder:
                yield CheckpointFolder(Path(folder))

    def _build_manifest(self) -> Mapping[str, object]:
        """Return everything on which the parts depend."""
        batch = self._batch
        with batch.source.path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        self._check_unchanged()
        return {
            "form": FORMAT_VERSION,
            "input": digest,
            "columns": batch.source.columns,
            "names": dict(batch.names),
            "engine": ENGINE,
            "problems": batch.problems.digest(),
            "blocks": [block.end_byte for block in self._blocks],
            "output": "" if batch.out is None else batch.out.suffix,
            "rejects": "" if batch.rejects is None else batch.rejects.suffix,
            "polars": pl.__version__,
        }

    def _check_unchanged(self) -> None:
        now, then = self._batch.source.path.stat(), self._initial_stat
        if (now.st_size, now.st_mtime_ns) != (then.st_size, then.st_mtime_ns):
            raise FileError(f"{self._batch.source.path} was changed while it was read. Start again")

    def _write_outputs(self, checkpoints: CheckpointFolder, graded: GradedRows) -> BatchSummary:
        """Write the rows with their results, block by block, and return the summary."""
        start, outputs = 0, self._create_outputs(checkpoints, graded)
        with self._watch("Writing", len(graded.verdict_indices)) as advance:
            for block in self._blocks:
                for output in outputs.values():
                    output.write_block(block, start)
                start += block.height
                block.cells = None
                advance(block.height)
        self._check_unchanged()
        for path, output in outputs.items():
            if path is not None:
                write_file_atomically(path, output.concatenate_parts)
            else:
                self._print_output(output, checkpoints)
        return summarize_batch(graded, self._blocks, self._head)

    def _create_outputs(
        self, checkpoints: CheckpointFolder, graded: GradedRows
    ) -> dict[Path | None, BatchOutput]:
        """Return the outputs by path; the path of the stream is None."""
        batch = self._batch
        input_format = BatchInputFormat(batch.source.columns, json=batch.source.json)
        outputs: dict[Path | None, BatchOutput] = {}
        if batch.out is not None or batch.stream is not None:
            outputs[batch.out] = BatchOutput(
                create_writer(batch.out, input_format), graded, checkpoints
            )
        if batch.rejects is not None:
            outputs[batch.rejects] = RejectsOutput(
                create_writer(batch.rejects, input_format), graded, checkpoints
            )
        return outputs

    def _print_output(self, output: BatchOutput, checkpoints: CheckpointFolder) -> None:
        joined = checkpoints.part_path("joined")
        output.concatenate_parts(joined)
        with joined.open(encoding="utf-8", newline="") as file:
            assert self._batch.stream is not None  # noqa: S101  # its output needs a stream
            shutil.copyfileobj(file, self._batch.stream)


class _CheckpointedGrader:
    """Grades the questions of a level in chunks, each stored as a part."""

    def __init__(
        self, checkpoints: CheckpointFolder, pool: BatchPool, watch: ProgressReporter
    ) -> None:
        self._checkpoints, self._pool, self._watch = checkpoints, pool, watch

    def __call__(self, level: int, count: int, chunks: Iterator[Chunk]) -> pl.DataFrame:
        """Return the verdicts in the order of the questions."""
        frames: dict[int, pl.DataFrame] = {}
        with self._watch("Marking", count) as advance:
            missing = self._iterate_missing_chunks(level, chunks, frames)
            for number, verdicts in grade_chunks(self._pool, missing):
                frames[number] = verdicts_to_frame(verdicts)
                self._checkpoints.write_frame(self._part_name(level, number), frames[number])
                advance(frames[number].height)
        return pl.concat(
            [
                verdicts_to_frame(build_failed_verdicts(())),
                *(frames[number] for number in sorted(frames)),
            ]
        )

    def _iterate_missing_chunks(
        self, level: int, chunks: Iterator[Chunk], frames: dict[int, pl.DataFrame]
    ) -> Iterator[tuple[int, Chunk]]:
        """Yield the chunks that are not graded yet; add the stored verdicts to *frames*."""
        for number, chunk in enumerate(chunks):
            frame = self._checkpoints.read_frame(self._part_name(level, number))
            if frame is None:
                yield number, chunk
            else:
                frames[number] = frame

    def _part_name(self, level: int, number: int) -> str:
        return f"judged-{level}-{number:06}"
