"""A file of answers marked: CSV or JSON lines in, the same rows with their results out.

Rows of one student, problem and seed belong together wherever they stand, so that later parts
follow through from earlier ones. A repeated part is a later attempt. No database is touched.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Final, TextIO

from api.services.marking import Marker, decimal, result_record
from api.services.rows import (
    FileError,
    Row,
    RowError,
    is_json,
    replacing,
    write_csv,
    write_json,
)
from grader.errors import GraderError, ProblemError
from grader.grade import Result
from grader.kinds import KINDS
from grader.reading import Typed, is_blank
from grader.values import Value
from problems.book import BOOK

__all__ = [
    "FIELDS",
    "RESULT_FIELDS",
    "Marked",
    "Summary",
    "check_output",
    "mark_rows",
    "write_file",
    "write_rows",
]

FIELDS: Final = ("student", "problem", "part", "answer", "seed")
RESULT_FIELDS: Final = (
    "status",
    "credit",
    "score",
    "points",
    "read_as",
    "mistakes",
    "feedback",
    "error",
    "current",
)
MAX_SEED: Final = 2**53
GROUP_SEPARATOR: Final = "|"


@dataclass(slots=True)
class Marked:
    """A row with its result, or with the error that kept it from having one."""

    row: Row
    result: Result | None = None
    error: str = ""
    current: bool = False

    def fields(self) -> dict[str, str]:
        """Return the result columns as text: decimals with six digits, mistakes joined by ``|``."""
        if self.result is None:
            return {**dict.fromkeys(RESULT_FIELDS, ""), "error": self.error, "current": "false"}
        one = self.result
        return {
            "status": one.status,
            "credit": decimal(one.credit),
            "score": decimal(one.score),
            "points": decimal(one.points),
            "read_as": one.read_as,
            "mistakes": GROUP_SEPARATOR.join(one.mistakes),
            "feedback": one.feedback,
            "error": "",
            "current": "true" if self.current else "false",
        }

    def record(self) -> dict[str, object]:
        """Return the result as JSON data: the credit exact, numbers, lists and truth values."""
        told: dict[str, object] = dict.fromkeys(RESULT_FIELDS)
        if self.result is not None:
            told |= result_record(self.result)
        return told | {"error": self.error, "current": self.current}


@dataclass(slots=True)
class Summary:
    """Counts over a batch: rows by status, by mistake, and the rows that failed."""

    rows: int = 0
    failed: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    mistakes: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, marked: list[Marked]) -> "Summary":
        """Return the counts of *marked*."""
        summary = cls(rows=len(marked))
        for one in marked:
            if one.result is None:
                summary.failed += 1
            else:
                summary.statuses[one.result.status] += 1
                summary.mistakes.update(one.result.mistakes)
        return summary


@dataclass(frozen=True, slots=True)
class _Entry:
    """A row that names a problem, a part and a seed that there are."""

    marked: Marked
    part: str
    typed: Typed


def mark_rows(
    rows: list[Row | RowError], marker: Marker, *, progress: Callable[[int], None] | None = None
) -> list[Marked]:
    """Return every row of *rows*, in order, marked or with its error.

    *progress* is told how many more rows are done.
    """
    marked: list[Marked] = []
    groups: dict[tuple[str, str, int | None], list[_Entry]] = {}
    for row in rows:
        if isinstance(row, RowError):
            marked.append(Marked(row.row, error=row.message))
            continue
        one = Marked(row)
        marked.append(one)
        try:
            key, entry = _entry(one, marker)
        except GraderError as error:
            one.error = str(error)
        else:
            groups.setdefault(key, []).append(entry)
    if progress is not None:
        progress(sum(1 for one in marked if one.error))
    for (_, problem, seed), entries in groups.items():
        _mark_group(problem, seed, entries, marker)
        if progress is not None:
            progress(len(entries))
    return marked


def _entry(marked: Marked, marker: Marker) -> tuple[tuple[str, str, int | None], _Entry]:
    values = marked.row.values
    problem, part = _name(values, "problem"), _name(values, "part")
    seed = _seed(values.get("seed"))
    marker.catalogue.check_part(problem, part)
    answer = values.get("answer")
    typed: Typed = "" if answer is None else answer
    return (str(values.get("student") or ""), problem, seed), _Entry(marked, part, typed)


def _name(values: Mapping[str, Typed | None], column: str) -> str:
    value = values.get(column)
    if not isinstance(value, str) or not value.strip():
        raise ProblemError(f"the row has no {column}")
    return value.strip()


def _seed(value: Typed | None) -> int | None:
    """Return the seed of a row; an empty one means the original."""
    text = str(value).strip() if value is not None else ""
    if text in {"", "original"}:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(MAX_SEED)):
        raise ProblemError(
            f"the seed {text[:40]!r} is not a whole number from 0; leave it empty for the original"
        )
    return int(text)


def _mark_group(problem: str, seed: int | None, entries: list[_Entry], marker: Marker) -> None:
    """Mark the rows of one student, problem and seed, and flag the row of each part that counts."""
    carried = [_carries(problem, seed, entry, marker) for entry in entries]
    best: dict[str, Marked] = {}
    for at, entry in enumerate(entries):
        one = entry.marked
        try:
            before = _before(entries, carried, at)
            one.result = marker.mark(problem, entry.part, entry.typed, seed=seed, carried=before)
        except GraderError as error:
            one.error = str(error)
        except Exception as error:
            one.error = f"the answer could not be marked: {type(error).__name__}: {error}"
        held = best.get(entry.part)
        if one.result is not None and (held is None or _counts_over(one.result, held.result)):
            best[entry.part] = one
    for one in best.values():
        one.current = True


def _carries(problem: str, seed: int | None, entry: _Entry, marker: Marker) -> Value | None:
    """Return the value that the row's answer carries to later parts, None where it has none."""
    if is_blank(entry.typed):
        return None
    try:
        variant = marker.variant(problem, seed)
        part = variant.problem.part(entry.part)
        kind = KINDS[part.kind]
        return kind.carried(kind.read(entry.typed, part, variant.scope(BOOK)))
    except Exception:
        return None  # marking the row says what is wrong with it


