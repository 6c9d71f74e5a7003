"""Tests of the demo course: plausible, complete, and valid by the service's own rules."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from actors import NOW
from demo_course import create_demo, read_welcome, select_rows
from sqlalchemy import func, select
from world import Person, World

from api.db.models import (
    Answer,
    Assignment,
    AssignmentProblem,
    Draw,
    Enrolment,
    Extension,
    Grade,
    GradeChange,
    RegradeRequest,
    Submission,
    Token,
    User,
)
from api.demo import people
from api.demo.coursework.simulated_submissions import STREAM_KEY
from api.demo.plan import OPEN_ASSIGNMENT_SLUG, PLAN, collect_problem_ids, limit_plan
from api.services.grades import GradeCause, recompute_student_grades
from grader.variants.random_stream import RandomStream
from problems.catalog import ProblemCatalog

STUDENTS = 16


@pytest.fixture(scope="module")
def demo(shared_database_url: str) -> Iterator[World]:
    """Yield a service with the demo course, on each system, shared by the whole module."""
    world = World(shared_database_url)
    create_demo(world, students=STUDENTS)
    yield world
    world.close()


def test_shipped_bank_has_every_problem_of_the_demo_plan():
    assert limit_plan(ProblemCatalog().ids) == PLAN
    assert collect_problem_ids(PLAN) <= set(ProblemCatalog().ids)


def test_text_problems_accept_attachments(demo):
    settings = select_rows(demo, AssignmentProblem.slug, AssignmentProblem.attachments)
    taking = {slug for slug, attachments in settings if attachments}
    assert taking == {"max-pool-invariance", "separable-fc-discussion"}


def test_small_bank_gives_every_assignment_at_least_one_problem():
    found = limit_plan(("a-toy", "conv-output-shape"))
    assert [one.problems for one in found] == [
        ("a-toy",),
        ("a-toy",),
        ("conv-output-shape",),
        ("a-toy",),
    ]


def test_demo_course_has_every_role_exception_and_assignment_state(demo):
    roles = Counter(role for (role,) in select_rows(demo, Enrolment.role))
    assert roles == {"student": STUDENTS + 1, "grader": 2, "instructor": 1}
    assert len(select_rows(demo, Extension.id)) == 2
    states = {
        slug: (release <= NOW, due <= NOW, closes <= NOW)
        for slug, release, due, closes in select_rows(
            demo, Assignment.slug, Assignment.release_at, Assignment.due_at, Assignment.closes_at
        )
    }
    assert states == {
        "convolution": (True, True, True),
        "parameters": (True, True, False),
        OPEN_ASSIGNMENT_SLUG: (True, False, False),
        "attention": (False, False, False),
    }
    statuses = {status for (status,) in select_rows(demo, Answer.status)}
    assert statuses >= {"correct", "mistake", "wrong", "unreadable", "needs_review"}
    lates = {late for (late,) in select_rows(demo, Answer.late)}
    assert {1, Fraction(9, 10)} <= lates
    requests = [status for (status,) in select_rows(demo, RegradeRequest.status)]
    assert sorted(requests) == ["declined", "open", "open", "open"]


def test_demo_submissions_lie_between_release_and_now(demo):
    found = rows_of_submissions(demo)
    assert found
    for received, release, closes in found:
        assert release <= received <= NOW
        assert received <= closes + timedelta(days=7)  # one has a week more


def test_every_problem_is_opened_before_its_first_answer(demo):
    with demo.db.reading() as session:
        found = session.execute(
            select(Draw.opened_at, Assignment.release_at, func.min(Submission.received_at))
            .join(AssignmentProblem, AssignmentProblem.id == Draw.problem_id)
            .join(Assignment, Assignment.id == AssignmentProblem.assignment_id)
            .join(
                Submission,
                (Submission.problem_id == Draw.problem_id)
                & (Submission.student_id == Draw.student_id),
            )
            .group_by(Draw.problem_id, Draw.student_id, Draw.opened_at, Assignment.release_at)
        ).all()
    assert found
    assert all(release <= opened < first for opened, release, first in found)
    waits = [first - opened for opened, _, first in found]
    assert len(set(waits)) > len(waits) / 2


def rows_of_submissions(world: World) -> list[Any]:
    with world.db.reading() as session:
        return list(
            session.execute(
                select(Submission.received_at, Assignment.release_at, Assignment.closes_at)
                .join(AssignmentProblem, AssignmentProblem.id == Submission.problem_id)
                .join(Assignment, Assignment.id == AssignmentProblem.assignment_id)
            )
        )


def test_recomputing_demo_grades_changes_nothing(demo):
    before = grades(demo)
    assert before
    with demo.session() as session:
        for (assignment,) in session.execute(select(Assignment.id)).all():
            students = [student for at, student in before if at == assignment]
            recompute_student_grades(
                session, assignment, students, cause=GradeCause("settings", None, None, NOW)
            )
    assert grades(demo) == before


def grades(world: World) -> dict[tuple[Any, Any], Any]:
    found = select_rows(world, Grade.assignment_id, Grade.student_id, Grade.score)
    return {(assignment, student): score for assignment, student, score in found}


def test_demo_grade_changes_have_the_time_of_their_cause(demo):
    found = select_rows(demo, GradeChange.at, GradeChange.cause)
    assert {cause for _, cause in found} == {"submission", "review"}
    received = {at for (at,) in select_rows(demo, Submission.received_at)}
    assert {at for at, cause in found if cause == "submission"} <= received
    assert all(at <= NOW for at, _ in found)


def test_tas_have_graded_most_texts_of_the_closed_assignment_only(demo):
    with demo.db.reading() as session:
        found = session.execute(
            select(Assignment.slug, Answer.manual)
            .join(AssignmentProblem, AssignmentProblem.id == Answer.problem_id)
            .join(Assignment, Assignment.id == AssignmentProblem.assignment_id)
            .where(Answer.part == "answer")
        ).all()
    marked = Counter((slug, manual) for slug, manual in found)
    assert marked["convolution", True] > marked["convolution", False] > 0
    assert marked["parameters", True] == 0 < marked["parameters", False]


def test_demo_student_has_submitted_nothing_in_the_open_assignment(demo):
    with demo.db.reading() as session:
        mine = session.scalars(
            select(Assignment.slug)
            .join(AssignmentProblem, AssignmentProblem.assignment_id == Assignment.id)
            .join(Submission, Submission.problem_id == AssignmentProblem.id)
            .join(User, User.id == Submission.student_id)
            .where(User.email == "student@example.edu")
        ).all()
    assert OPEN_ASSIGNMENT_SLUG not in mine
    assert mine


def test_demo_class_is_the_same_in_every_run(demo):
    names = {name for (name,) in select_rows(demo, User.name)}
    assert len(names) == STUDENTS + 4  # two graders, an instructor, and the test student
    assert {"Sam Example", "Iris Example", "Test student"} <= names
    expected = classmates_names()
    assert expected < names


def classmates_names() -> set[str]:
    return {
        one.name for one in people.generate_people(STUDENTS - 1, RandomStream(STREAM_KEY, "names"))
    }


def test_each_start_issues_working_logins_and_ends_the_previous_ones(demo):
    first, second = read_welcome(demo), read_welcome(demo)
    assert list(second.logins) == ["student", "grader", "instructor"]
    for role, login in second.logins.items():
        person = Person(login.user_id, role, demo.client, login.token)
        old = Person(login.user_id, role, demo.client, first.logins[role].token)
        assert person.get("/me").status_code == 200
        assert old.get("/me").status_code == 401
        logged_in = [
            demo.client.post("/api/v1/login", json={"email": login.email, "password": password})
            for password in (login.password, first.logins[role].password)
        ]
        assert [one.status_code for one in logged_in] == [200, 401]
    assert len([1 for (at,) in select_rows(demo, Token.revoked_at) if at is None]) == 3


def test_example_answers_are_one_correct_and_one_known_mistake(demo):
    found = read_welcome(demo)
    assert found.example_answers is not None
    student = found.logins["student"]
    person = Person(student.user_id, "", demo.client, student.token)
    where = f"/assignments/{found.assignment}/problems/{found.example_answers.problem}/submissions"
    statuses = []
    for typed in (
        found.example_answers.right,
        found.example_answers.wrong,
        found.example_answers.right,
    ):
        reply = person.post(where, {"answers": {found.example_answers.part: typed}})
        assert reply.status_code == 201
        statuses.append(reply.json()["results"][0]["status"])
    assert statuses == ["correct", "mistake", "correct"]


def test_lines_to_paste_are_ascii_and_complete(demo):
    text = read_welcome(demo).render("http://127.0.0.1:8000")
    assert text.isascii()
    lines = [line for line in text.splitlines() if line.startswith("curl ")]
    assert len(lines) == 5
    assert "closed on" not in text
