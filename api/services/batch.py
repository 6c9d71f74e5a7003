"""A file of answers marked: CSV or JSON lines in, the same rows with their results out.

Rows of one student, problem and seed belong together wherever they stand, so that later parts
follow through from earlier ones. A repeated part is a later attempt. No database is touched.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple, TextIO

from api.services.marking import Marker, decimal, result_record
from api.services.output import check_writable, replacing, write_csv, write_json
from api.services.rows import FileError, Row, RowError, Table, is_json, read_table
from grader.errors import GraderError, ProblemError
from grader.problem import MAX_SEED
from grader.reading import Typed
from grader.result import Result
from grader.values import Value

__all__ = [
    "FIELDS",
    "RESULT_FIELDS",
    "Marked",
    "Summary",
    "check_output",
    "mark_rows",
    "read_answers",
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


class _Group(NamedTuple):
    """What rows that belong together share; a row without a student (its *line*) is alone."""

    student: str
    line: int
    problem: str
    seed: int | None


class _Entry(NamedTuple):
    """A row that names a problem, a part and a seed that there are."""

    marked: Marked
    part: str
    typed: Typed


def read_answers(path: Path, names: Mapping[str, str]) -> Table:
    """Return the rows of a file of answers; those of an earlier output as they were before it.

    *names* maps our columns to the file's. Raises `FileError` where the file cannot be used.
    """
    table = read_table(path, names=names, required=FIELDS[:4], results=RESULT_FIELDS)
    taken = set(table.columns) & set(RESULT_FIELDS)
    if taken and taken != set(RESULT_FIELDS):
        raise FileError(
            f"{path} already has a column {min(taken)!r}, which the results would hide; rename it"
        )
    return table


def mark_rows(
    rows: list[Row | RowError], marker: Marker, *, progress: Callable[[int], None] | None = None
) -> list[Marked]:
    """Return every row of *rows*, in order, marked or with its error.

    *progress* is told how many more rows are done.
    """
    marked: list[Marked] = []
    groups: dict[_Group, list[_Entry]] = {}
    for row in rows:
        if isinstance(row, RowError):
            marked.append(Marked(row.row, error=row.message))
            continue
        one = Marked(row)
        marked.append(one)
        try:
            group, entry = _entry(one, marker)
        except GraderError as error:
            one.error = str(error)
        else:
            groups.setdefault(group, []).append(entry)
    if progress is not None:
        progress(sum(1 for one in marked if one.error))
    for group, entries in groups.items():
        _mark_group(group, entries, marker)
        if progress is not None:
            progress(len(entries))
    return marked


def _entry(marked: Marked, marker: Marker) -> tuple[_Group, _Entry]:
    values = marked.row.values
    problem, part = _name(values, "problem"), _name(values, "part")
    seed = _seed(values.get("seed"))
    marker.catalogue.check_part(problem, part)
    answer = values.get("answer")
    typed: Typed = "" if answer is None else answer
    student = values.get("student")
    name = "" if student is None else str(student).strip()
    group = _Group(name, 0 if name else marked.row.line, problem, seed)
    return group, _Entry(marked, part, typed)


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
    whole = text.isascii() and text.isdigit() and len(text) <= len(str(MAX_SEED))
    if not whole or int(text) > MAX_SEED:
        raise ProblemError(
            f"the seed {text[:40]!r} is not a whole number from 0 to {MAX_SEED}; leave it empty "
            "for the original"
        )
    return int(text)


def _mark_group(group: _Group, entries: list[_Entry], marker: Marker) -> None:
    """Mark the rows of one student, problem and seed, and flag the row of each part that counts.

    That goes part by part, not row by row: a part follows only from the parts before it, so that
    what they carry is known, wherever their rows stand.
    """
    attempts: dict[str, list[int]] = {}
    for at, entry in enumerate(entries):
        attempts.setdefault(entry.part, []).append(at)
    carriers: dict[str, list[tuple[int, Value]]] = {}
    for part in marker.catalogue.get(group.problem).parts:
        found = []
        for at in attempts.get(part.id, ()):
            carried = {name: _nearest(values, at) for name, values in carriers.items()}
            value = _mark(group, entries[at], carried, marker)
            if value is not None:
                found.append((at, value))
        if found:
            carriers[part.id] = found
        _flag([entries[at].marked for at in attempts.get(part.id, ())])


def _mark(
    group: _Group, entry: _Entry, carried: Mapping[str, Value], marker: Marker
) -> Value | None:
    """Mark one row and return the value that it carries to later parts, None where it has none."""
    one = entry.marked
    try:
        one.result = marker.mark(
            group.problem, entry.part, entry.typed, seed=group.seed, carried=carried
        )
    except GraderError as error:
        one.error = str(error)
    except Exception as error:
        one.error = f"the answer could not be marked: {type(error).__name__}: {error}"
    return one.result.carries if one.result is not None else None


def _nearest(values: list[tuple[int, Value]], at: int) -> Value:
    """Return the last of *values* before the row *at*, or where there is none the first after."""
    after = bisect_left(values, at, key=lambda one: one[0])
    return values[max(after - 1, 0)][1]


def _flag(attempts: list[Marked]) -> None:
    """Flag the one of the *attempts* at a part that counts."""
    counting: Marked | None = None
    held: Result | None = None
    for one in attempts:
        if one.result is not None and (held is None or _counts_over(one.result, held)):
            counting, held = one, one.result
    if counting is not None:
        counting.current = True


def _counts_over(later: Result, held: Result) -> bool:
    """Tell whether a *later* attempt counts instead of the one *held*.

    A readable one does over one that is free; else it must earn as much. What a person has yet to
    mark earns nothing so far.
    """
    if later.costs_attempt != held.costs_attempt:
        return later.costs_attempt
    return (later.credit or 0) >= (held.credit or 0)


def check_output(source: Path, target: Path) -> None:
    """Raise `FileError` where results cannot be written to *target*: nothing is lost by trying."""
    check_writable(target)
    if target.exists() and target.samefile(source):
        raise FileError(f"{target} is the file to be marked; write the results to another")


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
