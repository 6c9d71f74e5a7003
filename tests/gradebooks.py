"""Gradebooks for tests of the exported files."""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from api.services.exports.formats import (
    ExportCell,
    ExportColumn,
    ExportFile,
    ExportGradebook,
    ExportPerson,
    SheetRow,
)

BERLIN = ZoneInfo("Europe/Berlin")

ANN = ExportPerson(
    "p1",
    "Ann Lee",
    email="ann@example.edu",
    student_number="0017",
    login="ann",
    lms_id="901",
    sections=("A", "Lab 2"),
)
BOB = ExportPerson("p2", "Núñez, Bob", email="bob@example.edu", student_number="0018", login="bob")
CY = ExportPerson("p3", "Cy", email="cy@example.edu", student_number="0019", login="cy")

HW1 = ExportColumn("c1", "HW1", Fraction(10), lms_id="123")
HW2 = ExportColumn("c2", "HW2: Boxes, anchors", Fraction(7, 2), lms_id="124")
BONUS = ExportColumn("c3", "Bonus", Fraction(2), extra=True, lms_id="125")

SUBMITTED = datetime(2026, 11, 27, 22, 59, 30, 5, tzinfo=UTC)

CELLS: Mapping[tuple[str, str], ExportCell] = {
    ("p1", "c1"): ExportCell(
        Fraction(19, 2), submitted_at=SUBMITTED, submissions=3, comment="Well done"
    ),
    ("p1", "c2"): ExportCell(
        Fraction(1, 3), late_seconds=93_784, submitted_at=SUBMITTED, submissions=1
    ),
    ("p1", "c3"): ExportCell(Fraction(2), submitted_at=SUBMITTED, submissions=1),
    ("p2", "c1"): ExportCell(excused=True),
    ("p2", "c2"): ExportCell(Fraction(-3), overridden=True, comment='See "note", p. 3'),
    ("p3", "c1"): ExportCell(Fraction(4), waiting=True, submitted_at=SUBMITTED, submissions=2),
    ("p3", "c2"): ExportCell(Fraction(0), submitted_at=SUBMITTED, submissions=1),
}


def gradebook(
    people: Iterable[ExportPerson] = (ANN, BOB, CY),
    columns: Iterable[ExportColumn] = (HW1, HW2, BONUS),
    cells: Mapping[tuple[str, str], ExportCell] = CELLS,
) -> ExportGradebook:
    """Return a gradebook, by default of three students with every kind of cell."""
    totals = {"p1": Fraction(71, 6), "p2": None}
    return ExportGradebook("cv-2026", BERLIN, tuple(columns), tuple(people), cells, totals)


def cells(written: str) -> list[list[str]]:
    """Return the rows of a CSV file."""
    return list(csv.reader(io.StringIO(written, newline=""), strict=True))


def one(
    person: ExportPerson = ANN, column: ExportColumn = HW1, cell: ExportCell | None = None
) -> ExportGradebook:
    """Return a gradebook of one cell."""
    found = {} if cell is None else {(person.id, column.id): cell}
    return gradebook([person], [column], found)


def codes(written: ExportFile) -> list[tuple[str, str]]:
    """Return the code and the subject of each warning."""
    return [(warning.code, warning.about) for warning in written.warnings]


def sheet_row(**changes: object) -> SheetRow:
    """Return a row of a score sheet with *changes* applied."""
    row = {
        "submission_id": "01932a4e-0000-7000-8000-00000000000a",
        "student": "Ann Lee",
        "email": "ann@example.edu",
        "assignment": "HW1",
        "problem": "residual-blocks",
        "part": "answer",
        "answer": "They add.",
        "status": "needs_review",
        "points": None,
        "possible": Fraction(4),
        "grading": "g1",
    }
    return SheetRow(**{**row, **changes})