def _before(entries: list[_Entry], carried: list[Value | None], at: int) -> dict[str, Value]:
    """Return what the row *at* may follow from.

    Of each other part that is the last readable answer before it, or, where there is none, the
    first one after it.
    """
    known: dict[str, Value] = {}
    for entry, value in zip(entries[at + 1 :], carried[at + 1 :], strict=True):
        if value is not None:
            known.setdefault(entry.part, value)
    for entry, value in zip(entries[:at], carried[:at], strict=True):
        if value is not None:
            known[entry.part] = value
    known.pop(entries[at].part, None)
    return known


def _counts_over(later: Result, held: Result | None) -> bool:
    """Tell whether a *later* attempt counts instead of the one *held*.

    It does if it earns more, or as much and is readable, or if the one held was not readable.
    """
    if held is None:
        return True
    if later.credit != held.credit:
        return (later.credit or Fraction(0)) > (held.credit or Fraction(0))
    return later.costs_attempt or not held.costs_attempt


def check_output(source: Path, target: Path, columns: Sequence[str]) -> None:
    """Raise `FileError` where results cannot be written to *target*: nothing is lost by trying."""
    if target.exists() and target.samefile(source):
        raise FileError(f"{target} is the file to be marked; write the results to another")
    if not target.parent.is_dir():
        raise FileError(f"there is no folder {target.parent}; make it first")
    taken = set(columns) & set(RESULT_FIELDS)
    if taken and taken != set(RESULT_FIELDS):
        raise FileError(
            f"{source} already has a column {min(taken)!r}, which the results would hide; rename it"
        )


def write_file(path: Path, columns: Sequence[str], marked: Sequence[Marked]) -> None:
    """Write the rows with their results to *path*, whole or not at all; the suffix decides how."""
    with replacing(path) as stream:
        write_rows(stream, columns, marked, as_json=is_json(path))


def write_rows(
    stream: TextIO, columns: Sequence[str], marked: Sequence[Marked], *, as_json: bool = False
) -> None:
    """Write the rows with their results, in input order; results of an earlier run are replaced."""
    every = [*(column for column in columns if column not in RESULT_FIELDS), *RESULT_FIELDS]
    if as_json:
        write_json(stream, every, ({**one.row.cells, **one.record()} for one in marked))
    else:
        write_csv(stream, every, ({**one.row.cells, **one.fields()} for one in marked))
