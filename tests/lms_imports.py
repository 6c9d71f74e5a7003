r"""How other systems read our exported files, reimplemented from their stated rules.

Canvas: `lib/gradebook_importer.rb`. Moodle: `grade/import/csv/classes/load_data.php`
and PHP's `fgetcsv`, in which ``\`` keeps the next quote from ending a cell. Gradescope:
as programs that read its course export do, four columns for each assignment.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

CANVAS_DROPS = re.compile(
    "Current Score|Current Points|Current Grade|Final Score|Final Points|Final Grade|"
    "Override Score|Override Grade|Override Status"
)
CANVAS_NUMBER = re.compile(r"-?[0-9.,]+%?")


class ImportRefusedError(Exception):
    """The importer refuses the whole file."""


@dataclass
class CanvasCourse:
    """A Canvas course: logins and names by student id, titles by assignment id."""

    logins: Mapping[str, str]
    names: Mapping[str, str]
    titles: Mapping[str, str]


@dataclass
class CanvasImport:
    """Effect of an upload to Canvas: scores, and new students and assignments.

    Scores have the key (student id or name, assignment id or title).
    """

    scores: dict[tuple[str, str], str] = field(default_factory=dict)
    possible: dict[str, str] = field(default_factory=dict)
    new_students: list[str] = field(default_factory=list)
    new_assignments: list[str] = field(default_factory=list)


def canvas_delimiter(text: str) -> str:
    """Return the separator that splits each of the first three lines into as many cells."""
    first = text.split("\n")[:3]
    counts = {}
    for mark in ";,":
        sizes = {len(next(csv.reader([line.rstrip("\r")], delimiter=mark))) for line in first}
        counts[mark] = sizes.pop() if len(sizes) == 1 else 0
    return ";" if counts[";"] > counts[","] else ","


def canvas_cell(cell: str) -> str:
    """Return a cell; one that looks like a number gets a decimal point, as in Canvas."""
    if not CANVAS_NUMBER.fullmatch(cell):
        return cell
    *before, last = re.split("[,.]", cell)
    return f"{''.join(before)}.{last}" if before else last


def canvas_import(text: str, course: CanvasCourse) -> CanvasImport:
    """Return the effect of uploading *text* to *course*."""
    lines = [line for line in text.split("\r\n") if not re.fullmatch("[;, ]+", line)]
    rows = csv.reader(lines, delimiter=canvas_delimiter(text), strict=True)
    table = [[canvas_cell(cell) for cell in row] for row in rows if row]
    head = table[0]
    if not (len(head) > 3 and "Student" in head[0] and "ID" in head[1]):
        raise ImportRefusedError("Invalid header row")
    login_at = 2 if re.search(r"SIS\s+Login\s+ID", head[2]) else None
    info = 4 if login_at else 3
    if "Section" not in head[info - 1]:
        raise ImportRefusedError("Invalid header row")
    done = CanvasImport()
    columns = _canvas_columns(head, info, course, done)
    for row in table[1:]:
        if "Points Possible" in row[0]:
            done.possible = {name: row[at] for name, at in columns.items()}
            continue
        who = _canvas_student(row, login_at, course)
        if who is None:
            done.new_students.append(row[0])
        for name, at in columns.items():
            done.scores[who or row[0], name] = row[at].strip()
    return done


def _canvas_columns(
    head: Sequence[str], info: int, course: CanvasCourse, done: CanvasImport
) -> dict[str, int]:
    columns = {}
    for title in head[info:]:
        if CANVAS_DROPS.search(title):
            continue
        match = re.fullmatch(r"(.*)\s\((\d+)\)", title)
        found = match[2] if match and match[2] in course.titles else None
        found = found or next((one for one, known in course.titles.items() if known == title), None)
        if found is None:
            done.new_assignments.append(title)
        columns[found or title] = head.index(title)
    return columns


def _canvas_student(row: Sequence[str], login_at: int | None, course: CanvasCourse) -> str | None:
    digits = re.match("[0-9]*", row[1])[0]
    if digits in course.names:
        return digits
    if login_at and row[login_at]:
        for student, login in course.logins.items():
            if login == row[login_at]:
                return student
    return next((student for student, name in course.names.items() if name == row[0]), None)


def php_csv(text: str) -> Iterator[list[str]]:
    r"""Yield the rows of *text* as PHP's `fgetcsv` reads them, with ``\`` as its escape."""
    row: list[str] = []
    cell, quoted, at = "", False, 0
    while at < len(text):
        char = text[at]
        if quoted and char == "\\" and text[at + 1 : at + 2] == '"':
            cell += text[at : at + 2]
            at += 1
        elif quoted and char == '"' and text[at + 1 : at + 2] == '"':
            cell += '"'
            at += 1
        elif char == '"' and (quoted or not cell):
            quoted = not quoted
        elif not quoted and char in ",\n":
            row.append(cell)
            cell = ""
            if char == "\n":
                yield row
                row = []
        else:
            cell += char
        at += 1
    if row or cell:
        yield [*row, cell]


@dataclass
class MoodleImport:
    """Effect of an upload to Moodle: grades and feedback by (e-mail, item)."""

    grades: dict[tuple[str, str], float | None] = field(default_factory=dict)
    feedback: dict[tuple[str, str], str] = field(default_factory=dict)


def moodle_import(text: str, users: set[str], *, highest: float = 100) -> MoodleImport:
    """Return the effect of an upload, with each column mapped to the item of its name.

    Raise `ImportRefusedError` where Moodle refuses the file.
    """
    head, *rows = php_csv(re.sub("\r\n?", "\n", text.removeprefix("\ufeff")).strip())
    done = MoodleImport()
    user = ""
    for row in rows:
        if len(row) != len(head):
            raise ImportRefusedError("weird number of columns")
        for title, cell in zip(head, map(str.strip, row), strict=True):
            if title == "Email address" and cell:  # a blank one keeps the user of the row before
                if cell not in users:
                    raise ImportRefusedError(f"unknown user {cell}")
                user = cell
            elif title.startswith("Feedback: "):
                done.feedback[user, title.removeprefix("Feedback: ")] = cell
            elif title not in {"Email address", "ID number"}:
                done.grades[user, title] = _moodle_grade(cell, highest)
    return done


def _moodle_grade(cell: str, highest: float) -> float | None:
    if cell in {"", "-"}:
        return None
    try:
        grade = float(cell)
    except ValueError as error:
        raise ImportRefusedError(f"bad grade {cell}") from error
    if grade > highest:
        raise ImportRefusedError(f"{grade} is too big")
    return grade


def gradescope_course(text: str) -> dict[tuple[str, str], tuple[str, str, str, str]]:
    """Return score, maximum, time and lateness by (SID, assignment)."""
    head, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    first = ["First Name", "Last Name", "SID", "Email", "Sections"]
    if head[:5] != first or head[-1] != "Total Lateness (H:M:S)" or (len(head) - 6) % 4:
        raise ImportRefusedError("not a course export")
    found = {}
    for at in range(5, len(head) - 1, 4):
        ends = [column.removeprefix(head[at]) for column in head[at : at + 4]]
        if ends != ["", " - Max Points", " - Submission Time", " - Lateness (H:M:S)"]:
            raise ImportRefusedError(f"columns {head[at : at + 4]}")
        for row in rows:
            found[row[2], head[at]] = tuple(row[at : at + 4])
    return found
