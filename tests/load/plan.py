"""Acts of students in the last hour before a deadline, drawn from a seed."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["HOUR", "KINDS", "TIMES", "Act", "Kind", "acts_of", "rate_per_student"]

Kind = Literal["page", "draft", "preview", "submission"]
KINDS: Final[Sequence[Kind]] = ("page", "draft", "preview", "submission")
HOUR: Final = 3_600
TIMES: Final[Mapping[Kind, int]] = {"page": 2, "draft": 4, "preview": 2, "submission": 3}
"""Number of requests of each kind that a student makes at one problem."""
RUSH: Final = 2.0
"""Request rate at the end of the hour as a multiple of the average; it grows linearly."""


@dataclass(frozen=True, slots=True, order=True)
class Act:
    """A student's request: *at* seconds into the hour, at the place of index *place*."""

    at: float
    kind: Kind
    place: int


def acts_of(places: int, *, seed: int) -> Iterator[Act]:
    """Yield the acts at all places, in the order of the hour.

    At each place, a page comes first and a submission last.
    """
    dice = random.Random(seed)  # noqa: S311  # no secret
    found: list[Act] = []
    for place in range(places):
        moments = sorted(HOUR * dice.random() ** (1 / RUSH) for _ in range(sum(TIMES.values())))
        middle = [kind for kind in KINDS for _ in range(TIMES[kind])]
        middle.remove("page")
        middle.remove("submission")
        dice.shuffle(middle)
        kinds = ["page", *middle, "submission"]
        found += [Act(at, kind, place) for at, kind in zip(moments, kinds, strict=True)]
    yield from sorted(found)


def rate_per_student(problems: int) -> Mapping[Kind, float]:
    """Return the requests per second of one student in the last minutes, the peak."""
    return {kind: RUSH * TIMES[kind] * problems / HOUR for kind in KINDS}
