"""Grades: progress in parts and problems, totals, projections, recomputation.

Every change of what counts calls `refresh`: a submission, a regrade, a grade by a person, an
override, an extension, a setting of an assignment. It recomputes the given standings and the grades
of their assignments from the answers and the current rules, and records each changed grade with its
cause.
"""

from api.services.grades.answers import Key, among, answered, earlier_answers
from api.services.grades.assignment import (
    PosedProblem,
    WholeAssignment,
    grade_of,
    load_assignment,
    load_students,
    posed_in,
    standings_of,
)
from api.services.grades.parts import part_text, parts_text, read_part
from api.services.grades.recompute import (
    Cause,
    grade_change,
    grade_row,
    refresh,
    refresh_all,
    refresh_each,
    standing_row,
    tallies_of,
)
from api.services.grades.tallies import Tally, tally

__all__ = [
    "Cause",
    "Key",
    "PosedProblem",
    "Tally",
    "WholeAssignment",
    "among",
    "answered",
    "earlier_answers",
    "grade_change",
    "grade_of",
    "grade_row",
    "load_assignment",
    "load_students",
    "part_text",
    "parts_text",
    "posed_in",
    "read_part",
    "refresh",
    "refresh_all",
    "refresh_each",
    "standing_row",
    "standings_of",
    "tallies_of",
    "tally",
]
