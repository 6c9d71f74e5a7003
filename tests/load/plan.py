"""What students do in the last hour before a deadline, drawn from a seed."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["HOUR", "KINDS", "TIMES", "Act", "Kind", "acts_of", "rate_per_student"]

Kind = Literal["page", "draft", "preview", "submission"]
KINDS: Final[Sequence[Kind]] = ("page", "draft", "preview", "submission")
HOUR: Final = 3_600
TIMES: Final[Mapping[Kind, int]] = {"page": 2, "draft": 4, "preview": 2, "submission": 3}
"""How often each is done by a student at one problem."""
RUSH: Final = 2.0
"""How the hour fills up: the moments are those of a square root, twice as many at the end."""


@dataclass(frozen=True, slots=True, order=True)
class Act:
    """One request of a student: so many seconds after the hour began, at one of the *places*."""

    at: float
    kind: Kind
    place: int


def acts_of(places: int, *, seed: int) -> Iterator[Act]:
    """Yield what is done at each place, in the order of the hour.

    A page comes first, a submission last.
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
    """Return the requests a second of one student in the last minutes, when most come."""
    return {kind: RUSH * TIMES[kind] * problems / HOUR for kind in KINDS}
