"""Simulated submissions of some students to one problem, graded: plain data, for any process.

Answers are created and graded away from the database, as in a request; the writer does admission,
numbering and grades.
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
    """Student at a problem: the number in the class, the habits, and the variant's position."""

    number: int
    classmate: Classmate
    position: int


@dataclass(frozen=True, slots=True)
class Sitting:
    """Job: some students at one problem, its file, and their variants by position."""

    problem: str
    source: str
    variants: Mapping[int, Mapping[str, Any]]
    seats: tuple[Seat, ...]


@dataclass(frozen=True, slots=True)
class HandedIn:
    """Graded submission of the student with this *number*."""

    number: int
    answers: Mapping[str, str]
    judged: Mapping[str, Judged]


def sit(sitting: Sitting) -> list[HandedIn]:
    """Return the submissions of a job, those of each student in order."""
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
