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
from api.services.batch.checkpoints import FORM, Parts, parts_beside
from api.services.batch.executors import Pool, here, spread
from api.services.batch.formats.blocks import Block, Source
from api.services.batch.formats.columns import check_columns
from api.services.batch.formats.outputs import Output, Rejects
from api.services.batch.formats.writing import Form, writer_of
from api.services.batch.grading import Marked, frame_of, mark_answers
from api.services.batch.interning import Interner
from api.services.batch.judging import Chunk
from api.services.batch.questions import Bank, find_places
from api.services.batch.summing import HEAD_ROWS, Summary, summary_of
from api.services.batch.verdicts import failures
from api.services.files.atomic_output import replaced, telling
from grader import ENGINE

__all__ = ["Batch", "Watch", "run_batch"]

MEMORY: Final = 256 * 1024 * 1024
"""How many bytes of cells are kept while a file is judged; the others are read again."""

Watch: TypeAlias = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Shows how far a phase is, of so many; what it yields is told how much more is done."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Input, problems and outputs of a batch.

    *rejects* gets the rows that failed. Without *out*, the results are written as CSV to *stream*,
    if there is one. *names* maps our columns to the file's.
    """

    source: Source
    bank: Bank
    out: Path | None = None
    rejects: Path | None = None
    stream: IO[str] | None = None
    names: Mapping[str, str] = field(default_factory=dict)


def unwatched(_title: str, _total: int) -> AbstractContextManager[Callable[[int], None]]:
    """Report no progress."""
    return nullcontext(lambda _count: None)


def run_batch(batch: Batch, pool: Pool | None = None, *, watch: Watch = unwatched) -> Summary:
    """Grade a file, write it with its results, and return a summary.

    Raises `FileError` if that is not possible; then no output is written.
    """
    if pool is not None:
        return _Run(batch, pool, watch).run()
    with here() as alone:
        return _Run(batch, alone, watch).run()


class _Run:
    """One run of a batch, phase by phase."""

    def __init__(self, batch: Batch, pool: Pool, watch: Watch) -> None:
        self._batch, self._pool, self._watch = batch, pool, watch
        self._stamp = batch.source.path.stat()
        self._blocks: list[Block] = []
        self._head = pl.DataFrame(schema=dict.fromkeys(("student", "problem", "part"), pl.String))

    def run(self) -> Summary:
        """Read, grade and write."""
        batch = self._batch
        answers = self._read().answers()
        places = find_places(answers, batch.bank, self._pool.executor)
        with telling(batch.out), self._parts() as parts:
            parts.begin(self._manifest())
            judge = _Judge(parts, self._pool, self._watch)
            marked = mark_answers(answers, places, batch.bank, judge)
            del answers, places
            summary = self._write(parts, marked)
            summary.resumed = parts.resumed
        return summary

    def _read(self) -> Interner:
        """Return all rows as numbers, and keep their cells in memory up to `MEMORY`."""
        source, interner, kept, read = self._batch.source, Interner(), 0, 0
        with self._watch("Reading", source.size) as advance:
            for block in source.blocks():
                interner.add(block)
                if self._head.height < HEAD_ROWS:
                    names = block.fields.select("student", "problem", "part")
                    self._head = pl.concat([self._head, names]).head(HEAD_ROWS)
                block.fields = block.fields.clear()
                kept += 0 if block.cells is None else int(block.cells.estimated_size())
                if kept > MEMORY:
                    block.cells = None
                self._blocks.append(block)
                advance(block.read - read)
                read = block.read
        if not interner.height:
            raise FileError(f"{source.path} has no rows")
        check_columns(source.path, source.columns, self._batch.names)
        return interner

    @contextmanager
    def _parts(self) -> Iterator[Parts]:
        """Yield the folder of parts: beside the output, or temporary if there is none."""
        if self._batch.out is not None:
            with parts_beside(self._batch.out) as parts:
                yield parts
        else:
            with tempfile.TemporaryDirectory(prefix="grader-") as folder:
                yield Parts(Path(folder))

    def _manifest(self) -> Mapping[str, object]:
        """Return everything on which the parts depend."""
        batch = self._batch
        with batch.source.path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        self._check_unchanged()
        return {
            "form": FORM,
            "input": digest,
            "columns": batch.source.columns,
            "names": dict(batch.names),
            "engine": ENGINE,
            "problems": batch.bank.digest(),
            "blocks": [block.read for block in self._blocks],
            "output": "" if batch.out is None else batch.out.suffix,
            "rejects": "" if batch.rejects is None else batch.rejects.suffix,
            "polars": pl.__version__,
        }

    def _check_unchanged(self) -> None:
        now, then = self._batch.source.path.stat(), self._stamp
        if (now.st_size, now.st_mtime_ns) != (then.st_size, then.st_mtime_ns):
            raise FileError(f"{self._batch.source.path} was changed while it was read; begin again")

    def _write(self, parts: Parts, marked: Marked) -> Summary:
        """Write the rows with their results, block by block, and return the summary."""
        start, outputs = 0, self._outputs(parts, marked)
        with self._watch("Writing", len(marked.result)) as advance:
            for block in self._blocks:
                for one in outputs.values():
                    one.add(block, start)
                start += block.height
                block.cells = None
                advance(block.height)
        self._check_unchanged()
        for path, one in outputs.items():
            if path is not None:
                replaced(path, one.join)
            else:
                self._print(one, parts)
        return summary_of(marked, self._blocks, self._head)

    def _outputs(self, parts: Parts, marked: Marked) -> dict[Path | None, Output]:
        """Return the outputs by path; None stands for the stream."""
        batch = self._batch
        form = Form(batch.source.columns, json=batch.source.json)
        outputs: dict[Path | None, Output] = {}
        if batch.out is not None or batch.stream is not None:
            outputs[batch.out] = Output(writer_of(batch.out, form), marked, parts)
        if batch.rejects is not None:
            outputs[batch.rejects] = Rejects(writer_of(batch.rejects, form), marked, parts)
        return outputs

    def _print(self, output: Output, parts: Parts) -> None:
        joined = parts.path("joined")
        output.join(joined)
        with joined.open(encoding="utf-8", newline="") as given:
            assert self._batch.stream is not None  # noqa: S101  # its output needs a stream
            shutil.copyfileobj(given, self._batch.stream)


class _Judge:
    """Grades the questions of a level in chunks, each stored as a part."""

    def __init__(self, parts: Parts, pool: Pool, watch: Watch) -> None:
        self._parts, self._pool, self._watch = parts, pool, watch

    def __call__(self, level: int, count: int, chunks: Iterator[Chunk]) -> pl.DataFrame:
        """Return the verdicts in the order of the questions."""
        found: dict[int, pl.DataFrame] = {}
        with self._watch("Marking", count) as advance:
            missing = self._missing(level, chunks, found)
            for number, verdicts in spread(self._pool, missing):
                found[number] = frame_of(verdicts)
                self._parts.keep(self._name(level, number), found[number])
                advance(found[number].height)
        return pl.concat([frame_of(failures(())), *(found[number] for number in sorted(found))])

    def _missing(
        self, level: int, chunks: Iterator[Chunk], found: dict[int, pl.DataFrame]
    ) -> Iterator[tuple[int, Chunk]]:
        """Yield the chunks that are not graded yet; add the stored verdicts to *found*."""
        for number, chunk in enumerate(chunks):
            frame = self._parts.read(self._name(level, number))
            if frame is None:
                yield number, chunk
            else:
                found[number] = frame

    def _name(self, level: int, number: int) -> str:
        return f"judged-{level}-{number:06}"
