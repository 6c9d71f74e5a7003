"""Students who have not opened an assignment, as staff see them."""

from typing import Any, Final
from uuid import UUID

from api.http.field_types import Count
from api.http.pagination import Page
from api.http.schema import Schema, with_examples

EXAMPLE_STUDENT: Final[dict[str, Any]] = {
    "user": "01933e3a-6a4c-7cc0-9d4e-2b7f5c1f9a10",
    "name": "Ann Example",
    "email": "ann@example.edu",
    "student_number": "1234567",
    "section": "01933e3a-0000-7000-8000-00000000005e",
    "section_name": "Tuesday",
}


class UnopenedStudent(Schema):
    """A student who has not opened any problem of an assignment."""

    model_config = with_examples(EXAMPLE_STUDENT)

    user: UUID
    name: str
    email: str | None
    student_number: str
    section: UUID | None
    section_name: str | None


class UnopenedStudentPage(Page[UnopenedStudent]):
    """A page of the students who have not opened an assignment, by last name.

    *students* is the number of students on all pages. Students who are excused from the whole
    assignment are not in it.
    """

    model_config = with_examples({"students": 1, "items": [EXAMPLE_STUDENT], "next": None})

    students: Count
