"""What a part of the class hands in to one problem, judged: plain data in and out, in any process.

Answers are made and judged away from the database, as they are in a request; admission, numbering
and grades are the writer's.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from api.demo.coursework.answers import answers
from api.demo.people import Classmate
from api.services.submissions.grading import Judged, judge
from grader.json_values import from_json
from grader.values import Value
from grader.variants.draw import Stream
from grader.variants.variant import Variant
from problems.book import BOOK
from problems.loader import load_problem
from problems.stored import load_variant

__all__ = ["KEY", "HandedIn", "Seat", "Sitting", "sit"]

KEY: Final = b"the demo course"
"""The key of all streams of the demo: the same class on every machine."""
MOST: Final = 6
"""How many submissions a student makes to one problem."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A student at a problem: which one of the class, and at which variant."""

    number: int
    classmate: Classmate
    position: int


@dataclass(frozen=True, slots=True)
class Sitting:
    """Some students at one problem: its file, and the variants that they have by position."""

    problem: str
    source: str
    variants: Mapping[int, Mapping[str, Any]]
    seats: tuple[Seat, ...]


@dataclass(frozen=True, slots=True)
class HandedIn:
    """One submission: by which student of the class, as typed, and judged."""

    number: int
    answers: Mapping[str, str]
    judged: Mapping[str, Judged]


def sit(sitting: Sitting) -> list[HandedIn]:
    """Return what the students hand in, each student's submissions in order."""
    problem = load_problem(sitting.source, file=f"{sitting.problem}.yaml")
    loaded = {
        position: load_variant(data, problem, BOOK) for position, data in sitting.variants.items()
    }
    return [
        one
        for seat in sitting.seats
        for one in _handed_in(seat, loaded[seat.position], sitting.problem)
    ]


def _handed_in(seat: Seat, variant: Variant, name: str) -> Iterator[HandedIn]:
    stream = Stream(KEY, f"{name}|{seat.number}")
    own: dict[str, Value] = {}
    for typed in islice(answers(variant, seat.classmate, stream), MOST):
        judged = judge(variant, typed, carried=own, numbers=None)
        yield HandedIn(seat.number, typed, judged)
        own |= {
            part: from_json(one.carries["value"])
            for part, one in judged.items()
            if one.carries is not None
        }
