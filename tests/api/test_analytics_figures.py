"""Tests of the statistics of correlated parts against SciPy."""

import numpy as np
import pytest
from analytics_course import POWERS, RIGHT, ROOTS, AnalyticsCourse, assert_ok
from scipy import stats
from sqlalchemy import false, select
from world import World

from api.db.models import Answer, Assignment
from api.services.analytics.queries.assignment import build_unit_score_queries

# Which of the three parts of two problems each of 24 students has right at first; the fifth part
# falls as the others rise.
PATTERN = [
    *("000010", "100010", "010000", "000010", "110010", "100010"),
    *("001010", "110000", "100110", "111010", "110110", "011010"),
    *("111010", "110100", "111100", "101101", "111010", "111100"),
    *("110101", "111101", "111101", "101101", "111100", "111101"),
]


@pytest.fixture(scope="module")
def pair(shared_database_url):
    """Yield a class and its two problems; tests only read them."""
    world = World(shared_database_url)
    yield handed_in_by_pattern(world)
    world.close()


def handed_in_by_pattern(world):
    """Return a class of 24 and two problems, answered as `PATTERN` says."""
    group = AnalyticsCourse(world, len(PATTERN))
    assigned = world.assignment(group.course, POWERS, ROOTS)
    for student, row in zip(group.students, PATTERN, strict=True):
        for problem, bits in zip(assigned, (row[:3], row[3:]), strict=True):
            given = zip(RIGHT, bits, strict=True)
            assert_ok(
                student.submit(
                    problem,
                    {part: RIGHT[part] if bit == "1" else "7" for part, bit in given},
                )
            )
    for student in group.students[::3]:
        assert_ok(student.submit(assigned[0], {"cube": "1000"}))
    return group, assigned


def first_credits(world, assigned) -> np.ndarray:
    """Return the credit of first answers from the rows, shape (students, parts)."""
    found: dict = {}
    with world.db.reading() as session:
        for row in session.scalars(select(Answer).order_by(Answer.sequence)):
            found.setdefault((row.student_id, row.problem_id, row.part), row.credit_float)
    students = sorted({student for student, _, _ in found})
    places = [(one.id, part) for one in assigned for part in RIGHT]
    return np.array([[found[who, *place] for place in places] for who in students])


def test_part_statistics_agree_with_scipy(pair):
    group, assigned = pair
    points = np.array([2, 3, 1, 2, 3, 1])
    scores = first_credits(group.world, assigned) * points
    told = group.of(assigned[0])
    totals = scores.sum(axis=1)
    parts = [part for one in told["problems"] for part in one["parts"]]
    for at, part in enumerate(parts):
        item, rest = part["item"], totals - scores[:, at]
        right = stats.pearsonr(scores[:, at], rest)
        interval = right.confidence_interval(0.9)
        assert item["n"] == item["pairs"] == 24
        assert item["facility"] == pytest.approx(scores[:, at].mean() / points[at], rel=1e-5)
        assert item["discrimination"] == pytest.approx(right.statistic, rel=1e-5)
        assert item["interval"]["low"] == pytest.approx(interval.low, rel=1e-5)
        assert item["interval"]["high"] == pytest.approx(interval.high, rel=1e-5)
    told_totals = told["scores"]
    assert told_totals["maximum"] == 12
    assert told_totals["mean"] == pytest.approx(totals.mean(), rel=1e-5)
    assert told_totals["sd"] == pytest.approx(totals.std(ddof=1), rel=1e-5)
    assert told_totals["skewness"] == pytest.approx(stats.skew(totals, bias=False), rel=1e-5)
    assert sum(one["count"] for one in told_totals["histogram"]) == 24
    spread = scores.var(axis=0, ddof=1).sum() / totals.var(ddof=1)
    assert told["reliability"]["alpha"] == pytest.approx(6 / 5 * (1 - spread), rel=1e-5)


def test_problem_statistics_use_sums_of_part_scores(pair):
    group, assigned = pair
    scores = first_credits(group.world, assigned) * np.array([2, 3, 1, 2, 3, 1])
    first, second = scores[:, :3].sum(axis=1), scores[:, 3:].sum(axis=1)
    told = group.of(assigned[0])["problems"]
    right = stats.pearsonr(first, second).statistic
    assert [one["item"]["discrimination"] for one in told] == pytest.approx([right, right], 1e-5)
    assert told[1]["item"]["mean"] == pytest.approx(second.mean(), rel=1e-5)
    assert [one["points"] for one in told] == [6, 6]


def test_part_failed_by_strong_students_is_flagged(pair):
    group, assigned = pair
    flags = group.of(assigned[0])["flags"]
    assert {(flag["problem"], flag["part"]) for flag in flags} == {(assigned[1].slug, "cube")}
    assert [flag["code"] for flag in flags] == ["check_key", "check_key"]
    assert flags[0]["say"].startswith("Those who do better elsewhere do worse here")
    assert "8 students gave 7 and 1 gave the key" in flags[1]["say"]


def test_blanks_are_not_selected_while_nobodys_time_is_over(pair):
    group, [first, _] = pair
    with group.world.db.reading() as session:
        assignment = session.get_one(Assignment, first.assignment)
        units = build_unit_score_queries(
            session, assignment, attempt="first", section=None, now=group.world.clock()
        )
        assert units.part_scores.past_deadline is false()
