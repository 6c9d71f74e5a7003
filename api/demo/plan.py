"""Plan of the demo course: four assignments around the day of its creation."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from api.schemas.assignments.timeline import TimelineSpec

COURSE_SLUG: Final = "demo"
COURSE_TITLE: Final = "Deep Learning (demo)"
COURSE_ZONE: Final = "Europe/Berlin"
RELEASE_TIME: Final = time(8, 0)
DUE_TIME: Final = time(23, 59)
LATE_STEPS: Final = ({"days": 1, "credit": "90%"}, {"days": 3, "credit": "50%"})


@dataclass(frozen=True, slots=True)
class PlannedAssignment:
    """Assignment of the demo; *release* and *due* are days from today."""

    slug: str
    title: str
    problems: tuple[str, ...]
    release: int
    due: int
    late_days: int = 0
    attempts: int | None = 5

    def build_timeline(self, now: datetime) -> TimelineSpec:
        """Return the timeline of the assignment if *now* is today."""
        values: dict[str, Any] = {
            "release": _format_local_time(now, self.release, RELEASE_TIME),
            "due": _format_local_time(now, self.due, DUE_TIME),
            "late": LATE_STEPS,
            "late_days": self.late_days,
        }
        return TimelineSpec.model_validate(values)


def _format_local_time(now: datetime, days: int, time_of_day: time) -> str:
    day = now.astimezone(ZoneInfo(COURSE_ZONE)).date() + timedelta(days=days)
    return f"{day.isoformat()} {time_of_day.isoformat('minutes')}"


PROBLEMS_WITH_ATTACHMENTS: Final = frozenset({"max-pool-invariance", "separable-fc-discussion"})
"""Problems of the demo whose text parts take an image or a PDF."""
OPEN_ASSIGNMENT_SLUG: Final = "shapes"
"""Slug of the assignment that is open now."""

PLAN: Final = (
    PlannedAssignment(
        "convolution",
        "Convolution and pooling by hand",
        ("conv2d-by-hand", "pooling-4x4", "max-pool-invariance"),
        release=-35,
        due=-21,
        late_days=1,
    ),
    PlannedAssignment(
        "parameters",
        "Counting parameters",
        ("bottleneck-block-parameters", "lenet-parameters", "separable-fc-discussion"),
        release=-15,
        due=-1,
    ),
    PlannedAssignment(
        OPEN_ASSIGNMENT_SLUG,
        "Shapes and receptive fields",
        ("conv-output-shape", "receptive-field-with-pooling", "iou-two-boxes"),
        release=-5,
        due=4,
        attempts=10,
    ),
    PlannedAssignment(
        "attention",
        "Attention",
        ("attention-parameters", "vit-patches"),
        release=6,
        due=20,
    ),
)
"""Assignments of the demo: closed, just past its due time, open, and upcoming."""


def limit_plan(problem_ids: Sequence[str]) -> tuple[PlannedAssignment, ...]:
    """Return the plan limited to the problems in *problem_ids*.

    An assignment without a known problem gets the first one instead.
    """
    return tuple(
        replace(
            one,
            problems=tuple(name for name in one.problems if name in problem_ids)
            or tuple(problem_ids[:1]),
        )
        for one in PLAN
    )


def collect_problem_ids(plan: Sequence[PlannedAssignment]) -> frozenset[str]:
    """Return the problems of all assignments of *plan*."""
    return frozenset(name for one in plan for name in one.problems)
