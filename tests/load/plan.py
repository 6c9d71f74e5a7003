"""Plan of the requests of students in the last hour before a deadline, from a random seed."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

__all__ = [
    "HOUR_SECONDS",
    "REQUESTS_PER_PROBLEM",
    "REQUEST_KINDS",
    "PlannedRequest",
    "RequestKind",
    "compute_peak_rates",
    "plan_requests",
]

RequestKind = Literal["page", "draft", "preview", "submission"]
REQUEST_KINDS: Final[Sequence[RequestKind]] = ("page", "draft", "preview", "submission")
HOUR_SECONDS: Final = 3_600
REQUESTS_PER_PROBLEM: Final[Mapping[RequestKind, int]] = {
    "page": 2,
    "draft": 4,
    "preview": 2,
    "submission": 3,
}
"""Number of requests of each kind that a student sends for one problem."""
PEAK_FACTOR: Final = 2.0
"""Request rate at the end of the hour as a multiple of the average; it grows linearly."""


@dataclass(frozen=True, slots=True, order=True)
class PlannedRequest:
    """A request of a student, due *due_seconds* after the start of the hour."""

    due_seconds: float
    kind: RequestKind
    session_index: int


def plan_requests(session_count: int, *, seed: int) -> Iterator[PlannedRequest]:
    """Yield the requests of all sessions, ordered by time.

    The first request of a session opens the page, and the last is a submission.
    """
    rng = random.Random(seed)  # noqa: S311  # no secret
    plan: list[PlannedRequest] = []
    for session_index in range(session_count):
        due_times = sorted(
            HOUR_SECONDS * rng.random() ** (1 / PEAK_FACTOR)
            for _ in range(sum(REQUESTS_PER_PROBLEM.values()))
        )
        middle = [kind for kind in REQUEST_KINDS for _ in range(REQUESTS_PER_PROBLEM[kind])]
        middle.remove("page")
        middle.remove("submission")
        rng.shuffle(middle)
        kinds = ["page", *middle, "submission"]
        plan += [
            PlannedRequest(due_seconds, kind, session_index)
            for due_seconds, kind in zip(due_times, kinds, strict=True)
        ]
    yield from sorted(plan)


def compute_peak_rates(problems: int) -> Mapping[RequestKind, float]:
    """Return the requests per second of one student at the end of the hour, the peak."""
    return {
        kind: PEAK_FACTOR * REQUESTS_PER_PROBLEM[kind] * problems / HOUR_SECONDS
        for kind in REQUEST_KINDS
    }
