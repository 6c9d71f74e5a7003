"""Plan of the demo course: four assignments around the day of its creation."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from api.schemas.assignments.timeline import TimelineSpec

__all__ = ["OPEN", "PLAN", "SLUG", "TITLE", "ZONE", "Planned", "planned", "problems_of"]

SLUG: Final = "demo"
TITLE: Final = "Deep Learning (demo)"
ZONE: Final = "Europe/Berlin"
MORNING: Final = time(8, 0)
NIGHT: Final = time(23, 59)
LATE: Final = ({"days": 1, "credit": "90%"}, {"days": 3, "credit": "50%"})


@dataclass(frozen=True, slots=True)
class Planned:
    """Assignment of the demo; *release* and *due* are days from today."""

    slug: str
    title: str
    problems: tuple[str, ...]
    release: int
    due: int
    late_days: int = 0
    attempts: int | None = 5

    def timeline(self, now: datetime) -> TimelineSpec:
        """Return the timeline of the assignment if *now* is today."""
        told: dict[str, Any] = {
            "release": _wall(now, self.release, MORNING),
            "due": _wall(now, self.due, NIGHT),
            "late": LATE,
            "late_days": self.late_days,
        }
        return TimelineSpec.model_validate(told)


def _wall(now: datetime, days: int, at: time) -> str:
    day = now.astimezone(ZoneInfo(ZONE)).date() + timedelta(days=days)
    return f"{day.isoformat()} {at.isoformat('minutes')}"


OPEN: Final = "shapes"
"""The assignment that takes answers now."""

PLAN: Final = (
    Planned(
        "convolution",
        "Convolution and pooling by hand",
        ("conv2d-by-hand", "pooling-4x4", "max-pool-invariance"),
        release=-35,
        due=-21,
        late_days=1,
    ),
    Planned(
        "parameters",
        "Counting parameters",
        ("bottleneck-block-parameters", "lenet-parameters", "separable-fc-discussion"),
        release=-15,
        due=-1,
    ),
    Planned(
        OPEN,
        "Shapes and receptive fields",
        ("conv-output-shape", "receptive-field-with-pooling", "iou-two-boxes"),
        release=-5,
        due=4,
        attempts=10,
    ),
    Planned(
        "attention",
        "Attention",
        ("attention-parameters", "vit-patches"),
        release=6,
        due=20,
    ),
)
"""One that is closed, one whose due time has just passed, an open one, and one to come."""


def planned(known: Sequence[str]) -> tuple[Planned, ...]:
    """Return the plan limited to *known* problems.

    An assignment without a known problem gets the first one instead.
    """
    return tuple(
        replace(one, problems=_at_hand(one.problems, known) or tuple(known[:1])) for one in PLAN
    )


def _at_hand(wanted: tuple[str, ...], known: Collection[str]) -> tuple[str, ...]:
    return tuple(name for name in wanted if name in known)


def problems_of(plan: Sequence[Planned]) -> frozenset[str]:
    """Return the problems of all assignments of *plan*."""
    return frozenset(name for one in plan for name in one.problems)
