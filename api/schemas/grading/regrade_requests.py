"""Comments on answers, requests for a regrade, and what is left before results are released."""

from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from api.http.field_types import Count, Score, Text, UtcDatetime
from api.http.schema import InvalidValue, Schema, with_examples
from api.schemas.grading.marks import MarkIn
from api.schemas.grading.review import ANSWER, EXAMPLE_TIME, MARKER, Staff, Who

RequestStatus = Literal["open", "accepted", "declined"]
COMMENT_ID = "01933e3a-0000-7000-8000-0000000000c0"
COMMENT: Final[dict[str, Any]] = {
    "id": COMMENT_ID,
    "text": "Well put.",
    "by": MARKER,
    "at": EXAMPLE_TIME,
}
STAFF_COMMENT: Final[dict[str, Any]] = COMMENT | {"public": True, "mine": True}
REQUEST: Final[dict[str, Any]] = {
    "id": "01933e3a-0000-7000-8000-0000000000d0",
    "assignment": "01933e3a-0000-7000-8000-000000000001",
    "problem": "why-small-kernels",
    "part": "why",
    "answer": ANSWER,
    "text": "I named both reasons.",
    "status": "accepted",
    "reply": "Right, the second one was overlooked.",
    "created_at": EXAMPLE_TIME,
    "replied_at": EXAMPLE_TIME,
}
EXAMPLE_OWN_REQUEST: Final[dict[str, Any]] = REQUEST | {
    "course": "01933e3a-0000-7000-8000-00000000000c",
    "submission": "01933e3a-6a4c-7cc0-9d4e-2b7f5c1f9a10",
    "credit": 1,
}
EXAMPLE_STAFF_REQUEST: Final[dict[str, Any]] = REQUEST | {
    "student": {"pseudonym": "Student 7F3A09C1", "id": None, "name": None},
    "replied_by": MARKER,
    "credit": 1,
}


class CommentIn(Schema):
    """A comment on an answer; its student sees a *public* one once results are visible."""

    model_config = with_examples({"text": "Well put."})

    text: Annotated[Text, Field(min_length=1, max_length=5_000)]
    public: bool = True


class PublicComment(Schema):
    """A comment as the student of the answer reads it."""

    id: UUID
    text: str
    by: Staff
    at: UtcDatetime


class CommentView(PublicComment):
    """A comment as staff see it. Its author can delete it."""

    model_config = with_examples(STAFF_COMMENT)

    public: bool
    mine: bool


class OwnComments(Schema):
    """The comments that the student can read now; more may be visible from *results_from* on."""

    model_config = with_examples(
        {"comments": [COMMENT], "results_shown": True, "results_from": None}
    )

    comments: tuple[PublicComment, ...]
    results_shown: bool
    results_from: UtcDatetime | None


class StaffComments(Schema):
    """All comments on an answer."""

    model_config = with_examples({"comments": [STAFF_COMMENT]})

    comments: tuple[CommentView, ...]


class RequestIn(Schema):
    """The reason for a regrade request."""

    model_config = with_examples({"text": REQUEST["text"]})

    text: Annotated[Text, Field(min_length=1, max_length=5_000)]


class DecisionIn(Schema):
    """The decision on a regrade request, the reply, and a new mark if it is accepted."""

    model_config = with_examples({"decision": "accepted", "reply": REQUEST["reply"]})

    decision: Literal["accepted", "declined"]
    reply: Annotated[Text, Field(min_length=1, max_length=5_000)]
    mark: MarkIn | None = None

    @model_validator(mode="after")
    def _check_mark(self) -> Self:
        if self.decision == "declined" and self.mark is not None:
            raise InvalidValue("must not have a grade if the request is declined")
        return self


class _RequestFields(Schema):
    """What everybody sees of a request."""

    id: UUID
    assignment: UUID
    problem: str
    part: str
    answer: UUID
    text: str
    status: RequestStatus
    reply: str
    created_at: UtcDatetime
    replied_at: UtcDatetime | None


class OwnRequest(_RequestFields):
    """A regrade request of the caller; *credit* is null until results are released."""

    model_config = with_examples(EXAMPLE_OWN_REQUEST)

    course: UUID
    submission: UUID
    credit: Score | None


class RequestView(_RequestFields):
    """A regrade request as staff see it; *credit* is the current one of the answer."""

    model_config = with_examples(EXAMPLE_STAFF_REQUEST)

    part_title: str = ""
    student: Who
    replied_by: Staff | None
    credit: Score | None


class Unassessed(Schema):
    """The number of ungraded answers to a part."""

    problem: str
    part: str
    part_title: str = ""
    waiting: Count


class Readiness(Schema):
    """Whether everything is graded, and what would be missing if results were released now.

    *results* is when students see them, *results_from* the date if one is set. *warnings* say the
    same in sentences; there are none if the assignment is ready.
    """

    model_config = with_examples(
        {
            "ready": False,
            "unassessed": [{"problem": "why-small-kernels", "part": "why", "waiting": 40}],
            "students": 40,
            "requests": 1,
            "results": "manual",
            "results_from": None,
            "warnings": [
                "40 answers to part why of “Why small kernels” are not graded.",
                "1 request for a regrade is not answered.",
            ],
        }
    )

    ready: bool
    unassessed: tuple[Unassessed, ...]
    students: Count
    requests: Count
    results: str
    results_from: UtcDatetime | None
    warnings: tuple[str, ...]
