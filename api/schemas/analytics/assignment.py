"""What the answers of a class say about an assignment, and about all those of a course. Staff."""

from typing import Any, Final, Literal
from uuid import UUID

from api.http.field_types import Count, Score, UtcDatetime
from api.http.schema import Schema, with_examples
from api.schemas.analytics.statistics import (
    AttemptsOut,
    DistributionOut,
    Figure,
    FlagOut,
    GainOut,
    ItemOut,
    ReliabilityOut,
    TimesOut,
)

ASSIGNMENT: Final = "01933e3a-0000-7000-8000-000000000001"
ITEM: Final[dict[str, Any]] = {
    "n": 182,
    "mean": 1.42,
    "facility": 0.71,
    "facility_interval": {"low": 0.651981, "high": 0.761927},
    "sd": 0.91,
    "pairs": 182,
    "discrimination": 0.34,
    "interval": {"low": 0.227149, "high": 0.443875},
    "point_biserial": 0.52,
    "efficiency": 48.2,
    "effective_weight": 51.1,
    "alpha_if_deleted": None,
}
PART: Final[dict[str, Any]] = {
    "part": "side",
    "kind": "integer",
    "points": 2,
    "voided": "",
    "answered": 179,
    "item": ITEM,
    "attempts": {
        "n": 179,
        "never": 9,
        "mean": 1.3,
        "median": 1,
        "by_attempt": [{"attempt": 1, "count": 129, "share_by_then": 0.72067}],
    },
    "gain": {
        "n": 179,
        "first": 0.72,
        "best": 0.95,
        "gain": 0.23,
        "improvable": 50,
        "improved": 41,
    },
}
TIME: Final[dict[str, Any]] = {"n": 170, "median": 412, "quartiles": [230, 905], "idle": 12}
DISTRIBUTION: Final[dict[str, Any]] = {
    "n": 182,
    "maximum": 100,
    "mean": 74.2,
    "median": 78,
    "sd": 16.1,
    "skewness": -0.8,
    "kurtosis": 0.3,
    "quartiles": [65, 78, 87.5],
    "histogram": [{"low": 90, "high": 100, "count": 31}],
}
SUMMARY: Final[dict[str, Any]] = {
    "assignment": ASSIGNMENT,
    "slug": "homework-1",
    "title": "Homework 1",
    "due_at": "2026-10-31T20:00:00.000000Z",
    "opened": 182,
    "handed_in": 179,
    "grades": DISTRIBUTION,
    "times": [
        {"hours": -24, "count": 41},
        {"hours": 0, "count": 120},
        {"hours": None, "count": 18},
    ],
    "after_due": 18,
    "late_share": 0.100559,
    "penalised": 11,
}


class PartFigures(Schema):
    """Statistics of a part: who answered, how hard it is, and what later attempts gained.

    For a part that people grade, the answer that counts is measured; it has no attempts. A *voided*
    part has no statistics. *part_title* is empty if the author gave none.
    """

    part: str
    part_title: str = ""
    kind: str
    points: Score
    voided: str
    answered: Count
    item: ItemOut
    attempts: AttemptsOut | None
    gain: GainOut | None


class ProblemFigures(Schema):
    """Statistics of a problem within the assignment, and of its parts among all parts."""

    problem: str
    title: str
    points: Score
    item: ItemOut
    time: TimesOut
    parts: tuple[PartFigures, ...]


class WrongBrief(Schema):
    """A summary of the wrong first answers to a part.

    The most common group, by cause or by value, has *count* of them; *shown* is null if it has
    several values. No known mistake explains *unexplained* of all.
    """

    problem: str
    part: str
    wrong: Count
    unexplained: Count
    count: Count
    shown: str | None
    mistakes: tuple[str, ...]


