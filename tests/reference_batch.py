"""Reference implementation of `grader batch`: grades rows one after the other.

It reads a file row by row and grades each row separately, with the values that the
student carries to it. The product does not use it.
"""

import csv
import io
import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from api.core.errors import FileError
from api.services.batch.formats.columns import RESULT_FIELDS
from api.services.engine.single_answer import SingleAnswerGrader, format_decimal, serialize_result
from api.services.files.csv_rows import (
    detect_delimiter,
    has_json_extension,
    parse_header,
    read_text,
    unescape_formula,
)
from grader.errors import AnswerError, GraderError, ProblemError
from grader.grading.result import PartResult
from grader.reading import RawAnswer, load_json
from grader.values import Value

MAX_CELL = 1_000_000
MAX_LINES = 2_000
FEW_LINES = 50
MAX_WASTED = 50 * MAX_LINES
SEPARATOR = "|"
SEEDS = range(9_007_199_254_740_992 + 1)
SEED = re.compile(r"(?:original)?|(?P<number>[0-9]{1,16})")
NO_SEED = (
    "the seed {!r} is not a whole number from 0 to 9007199254740992; leave it empty for the "
    "original"
)


@dataclass(frozen=True, slots=True)
class Row:
    """A row: the *line* where it begins, *values* by Grader's names, and its raw *cells*."""

    line: int
    values: Mapping[str, RawAnswer | None]
    cells: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RowError:
    """A row that could not be read, and the reason."""

    row: Row
    message: str


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[str, ...]
    rows: list[Row | RowError]


def read_table(
    path: Path,
    *,
    names: Mapping[str, str],
    results: Sequence[str] = RESULT_FIELDS,
) -> Table:
    """Return the rows of a CSV or JSON Lines file; *names* maps our columns to the file's."""
    text = read_text(path)
    return _read_json(text, names) if has_json_extension(path) else _read_csv(text, names, results)


def _read_csv(text: str, names: Mapping[str, str], results: Sequence[str]) -> Table:
    columns: tuple[str, ...] = ()
    rows: list[Row | RowError] = []
    ours = False
    for line, found in _records(text):
        if isinstance(found, csv.Error):
            said = f"is not CSV: {found}; check its quotes"
            if not columns:
                raise FileError(f"the header {said}") from found
            rows.append(RowError(Row(line, {}, {}), f"the row {said}"))
            continue
        cells = list(map(unescape_formula, found)) if ours else found
        if columns and any(cells):
            rows.append(_csv_row(line, columns, cells, names))
        elif any(cells):
            columns = parse_header(cells)
            ours = bool(results) and set(results) <= set(columns)
            columns = tuple(map(unescape_formula, columns)) if ours else columns
    return Table(columns, rows)


def _records(text: str) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """Yield the cells of each row with the line where it begins.

    A line that starts no valid row yields its error; reading resumes at the next line.
    """
    csv.field_size_limit(MAX_CELL)
    lines = list(io.StringIO(text, newline=""))
    head = next((line for line in lines if line.strip()), "")
    delimiter = detect_delimiter(head)
    at = wasted = 0
    while at < len(lines):
        end = at + (MAX_LINES if wasted < MAX_WASTED else FEW_LINES)
        ahead = map(lines.__getitem__, range(at, min(end, len(lines))))
        reader = csv.reader(ahead, delimiter=delimiter, strict=True)
        try:
            found: list[str] | csv.Error = next(reader)
        except csv.Error as error:
            found = error
        yield at + 1, found
        failed = isinstance(found, csv.Error)
        wasted += reader.line_num if failed else 0
        at += 1 if failed else reader.line_num


def _csv_row(
    line: int, columns: tuple[str, ...], cells: list[str], names: Mapping[str, str]
) -> Row | RowError:
    given = dict(zip(columns, cells, strict=False))
    row = Row(line, _values(given, names), given)
    if any(cell.strip() for cell in cells[len(columns) :]):
        return RowError(
            row,
            f"the row has {len(cells)} cells, the header {len(columns)}; put answers with "
            "commas in quotes",
        )
    return row


def _read_json(text: str, names: Mapping[str, str]) -> Table:
    columns: dict[str, None] = {}
    rows: list[Row | RowError] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            given = load_json(line)
        except AnswerError as error:
            rows.append(RowError(Row(number, {}, {}), f"the line is not JSON: {error}"))
            continue
        if not isinstance(given, dict):
            rows.append(RowError(Row(number, {}, {}), "the line is not a JSON object"))
            continue
        if not _is_whole(line):
            rows.append(RowError(Row(number, {}, {}), "a character is cut in half; give both \\u"))
            continue
        columns.update(dict.fromkeys(given))
        rows.append(Row(number, _values(given, names), given))
    return Table(tuple(columns), rows)


