"""Input and output of the gradebook writers: the gradebook, the file and its warnings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Final, Literal
from zoneinfo import ZoneInfo

WarningCode = Literal[
    "excused_lost",
    "guarded",
    "name_is_points_row",
    "new_assignment",
    "no_email",
    "no_login",
    "no_number",
    "over_limit",
    "reserved_title",
    "same_person",
    "same_title",
    "title_is_id",
    "unknown_email",
    "waiting",
]

WARNINGS: Final[Mapping[WarningCode, str]] = {
    "excused_lost": "The other side has no word for excused; the cell has no score.",
    "guarded": "A name to match by begins like a formula; the guard keeps the name from matching.",
    "name_is_points_row": "Canvas takes the student's row for the row of points possible.",
    "new_assignment": "Canvas offers to create a new assignment for the column.",
    "no_email": "Moodle finds people by their e-mail; the row is left out.",
    "no_login": "Canvas can find the student by the name alone.",
    "no_number": "The student has no student number, which identifies people in the file.",
    "over_limit": "Moodle refuses the whole file for a grade over its limit; it has none.",
    "reserved_title": "The importing system reads the title as another column.",
    "same_person": "Two rows would be read as one person.",
    "same_title": "Two columns would be read as one.",
    "title_is_id": "Canvas reads the number at the end of the title as the id of an assignment.",
    "unknown_email": "Moodle refuses the whole file if it does not know a person; left out.",
    "waiting": "Some work is ungraded; the cells have no score.",
}
"""Meanings of the warning codes of all writers."""


@dataclass(frozen=True, slots=True)
class ExportPerson:
    """Student in an export; *lms_id* is the id in the other system, empty if unknown."""

    id: str
    name: str
    email: str = ""
    student_number: str = ""
    login: str = ""
    family_name: str = ""
    lms_id: str = ""
    sections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """Assignment; *extra* credit adds to the score but not to the maximum."""

    id: str
    title: str
    possible: Fraction
    extra: bool = False
    lms_id: str = ""

    @property
    def counted_points(self) -> Fraction:
        """Points that the column adds to the maximum; 0 marks extra credit in other systems."""
        return Fraction(0) if self.extra else self.possible


@dataclass(frozen=True, slots=True)
class ExportCell:
    """Result of a student in an assignment; *score* is None if there is none yet.

    *waiting_points* is the part of the assignment's maximum that waits for a TA to grade it.
    """

    score: Fraction | None = None
    excused: bool = False
    waiting: bool = False
    waiting_points: Fraction = Fraction(0)
    overridden: bool = False
    late_seconds: int = 0
    submitted_at: datetime | None = None
    submissions: int = 0
    comment: str = ""

    @property
    def exported_score(self) -> Fraction | None:
        """Score to export; None if the student is excused or work waits for grading."""
        return None if self.excused or self.waiting else self.score


EMPTY_CELL: Final = ExportCell()
"""Cell of a student who has not begun."""


@dataclass(frozen=True, slots=True)
class ExportGradebook:
    """Students and assignments of a course, in order; *cells* by person id and column id.

    *totals* by person id exclude the points that wait for grading, which *waiting_points* holds.
    """

    course: str
    zone: ZoneInfo
    columns: tuple[ExportColumn, ...]
    people: tuple[ExportPerson, ...]
    cells: Mapping[tuple[str, str], ExportCell]
    totals: Mapping[str, Fraction | None] = field(default_factory=dict)
    waiting_points: Mapping[str, Fraction] = field(default_factory=dict)

    def cell(self, person: ExportPerson, column: ExportColumn) -> ExportCell:
        """Return the cell of *person* in *column*, or an empty cell."""
        return self.cells.get((person.id, column.id), EMPTY_CELL)


@dataclass(frozen=True, slots=True)
class FileWarning:
    """Warning that the other system would reject or misread something.

    *about* is the id of a person or a column.
    """

    code: WarningCode
    about: str
    message: str


@dataclass(frozen=True, slots=True)
class ExportFile:
    """Text of a file, with warnings to check before the import."""

    text: str
    warnings: tuple[FileWarning, ...] = ()
