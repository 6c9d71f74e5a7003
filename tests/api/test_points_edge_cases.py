"""Tests of edge cases of points set by hand, extra work and dropped scores."""

from fractions import Fraction

import pytest
from world import TEXT_PROBLEM, Person, ProblemReference, World, points

from api.core.ids import new_id
from api.db.models import AssignmentProblem, Override

CATEGORIES = [
    {"id": "Homework", "weight": "60", "drop_lowest": 1},
    {"id": "Projects", "weight": "40", "drop_lowest": 3},
]
ANSWERS = {"cells": "9", "doubled": "18", "why": "Fewer."}


@pytest.fixture
def course(world):
    return world.course(categories=CATEGORIES)


@pytest.fixture
def teacher(world, course):
    return world.enrol(course, "Tea Cher", role="instructor")


def put(teacher: Person, assigned: ProblemReference, student: Person, given, **more):
    """Set a student's points by hand, and return the response."""
    body = {"student": str(student.id), "points": given, "reason": "By hand.", **more}
    path = f"/assignments/{assigned.assignment}/overrides"
    return teacher.post(path, body, headers={"If-Match": "*"})


def percents(teacher: Person, course, student: Person) -> set[Fraction | None]:
    """Return the course percentages that the student, the teacher and the gradebook read."""
    mine = student.get(f"/courses/{course}/grades").json()["percent"]
    theirs = teacher.get(f"/courses/{course}/students/{student.id}/grades").json()["percent"]
    rows = teacher.get(f"/courses/{course}/gradebook").json()["items"]
    [row] = [one for one in rows if one["user"] == str(student.id)]
    told = (mine, theirs, row["percent"])
    return {None if one is None else points(one) for one in told}


@pytest.mark.parametrize(
    "given",
    [
        *("NaN", "Infinity", "-Infinity", "-1", "-0.0000001", "1e5", "1000001", "1/1000001"),
        *("1/0", "½", "٣", "1_000", "0x10", "", "9" * 400, True, [1], {"points": 1}),
    ],
    ids=str,
)
def test_invalid_points_are_rejected(world, course, teacher, student, given):
    [assigned] = world.assignment(course)
    refused = put(teacher, assigned, student, given, over_maximum=True)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")


def test_points_above_maximum_need_a_flag_and_count_in_full(world, course, teacher, student):
    [assigned] = world.assignment(course, category="Homework")
    assert put(teacher, assigned, student, 9).status_code == 422
    assert put(teacher, assigned, student, 12, over_maximum=True).status_code == 201
    assert percents(teacher, course, student) == {Fraction(150)}
    assert put(teacher, assigned, student, 1_000_000, over_maximum=True).status_code == 201
    assert percents(teacher, course, student) == {Fraction(12_500_000)}
    for path in ("analytics", "gradebook", "exports/csv"):
        assert teacher.get(f"/courses/{course}/{path}").status_code == 200


def test_drop_lowest_compares_overridden_points(world, course, teacher, student):
    homework = [world.assignment(course, category="Homework")[0] for _ in range(3)]
    for one, given in zip(homework, ("1/999983", 0, 8), strict=True):
        assert put(teacher, one, student, given).status_code == 201
    assert percents(teacher, course, student) == {Fraction(100) * (Fraction(1, 999_983) + 8) / 16}
    assert put(teacher, homework[1], student, 20, over_maximum=True).status_code == 201
    assert percents(teacher, course, student) == {Fraction(100) * 28 / 16}


def test_drop_lowest_keeps_one_score_and_extra_credit_adds_to_it(world, course, teacher, student):
    projects = [world.assignment(course, category="Projects")[0] for _ in range(3)]
    [extra] = world.assignment(course, category="Projects", extra=True)
    assert put(teacher, extra, student, 8).status_code == 201
    assert percents(teacher, course, student) == {None}  # nothing that it could add to
    for one, given in zip(projects, (1, 2, 3), strict=True):
        assert put(teacher, one, student, given).status_code == 201
    assert percents(teacher, course, student) == {Fraction(100) * (3 + 8) / 8}


def test_student_excused_from_all_work_has_no_percentage(world, course, teacher, student):
    for category in ("Homework", "Projects"):
        [assigned] = world.assignment(course, category=category)
        student.submit(assigned, ANSWERS)
        excused = {"student": str(student.id), "reason": "ill"}
        path = f"/assignments/{assigned.assignment}/excuses"
        assert teacher.post(path, excused).status_code == 201
    assert percents(teacher, course, student) == {None}


def primes(many: int) -> list[int]:
    """Return the *many* largest primes below a million."""
    odd = range(999_999, 900_000, -2)
    found = (one for one in odd if all(one % factor for factor in range(3, 1_000, 2)))
    return [next(found) for _ in range(many)]


def odd_points(
    world: World, assigned: ProblemReference, student: Person, author: Person, many: int
) -> None:
    """Add *many* problems, and give each part points with its own denominator."""
    at = iter(primes(3 * many))
    with world.session() as session:
        version = session.get_one(AssignmentProblem, assigned.id).version_id
        for number in range(many):
            problem = AssignmentProblem(
                id=new_id(),
                assignment_id=assigned.assignment,
                slug=f"more-{number}",
                version_id=version,
                position=number + 1,
            )
            session.add(problem)
            session.flush()
            session.add_all(
                Override(
                    id=new_id(),
                    assignment_id=assigned.assignment,
                    problem_id=problem.id,
                    part=part,
                    student_id=student.id,
                    points=Fraction(1, next(at)),
                    reason="By hand.",
                    author_id=author.id,
                    created_at=world.clock(),
                )
                for part in ("cells", "doubled", "why")
            )


def test_sum_of_many_fractions_is_rounded_and_stored(world, course, teacher, student):
    """The exact sum would have 5,000 digits, more than Python prints."""
    [assigned] = world.assignment(course, TEXT_PROBLEM, category="Homework")
    odd_points(world, assigned, student, teacher, 300)
    told = put(teacher, assigned, student, 1, problem=assigned.slug)
    assert told.status_code == 201, told.text
    expected = 1 + sum(Fraction(1, one) for one in primes(900))
    score = points(told.json()["grade"]["score"])
    assert abs(score - expected) < Fraction(1, 10**9)
    [percent] = percents(teacher, course, student)
    assert percent == Fraction(100) * score / (8 * 301)
    for path in (f"/courses/{course}/gradebook", f"/courses/{course}/exports/csv"):
        assert teacher.get(path).status_code == 200
