"""Submissions of the students of an assignment, as staff list them."""

from typing import Any, Final
from uuid import UUID

from api.http.field_types import Count, Score, UtcDatetime
from api.http.schema import Schema, with_examples
from api.schemas.student.submissions import Receipt
from api.schemas.student.work import EXAMPLE_SUBMISSION, OUTCOME, PartOutcome

WITHOUT_ATTACHMENTS: Final = {
    name: value for name, value in EXAMPLE_SUBMISSION.items() if name != "attachments"
}
EXAMPLE: Final[dict[str, Any]] = WITHOUT_ATTACHMENTS | {
    "student": "01933e3a-0000-7000-8000-00000000000a",
    "name": "Ann Example",
    "results": [OUTCOME],
}


class ListedSubmission(Schema):
    """A submission of a student, with the result of each answer.

    `GET /submissions/{submission}` adds the key and the explanation of the credit.
    """

    model_config = with_examples(EXAMPLE)

    id: UUID
    assignment: UUID
    problem: str
    student: UUID
    name: str
    sequence: Count
    draw: Count
    received_at: UtcDatetime
    late_credit: Score
    results: tuple[PartOutcome, ...]
    receipt: Receipt
