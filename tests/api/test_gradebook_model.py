"""Tests of the gradebook against a model that shares only the submissions with it."""

from collections import defaultdict
from fractions import Fraction
from random import Random
from statistics import fmean, median

import pytest
from grade_setup import CATEGORIES, CLOSED, SHORT, get_gradebook, override_grade
from sqlalchemy import select
from world import TEXT_PROBLEM, points

from api.db.models import Answer, AssignmentProblem, Override, ProblemVersion

TRIES = {
    "first": ("9", "8"),
    "second": ("18", "17"),
    "cells": ("9", "7"),
    "doubled": ("18", "1"),
    "why": ("Fewer parameters.", "More depth."),
}


@pytest.fixture
def course(world):
    return world.course(categories=CATEGORIES, late_day_budget=0)


def model_score(session, assigned, student):
    """Return a student's score, the points possible, and the points that wait for a mark.

    The best answer of each part counts. Nobody marks the text answers.
    """
    worth = {
        (row.id, part["id"]): Fraction(part["points"])
        for row, version in session.execute(
            select(AssignmentProblem, ProblemVersion)
            .join(ProblemVersion, ProblemVersion.id == AssignmentProblem.version_id)
            .where(AssignmentProblem.assignment_id == assigned.assignment)
        )
        for part in version.parts
    }
    answers = session.scalars(select(Answer).where(Answer.student_id == student)).all()
    mine = [one for one in answers if (one.problem_id, one.part) in worth]
    best = defaultdict(Fraction)
    for one in mine:
        earned = (one.credit or 0) * one.late * worth[one.problem_id, one.part]
        best[one.problem_id, one.part] = max(best[one.problem_id, one.part], earned)
    for given in session.scalars(select(Override).where(Override.student_id == student)):
        if given.assignment_id == assigned.assignment:
            best[given.problem_id, given.part] = given.points
    score = sum(best.values()) if best else None
    waits = sum(
        worth[place] for place in {(one.problem_id, one.part) for one in mine} if place[1] == "why"
    )
    return score, sum(worth.values()), waits


def model_percent(columns, categories):
    """Return the weighted percentage; *columns* are (category, score, possible, waits)."""
    shares = []
    for one in categories:
        mine = [(s, p - w, w) for c, s, p, w in columns if c == one["id"] and s is not None]
        marks = [mark for mark in mine if mark[1]]
        for _ in range(one["drop_lowest"]):
            known = [mark for mark in marks if not mark[2]]
            if known and len(marks) > 1:
                low = min(known, key=lambda mark: (Fraction(mark[0], mark[1]), -mark[1]))
                rest = [mark for mark in marks if mark is not low]
                if low[0] * sum(one[1] for one in rest) > low[1] * sum(one[0] for one in rest):
                    break
                marks = rest
        if marks:
            score, possible = (sum(Fraction(one[at]) for one in marks) for at in (0, 1))
            shares.append((Fraction(str(one["weight"])), 100 * score / possible))
    whole = sum(weight for weight, _ in shares)
    return sum(weight * share for weight, share in shares) / whole if whole else None


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_gradebook_numbers_match_an_independent_model(world, course, prof, seed):
    dice = Random(seed)  # noqa: S311  # a plan for a test
    students = [world.enrol(course, f"Student {at}") for at in range(6)]
    assigned = [
        *world.assignment(course, SHORT, timeline_spec=CLOSED, category="Homework"),
        *world.assignment(course, SHORT, TEXT_PROBLEM, timeline_spec=CLOSED, category="Homework")[
            :1
        ],
        *world.assignment(course, TEXT_PROBLEM, category="Homework"),
        *world.assignment(course, SHORT, timeline_spec=CLOSED, category="Exam"),
        *world.assignment(course, SHORT, category="Neither"),
    ]
    for hours in range(3):
        for student in students:
            for where in assigned:
                parts = (
                    ["first", "second"]
                    if where.slug == "two-counts"
                    else ["cells", "doubled", "why"]
                )
                given = {one: dice.choice(TRIES[one]) for one in parts if dice.random() < 0.5}
                if given and dice.random() < 0.5:
                    assert student.submit(where, given).status_code == 201
        if hours == 0:
            override_grade(
                world,
                assigned[0],
                students[0],
                prof,
                Fraction(5, 3),
                problem_id=assigned[0].id,
                part="first",
            )
        world.clock.advance(hours=1, minutes=1)
    told = get_gradebook(prof, course)
    closed = {assigned[at].assignment for at in (0, 1, 3)}
    with world.session() as session:
        for row in told["items"]:
            columns = []
            for where, category, found in zip(
                assigned, ["Homework"] * 3 + ["Exam", "Neither"], row["cells"], strict=True
            ):
                score, possible, waits = model_score(
                    session, where, next(s.id for s in students if str(s.id) == row["user"])
                )
                if score is None and where.assignment in closed:
                    score = Fraction(0)
                    assert found["missing"]
                assert (found["score"] is None) == (score is None)
                assert score is None or points(found["score"]) == score
                assert points(found["possible"]) == possible
                assert points(found["waiting_points"]) == waits
                columns.append((category, score, possible, waits))
            percent = model_percent(columns, CATEGORIES)
            assert (row["percent"] is None) == (percent is None)
            assert percent is None or points(row["percent"]) == percent
            assert points(row["waiting_points"]) == sum(one[3] for one in columns[:4])
    for at, column in enumerate(told["columns"]):
        marked = [
            (points(one["score"]), points(one["possible"]) - points(one["waiting_points"]))
            for one in (row["cells"][at] for row in told["items"])
            if one["score"] is not None and one["waiting_points"] != one["possible"]
        ]
        scores = [float(s / p * points(column["possible"])) for s, p in marked]
        summary = column["summary"]
        assert summary["counted"] == len(scores)
        if scores:
            assert summary["mean"] == pytest.approx(fmean(scores), abs=1e-6)
            assert summary["median"] == pytest.approx(median(scores), abs=1e-6)
            half = float(points(column["possible"])) / 2
            assert summary["below"] == sum(one < half for one in scores)
