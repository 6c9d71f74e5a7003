"""The times of an assignment for one student, and the list of all that is set."""

from typing import Any, Final, Literal
from uuid import UUID

from api.http.field_types import Count, Score, UtcDatetime
from api.http.schema import Schema, with_examples
from api.schemas.student.submissions import ProblemScore

DUE: Final[dict[str, Any]] = {
    "at": "2026-11-27T22:59:00.000000Z",
    "text": "Fri 27 Nov 2026, 23:59 Europe/Berlin (CET)",
    "relative": "in 2 days",
}
CLOSES: Final[dict[str, Any]] = {
    "at": "2026-11-28T22:59:00.000000Z",
    "text": "Sat 28 Nov 2026, 23:59 Europe/Berlin (CET)",
    "relative": "in 3 days",
}
TIMES: Final[dict[str, Any]] = {
    "release": None,
    "due": DUE,
    "closes": CLOSES,
    "late_days_until": None,
    "stages": [{"until": DUE, "credit": 1}, {"until": CLOSES, "credit": 0.9}],
    "state": "open",
    "credit_now": 1,
}
ASSIGNMENT: Final[dict[str, Any]] = {
    "id": "01933e3a-0000-7000-8000-000000000001",
    "course": "01933e3a-0000-7000-8000-00000000000c",
    "course_title": "Deep Learning",
    "slug": "hw-1",
    "title": "Homework 1",
    "times": TIMES,
    "attempts": 3,
    "excused": False,
    "results_shown": True,
    "results_from": None,
    "points": 4,
    "grade": {"score": 2, "possible": 4, "waiting": False},
    "problems": [
        {
            "problem": "conv-output-size",
            "title": "Output size of a convolution and the pooling after it",
            "points": 4,
            "extra": False,
            "state": "started",
            "parts": 2,
            "answered": 1,
            "standing": {"score": 2, "possible": 4, "waiting": False},
        }
    ],
}


class Moment(Schema):
    """A time: in UTC, as local time of the course with its zone, and relative to now."""

    at: UtcDatetime
    text: str
    relative: str


class Stage(Schema):
    """The remaining credit of an answer that arrives no later than *until* (null: no end)."""

    until: Moment | None
    credit: Score


class Times(Schema):
    """When the work of this student is due, worth less and closed, extensions included.

    *state* is ``planned`` before the release, which only staff see. *credit_now* is the share of
    the credit that lateness leaves now, null if it takes nothing. *late_days_until* is when the
    remaining late days end, null if there are none. They are used automatically, also after
    *closes*, and *state* and *credit_now* include them.
    """

    release: Moment | None
    due: Moment | None
    closes: Moment | None
    late_days_until: Moment | None
    stages: tuple[Stage, ...]
    state: Literal["planned", "open", "late", "closed"]
    credit_now: Score | None


class MyProblem(Schema):
    """A problem in the list of assignments.

    *state* is ``new`` (never opened), ``opened``, ``started`` (some parts answered) or ``answered``
    (all of them).
    """

    problem: str
    title: str
    points: Score
    extra: bool
    state: Literal["new", "opened", "started", "answered"]
    parts: Count
    answered: Count
    standing: ProblemScore | None


class MyAssignment(Schema):
    """An assignment with the student's own dates; *grade* is null until results are released."""

    model_config = with_examples(ASSIGNMENT)

    id: UUID
    course: UUID
    course_title: str
    slug: str
    title: str
    times: Times
    attempts: Count | None
    excused: bool
    results_shown: bool
    results_from: UtcDatetime | None
    points: Score
    grade: ProblemScore | None
    problems: tuple[MyProblem, ...]
