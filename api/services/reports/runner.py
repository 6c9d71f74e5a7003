"""Grading of report files in worker processes with limits of memory and time."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from api.core.errors import FileError
from api.core.worker_pool import DeadlineExceeded, WorkerPool
from api.services.reports.documents import FILE_ENDINGS, MAX_FILE_BYTES
from api.services.reports.grading import ReportRow, grade_in_worker
from api.services.reports.sheets import Sheet

REPORT_SECONDS: Final = 60.0
"""How long one report may take, its file and its answers."""
MAX_FILES: Final = 2_000
TOO_LONG: Final = "the report takes too long to read; remove images, logs and data"
CRASHED: Final = (
    "the document could not be read; save it as another kind of file, such as .md or .docx"
)
INTERNAL_ERROR: Final = (
    "Grader failed to read the document because of an error in Grader; tell the course staff"
)

log = logging.getLogger("api.reports")


def find_reports(paths: Sequence[Path]) -> list[Path]:
    """Return the report files of files and folders, each once; those of a folder are sorted.

    Raise `FileError` if there are none.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(
                file
                for file in path.iterdir()
                if file.is_file() and file.suffix.lower() in FILE_ENDINGS and file.name[0] != "."
            )
        elif path.is_file():
            files.append(path)
        else:
            raise FileError(f"there is no file or folder {path}")
    files = list({file.parent.resolve() / file.name: file for file in files}.values())
    if not files:
        raise FileError(f"there is no report ({', '.join(FILE_ENDINGS)}) in this folder")
    if len(files) > MAX_FILES:
        raise FileError(f"these are {len(files):,} reports; at most {MAX_FILES:,} are read at once")
    return files


def derive_student_names(files: Sequence[Path]) -> list[str]:
    """Return the student of each file: its name without the ending.

    If two names are the same, they get the ending, then the folder, then the whole path.

    >>> derive_student_names([Path("a.md"), Path("b.md"), Path("b.tex")])
    ['a', 'b.md', 'b.tex']
    >>> derive_student_names([Path("dl/g1/a.md"), Path("dl/g2/a.md")])
    ['g1/a.md', 'g2/a.md']
    """
    names = [file.stem for file in files]
    longer_names = (
        [file.name for file in files],
        [str(PurePosixPath(file.parent.name, file.name)) for file in files],
        [file.as_posix() for file in files],
    )
    for longer in longer_names:
        counts = Counter(names)
        names = [
            name if counts[name] == 1 else long_name
            for name, long_name in zip(names, longer, strict=True)
        ]
    return names


def grade_files(
    files: Sequence[Path], sheet: Sheet, bank: Path | None, *, workers: int
) -> Iterator[list[ReportRow]]:
    """Yield the rows of each file, in order; a file that cannot be read stops no other."""
    with _open_pool(min(workers, len(files))) as pool:
        pending: list[tuple[str, Future[list[dict[str, str]]] | str]] = []
        for student, file in zip(derive_student_names(files), files, strict=True):
            pending.append((student, _submit_file(pool, file, student, sheet, bank)))
            if len(pending) > 2 * workers:
                yield _collect_rows(*pending.pop(0))
        while pending:
            yield _collect_rows(*pending.pop(0))


@contextmanager
def _open_pool(workers: int) -> Iterator[WorkerPool]:
    pool = WorkerPool(
        workers,
        deadline_seconds=REPORT_SECONDS,
        preload="api.services.reports.grading",
        json_results=True,  # the sandbox keeps a parser that was taken over inside
    )
    try:
        yield pool
    finally:
        pool.kill()


def _submit_file(
    pool: WorkerPool, file: Path, student: str, sheet: Sheet, bank: Path | None
) -> Future[list[dict[str, str]]] | str:
    """Return the future rows of a file, or why it is refused before it is read."""
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        return f"the file cannot be read: {error.strerror}"
    return pool.submit(grade_in_worker, data, file.suffix, student, sheet, bank)


def _collect_rows(student: str, outcome: Future[list[dict[str, str]]] | str) -> list[ReportRow]:
    if isinstance(outcome, str):
        return [ReportRow(student, error=outcome)]
    try:
        return [ReportRow(**row) for row in outcome.result()]
    except DeadlineExceeded:
        return [ReportRow(student, error=TOO_LONG)]
    except BrokenExecutor:
        log.warning("a report crashed its reader: %s", student)
        return [ReportRow(student, error=CRASHED)]
    except Exception:  # a fault of Grader, or a result of a worker that was taken over
        log.exception("reading a report failed: %s", student)
        return [ReportRow(student, error=INTERNAL_ERROR)]
