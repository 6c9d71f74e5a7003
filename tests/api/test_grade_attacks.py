"""Tests of attempts to raise one's own grade: forged fields and times, late days, extra credit."""

import pytest
from sqlalchemy import func, select, update
from world import OTHER_PROBLEM, TEXT_PROBLEM, Person, ProblemReference, World

from api.db.models import AssignmentProblem, Submission

RIGHT = {"cells": "9", "doubled": "18"}
WRONG = {"cells": "8"}
DUE_TOMORROW = {"due": "2026-11-03 12:00", "close": "2026-11-20 12:00"}


def count_submissions(world: World, student: Person) -> int:
    with world.session() as session:
        count = select(func.count()).where(Submission.student_id == student.id)
        return session.scalar(count) or 0


def make_extra(world: World, problem: ProblemReference) -> None:
    with world.session() as session:
        rows = update(AssignmentProblem).where(AssignmentProblem.id == problem.id)
        session.execute(rows.values(extra=True))


def read_grade(student: Person, course: object) -> tuple[object, object]:
    """Return the score and the possible score of the only assignment, as the student sees them."""
    [assignment] = student.get(f"/courses/{course}/grades").json()["assignments"]
    return assignment["score"], assignment["possible"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("points", 8),
        ("credit", 1),
        ("extra", True),
        ("late_credit", 1),
        ("late_days", 0),
        ("attempt", 1),
        ("sequence", 1),
        ("received_at", "2026-11-01T12:00:00Z"),
        ("student", "00000000-0000-0000-0000-000000000000"),
        ("draw", 1),
        ("position", 0),
        ("status", "correct"),
    ],
)
@pytest.mark.parametrize("is_cached", [False, True])
def test_submission_rejects_fields_other_than_answers(
    world, course, student, name, value, is_cached
):
    [problem] = world.assignment(course)
    if is_cached:
        assert student.submit(problem, WRONG).status_code == 201
    stored = count_submissions(world, student)
    response = student.post(f"{problem.path}/submissions", {"answers": RIGHT, name: value})
    assert response.status_code == 422
    assert name in {error["field"] for error in response.json()["errors"]}
    assert count_submissions(world, student) == stored


@pytest.mark.parametrize("is_cached", [False, True])
@pytest.mark.parametrize(
    "header",
    ["Date", "X-Request-Start", "X-Received-At", "X-Forwarded-Date", "If-Unmodified-Since"],
)
def test_no_header_can_backdate_a_late_submission(world, course, student, header, is_cached):
    [problem] = world.assignment(course, timeline_spec={"due": "2026-11-03 12:00"})
    if is_cached:
        assert student.submit(problem, WRONG).status_code == 201
    world.clock.advance(days=1, seconds=1)
    headers = {header: "Mon, 02 Nov 2026 12:00:00 GMT"}
    response = student.post(f"{problem.path}/submissions", {"answers": RIGHT}, headers=headers)
    assert (response.status_code, response.json()["code"]) == (409, "deadline_passed")


def test_idempotency_key_of_another_student_is_independent(world, course, student):
    [problem] = world.assignment(course)
    other = world.enrol(course, "Class Mate")
    first = student.submit(problem, RIGHT, key="shared").json()
    for answers in (RIGHT, WRONG):
        response = world.enrol(course, "An Other").submit(problem, answers, key="shared")
        assert response.status_code == 201
        assert "idempotency-replayed" not in response.headers
        assert response.json()["id"] != first["id"]
        assert response.json()["sequence"] == 1
    assert other.get(f"/submissions/{first['id']}").status_code == 404
    assert count_submissions(world, student) == 1


def test_extra_credit_counts_once_for_repeated_submissions(world, course, student):
    main, extra = world.assignment(course, TEXT_PROBLEM, OTHER_PROBLEM)
    make_extra(world, extra)
    assert student.submit(main, RIGHT).status_code == 201
    for number in range(4):
        assert student.submit(extra, RIGHT, key=f"k{number}").status_code == 201
        assert read_grade(student, course) == (8, 8)
    assert student.submit(extra, RIGHT, key="k0").headers["idempotency-replayed"] == "true"
    assert student.submit(extra, WRONG).status_code == 201
    assert read_grade(student, course) == (8, 8)


def test_late_extra_credit_is_reduced_and_closes_like_other_work(world, course, student):
    spec = DUE_TOMORROW | {"late": [{"days": 1, "credit": "50%"}], "close": "2026-11-04 12:00"}
    main, extra = world.assignment(course, TEXT_PROBLEM, OTHER_PROBLEM, timeline_spec=spec)
    make_extra(world, extra)
    assert student.submit(main, RIGHT).status_code == 201
    world.clock.advance(days=1, seconds=1)
    assert student.submit(extra, RIGHT).json()["late_credit"] == 0.5
    assert read_grade(student, course) == (6, 8)
    world.clock.advance(days=1)
    assert student.submit(extra, RIGHT).json()["code"] == "deadline_passed"
    assert read_grade(student, course) == (6, 8)


@pytest.fixture
def budget_course(world):
    return world.course(late_day_budget=2)


def read_days_left(student: Person, course: object) -> int:
    return student.get(f"/courses/{course}/late-days").json()["left"]


def test_assignments_share_one_late_day_budget(world, budget_course):
    student = world.enrol(budget_course)
    spec = {"due": DUE_TOMORROW["due"], "late_days": 2}
    first, second = (world.assignment(budget_course, timeline_spec=spec)[0] for _ in range(2))
    world.clock.advance(days=1, seconds=1)
    assert student.submit(first, RIGHT).json()["late_credit"] == 1
    assert read_days_left(student, budget_course) == 1
    world.clock.advance(days=1)
    stored = count_submissions(world, student)
    assert student.submit(second, RIGHT).json()["code"] == "deadline_passed"
    assert count_submissions(world, student) == stored
    assert read_days_left(student, budget_course) == 1
    assert student.submit(first, WRONG).json()["late_credit"] == 1
    assert read_days_left(student, budget_course) == 0
    assert student.submit(second, WRONG).json()["code"] == "deadline_passed"


def test_submissions_on_one_day_spend_one_late_day(world, budget_course):
    student = world.enrol(budget_course)
    [problem] = world.assignment(budget_course, timeline_spec=DUE_TOMORROW | {"late_days": 2})
    world.clock.advance(days=1, seconds=1)
    for number in range(3):
        assert student.submit(problem, {"cells": str(number)}, key=f"k{number}").status_code == 201
    assert student.submit(problem, {"cells": "0"}, key="k0").status_code == 201
    assert read_days_left(student, budget_course) == 1


def test_students_cannot_grant_themselves_time_or_extra_credit(world, budget_course):
    student = world.enrol(budget_course)
    [problem] = world.assignment(budget_course, timeline_spec=DUE_TOMORROW | {"late_days": 2})
    if_any = {"If-Match": "*"}
    extension = {"student": str(student.id), "grants": {"days": 9}}
    refund = {"assignment": str(problem.assignment), "days": 1, "reason": "mine"}
    refund_path = f"/courses/{budget_course}/students/{student.id}/late-days/refund"
    attempts = [
        student.post(f"/courses/{budget_course}/extensions", extension),
        student.post(refund_path, refund),
        student.patch(f"/courses/{budget_course}", {"late_day_budget": 9}, headers=if_any),
        student.patch(f"/assignments/{problem.assignment}", {"extra": True}, headers=if_any),
        student.patch(f"{problem.path}", {"extra": True}, headers=if_any),
    ]
    assert [response.status_code for response in attempts] == [403] * 5
    assert read_days_left(student, budget_course) == 2