class AssignmentAnalytics(Schema):
    """Statistics of an assignment.

    *students* excludes the test student and students who left. *opened* are those of them who
    opened it and are not excused; only they are measured. *grades* are percentages of the graded
    points, after policy and overrides. *scores* are the points of the parts by the requested
    *attempt*, before policy. *blank_is_zero* means that the time of all of them is over. A missing
    answer counts as 0 once the student's own time is over, unless answers to the part are ungraded.
    *as_of*: statistics of a large class may be some minutes old.
    """

    model_config = with_examples(
        {
            "assignment": ASSIGNMENT,
            "as_of": "2026-11-28T09:00:00.000000Z",
            "attempt": "first",
            "section": None,
            "students": 201,
            "opened": 182,
            "blank_is_zero": True,
            "grades": DISTRIBUTION,
            "scores": DISTRIBUTION | {"maximum": 24, "mean": 15.1},
            "reliability": {"alpha": 0.78, "sem": 2.1, "k": 9, "n": 178},
            "problems": [
                {
                    "problem": "conv-output-size",
                    "title": "The output of a convolution",
                    "points": 4,
                    "item": ITEM,
                    "time": TIME,
                    "parts": [PART],
                }
            ],
            "wrong": [
                {
                    "problem": "conv-output-size",
                    "part": "side",
                    "wrong": 50,
                    "unexplained": 21,
                    "count": 29,
                    "shown": "64",
                    "mistakes": ["rounded_up"],
                }
            ],
            "flags": [
                {
                    "problem": "conv-output-size",
                    "part": "side",
                    "code": "too_easy",
                    "say": "Nearly everyone gets this right: 98% of the points on average "
                    "(182 students).",
                }
            ],
        }
    )

    assignment: UUID
    as_of: UtcDatetime
    attempt: Literal["first", "best"]
    section: UUID | None
    students: Count
    opened: Count
    blank_is_zero: bool
    grades: DistributionOut
    scores: DistributionOut
    reliability: ReliabilityOut
    problems: tuple[ProblemFigures, ...]
    wrong: tuple[WrongBrief, ...]
    flags: tuple[FlagOut, ...]


class HandedIn(Schema):
    """How many last submissions came at most *hours* after the due time and after the row above.

    Negative hours are before the due time. The last row, with null, contains all later ones.
    """

    hours: int | None
    count: Count


class AssignmentSummary(Schema):
    """One assignment of a course.

    *after_due* is the number of students whose last submission came after the due time for all,
    whatever extensions they have. *late_share* is their share of the students who submitted.
    *penalised* is the number of them who lost credit for an answer.
    """

    assignment: UUID
    slug: str
    title: str
    due_at: UtcDatetime | None
    opened: Count
    handed_in: Count
    grades: DistributionOut
    times: tuple[HandedIn, ...]
    after_due: Count
    late_share: Figure | None
    penalised: Count


COURSE_MISTAKE: Final[dict[str, Any]] = {
    "mistake": "same_padding",
    "description": "Assumes same padding.",
    "students": 98,
    "assignments": [
        {"assignment": "01933e3a-0000-7000-8000-000000000001", "students": 98, "of": 196}
    ],
}


class MistakeShare(Schema):
    """How many students made a mistake in an assignment, *of* those who submitted answers."""

    assignment: UUID
    students: Count
    of: Count


class CourseMistake(Schema):
    """A known mistake over the assignments of a course.

    *students* made it in any of them. *description* is for the staff, "" for a mistake that only
    its problem knows. Of *assignments* there are those in which somebody made it, in their order.
    """

    mistake: str
    description: str
    students: Count
    assignments: tuple[MistakeShare, ...]


class CourseAnalytics(Schema):
    """Statistics of the published assignments of a course.

    *mistakes* are the ten that most students made.
    """

    model_config = with_examples(
        {
            "course": "01933e3a-0000-7000-8000-000000000000",
            "section": None,
            "students": 201,
            "assignments": [SUMMARY],
            "mistakes": [COURSE_MISTAKE],
        }
    )

    course: UUID
    section: UUID | None
    students: Count
    assignments: tuple[AssignmentSummary, ...]
    mistakes: tuple[CourseMistake, ...]
