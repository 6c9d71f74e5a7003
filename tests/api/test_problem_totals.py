"""Tests of problem totals: computed once for students with equal progress alone."""

from dataclasses import replace
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.db.models import Assignment, AssignmentProblem, Course, ProblemVersion
from api.services.grades import GradingContext, VersionedProblem, compute_problem_total
from grader.policy import PartProgress

HALF = Fraction(1, 2)
ONE, TWO = UUID(int=1), UUID(int=2)
RIGHT = PartProgress(1, "first", Fraction(1), credit=Fraction(1), status="correct")


def assigned(**row: Any) -> VersionedProblem:
    parts = [{"id": name, "points": "2", "kind": "number"} for name in ("a", "b")]
    return VersionedProblem(
        AssignmentProblem(id=uuid4(), slug="one", extra=False, **{"voided": {}, **row}),
        ProblemVersion(points=Fraction(4), parts=parts),
    )


def around(problem: VersionedProblem, **more: Any) -> GradingContext:
    empty: dict[str, Any] = {"rules": {}, "overrides": {}, "excused": set()}
    return GradingContext(Assignment(), Course(), (problem,), **{**empty, **more})


def test_students_with_equal_progress_share_one_total():
    problem = assigned()
    here = around(problem)
    other = replace(RIGHT, counts="another", attempts_used=3, attempt=3)
    first, second = (
        compute_problem_total(here, problem, who, {"a": one})
        for who, one in zip((ONE, TWO), (RIGHT, other), strict=True)
    )
    assert first is second
    assert (first.graded.score, first.graded.possible, first.begun) == (2, 4, True)


@pytest.mark.parametrize(
    ("parts", "score", "waiting", "late"),
    [
        ({}, 0, False, False),
        ({"b": RIGHT}, 2, False, False),
        ({"a": RIGHT, "b": RIGHT}, 4, False, False),
        ({"a": replace(RIGHT, credit=HALF)}, 1, False, False),
        ({"a": replace(RIGHT, credit=HALF, late_factor=HALF)}, 1, False, True),
        ({"a": replace(RIGHT, credit=None, waiting=True)}, 0, True, False),
        ({"a": replace(RIGHT, waiting=True)}, 2, True, False),
    ],
)
def test_different_progress_gives_different_total(parts, score, waiting, late):
    problem = assigned()
    here = around(problem)
    compute_problem_total(here, problem, ONE, {"a": RIGHT})
    found = compute_problem_total(here, problem, TWO, parts)
    assert (found.graded.score, found.graded.waiting) == (score, waiting)
    assert (found.begun, found.late) == (bool(parts), late)


def test_overrides_and_excuses_apply_to_one_student():
    problem = assigned()
    by_hand = around(problem, overrides={(ONE, problem.row.id, "a"): HALF})
    excused = around(problem, excused={(ONE, problem.row.id)})
    plain = compute_problem_total(around(problem), problem, ONE, {"a": RIGHT})
    found = [
        compute_problem_total(here, problem, who, {"a": RIGHT}).graded.score
        for here in (by_hand, excused)
        for who in (ONE, TWO)
    ]
    assert found == [HALF, 2, 0, 2]
    assert plain.graded.score == 2
