"""What tests of the settings of assignments share: late work, an edit, the grade that follows."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any
from uuid import UUID

from world import Person, Posing, World

from api.db.models import Grade

LATE = {"due": "2026-11-02 13:00", "late": [{"days": 1, "credit": "50%"}]}


def patched(
    person: Person, assignment: UUID, body: Mapping[str, Any], *, tag: str = "*", query: str = ""
) -> Any:
    """Return the response to an edit of an assignment."""
    path = f"/assignments/{assignment}{query}"
    return person.patch(path, body, headers={"If-Match": tag})


def grade_of(
    world: World, posed: Posing, student: Person
) -> tuple[Fraction | None, Fraction] | None:
    """Return the score of a student in an assignment and what is possible; None for no grade."""
    with world.db.reading() as session:
        key = {"assignment_id": posed.assignment, "student_id": student.id}
        row = session.get(Grade, key)
        return None if row is None else (row.score, row.possible)
