"""Helpers for tests of assignment settings: late work, edits and the resulting grade."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any
from uuid import UUID

from world import Person, ProblemReference, World

from api.db.models import Grade

LATE = {"due": "2026-11-02 13:00", "late": [{"days": 1, "credit": "50%"}]}


def patch_assignment(
    person: Person, assignment: UUID, body: Mapping[str, Any], *, tag: str = "*", query: str = ""
) -> Any:
    """Edit an assignment, and return the response."""
    path = f"/assignments/{assignment}{query}"
    return person.patch(path, body, headers={"If-Match": tag})


def grade_of(
    world: World, assigned: ProblemReference, student: Person
) -> tuple[Fraction | None, Fraction] | None:
    """Return a student's score and maximum in an assignment, or None without a grade."""
    with world.db.reading() as session:
        key = {"assignment_id": assigned.assignment, "student_id": student.id}
        row = session.get(Grade, key)
        return None if row is None else (row.score, row.possible)