def _is_whole(line: str) -> bool:
    """Return whether the JSON can be encoded: it has no lone surrogates."""
    try:
        json.dumps(json.loads(line), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _values(given: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return the cells by Grader's names; a name in *names* takes only its own column."""
    renamed = {name: given[column] for name, column in names.items() if column in given}
    return {column: cell for column, cell in given.items() if column not in names} | renamed


@dataclass(slots=True)
class GradedRow:
    """A row with its result, or with the error that prevented one."""

    row: Row
    result: PartResult | None = None
    error: str = ""
    current: bool = False

    def fields(self) -> dict[str, str]:
        """Return the result columns as text: six decimals, mistakes joined by ``|``."""
        if self.result is None:
            return {**dict.fromkeys(RESULT_FIELDS, ""), "error": self.error, "current": "false"}
        one = self.result
        return {
            "status": one.status,
            "credit": format_decimal(one.credit),
            "score": format_decimal(one.score),
            "points": format_decimal(one.points),
            "read_as": one.read_as,
            "mistakes": SEPARATOR.join(one.mistakes),
            "feedback": one.feedback,
            "error": "",
            "current": "true" if self.current else "false",
        }

    def record(self) -> dict[str, object]:
        """Return the result as JSON data: exact credit, numbers, lists and booleans."""
        told: dict[str, object] = dict.fromkeys(RESULT_FIELDS)
        if self.result is not None:
            told |= serialize_result(self.result)
        return told | {"error": self.error, "current": self.current}


class _Group(NamedTuple):
    """Key of rows that are graded together; its *line* isolates a row without a student."""

    student: str
    line: int
    problem: str
    seed: int | None


class _Entry(NamedTuple):
    """A row that names an existing problem, part and seed."""

    marked: GradedRow
    part: str
    typed: RawAnswer


def grade_rows(rows: list[Row | RowError], marker: SingleAnswerGrader) -> list[GradedRow]:
    """Grade all *rows*; return each, in order, with its result or its error."""
    marked: list[GradedRow] = []
    groups: dict[_Group, list[_Entry]] = {}
    for row in rows:
        if isinstance(row, RowError):
            marked.append(GradedRow(row.row, error=row.message))
            continue
        one = GradedRow(row)
        marked.append(one)
        try:
            group, entry = _entry(one, marker)
        except GraderError as error:
            one.error = str(error)
        else:
            groups.setdefault(group, []).append(entry)
    for group, entries in groups.items():
        _mark_group(group, entries, marker)
    return marked


def _entry(marked: GradedRow, marker: SingleAnswerGrader) -> tuple[_Group, _Entry]:
    values = marked.row.values
    problem, part = _name(values, "problem"), _name(values, "part")
    seed = _seed(values.get("seed"))
    marker.catalogue.require_part(problem, part)
    answer = values.get("answer")
    typed: RawAnswer = "" if answer is None else answer
    student = values.get("student")
    name = "" if student is None else str(student).strip()
    group = _Group(name, 0 if name else marked.row.line, problem, seed)
    return group, _Entry(marked, part, typed)


def _name(values: Mapping[str, RawAnswer | None], column: str) -> str:
    value = values.get(column)
    if not isinstance(value, str) or not value.strip():
        raise ProblemError(f"the row has no {column}")
    return value.strip()


def _seed(value: RawAnswer | None) -> int | None:
    found = SEED.fullmatch("" if value is None else str(value).strip())
    if found is None or int(found["number"] or 0) not in SEEDS:
        raise ProblemError(NO_SEED.format(str(value).strip()[:40]))
    return int(found["number"]) if found["number"] else None


def _mark_group(group: _Group, entries: list[_Entry], marker: SingleAnswerGrader) -> None:
    """Grade the rows of one student, problem and seed, and flag those that count.

    It goes part by part, not row by row: a part follows only from earlier parts, so the
    values that they carry are known, wherever their rows are.
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
    group: _Group, entry: _Entry, carried: Mapping[str, Value], marker: SingleAnswerGrader
) -> Value | None:
    """Grade one row, and return the value that it carries to later parts, or None."""
    one = entry.marked
    try:
        one.result = marker.grade(
            group.problem, entry.part, entry.typed, seed=group.seed, carried=carried
        )
    except GraderError as error:
        one.error = str(error)
    except Exception as error:
        one.error = f"the answer could not be graded: {type(error).__name__}: {error}"
    return one.result.carries if one.result is not None else None


def _nearest(values: list[tuple[int, Value]], at: int) -> Value:
    """Return the last of *values* before the row *at*, or else the first after it."""
    after = bisect_left(values, at, key=lambda one: one[0])
    return values[max(after - 1, 0)][1]


def _flag(attempts: list[GradedRow]) -> None:
    """Flag the attempt at a part that counts."""
    counting: GradedRow | None = None
    held: PartResult | None = None
    for one in attempts:
        if one.result is not None and (held is None or _counts_over(one.result, held)):
            counting, held = one, one.result
    if counting is not None:
        counting.current = True


def _counts_over(later: PartResult, held: PartResult) -> bool:
    """Return whether the *later* attempt counts instead of the one *held*.

    An attempt that costs counts over a free one. Otherwise, the later one must earn at
    least as much. An answer that awaits manual grading earns nothing so far.
    """
    if later.costs_attempt != held.costs_attempt:
        return later.costs_attempt
    return (later.credit or 0) >= (held.credit or 0)
