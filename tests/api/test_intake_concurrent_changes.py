"""Tests of submissions during concurrent changes: no lost update, no revoked access."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from threading import Barrier, BrokenBarrierError, Event, Thread
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from student_setup import DUE_TOMORROW, under_way
from world import OTHER_PROBLEM, TEXT_PROBLEM, Person, ProblemReference, World

from api.auth.secrets import parse_secret
from api.db.models import Enrolment, Grade, LoginSession, ProblemProgress, Token, User
from api.services.grades import GradeCause, recompute_student_grades
from api.services.submissions import late_days
from api.services.submissions.pending_submissions import PendingSubmission, StoredSubmission
from api.services.submissions.writer.write_transaction import write_submissions

SPENT = {**DUE_TOMORROW, "late_days": 2}
HALF = {**SPENT, "late": [{"days": 3, "credit": "50%"}]}


def revoke(world: World, person: Person) -> None:
    shown = parse_secret(person.token)
    assert shown is not None
    with world.session() as session:
        mine = update(Token).where(Token.prefix == shown.prefix)
        session.execute(mine.values(revoked_at=world.clock()))


def suspend(world: World, person: Person) -> None:
    with world.session() as session:
        mine = update(User).where(User.id == person.id)
        session.execute(mine.values(suspended_at=world.clock()))


def withdraw(world: World, person: Person) -> None:
    with world.session() as session:
        mine = update(Enrolment).where(Enrolment.user_id == person.id)
        session.execute(mine.values(withdrawn_at=world.clock()))


@pytest.mark.parametrize(("end", "status"), [(revoke, 401), (suspend, 401), (withdraw, 404)])
def test_removed_student_gets_no_replayed_response(
    world: World,
    course: UUID,
    student: Person,
    end: Callable[[World, Person], None],
    status: int,
):
    [problem] = world.assignment(course)
    assert student.submit(problem, {"cells": "9"}, key="once").status_code == 201
    end(world, student)
    for cells in ("9", "8"):
        assert student.submit(problem, {"cells": cells}, key="once").status_code == status


def test_ended_session_gets_no_replayed_response(world, course, student):
    [problem] = world.assignment(course)
    cookie = world.log_in(student)
    assert by_cookie(world, problem, cookie).status_code == 201
    with world.session() as session:
        session.execute(update(LoginSession).values(revoked_at=world.clock()))
    assert by_cookie(world, problem, cookie).status_code == 401


def by_cookie(world: World, problem: ProblemReference, cookie: str) -> Any:
    """Submit with a session cookie, as a page does."""
    headers = {"Cookie": f"grader={cookie}", "Sec-Fetch-Site": "same-origin"}
    return world.client.post(
        f"/api/v1{problem.path}/submissions",
        json={"answers": {"cells": "9"}},
        headers=headers | {"Idempotency-Key": "once"},
    )


def test_revoked_token_does_not_use_up_the_rate_limit_of_its_owner(database_url):
    world = World(database_url, settings={"submissions_per_minute": 5})
    course = world.course()
    student = world.enrol(course)
    [problem] = world.assignment(course)
    assert student.submit(problem, {"cells": "9"}).status_code == 201
    spare = replace(student, token=world.token(student.id))
    revoke(world, student)
    told = [student.submit(problem, {"cells": str(n)}).status_code for n in range(6)]
    assert set(told) == {401}
    assert spare.submit(problem, {"cells": "7"}).status_code == 201
    world.close()


def at_once(world: World, *entries: PendingSubmission | StoredSubmission) -> list[Any]:
    """Write *entries* in one transaction, and return their outcomes."""
    service = world.service
    with world.db.transaction() as session:
        outcomes, recalled = write_submissions(
            session,
            [one for one in entries if isinstance(one, PendingSubmission)],
            variants=service.variants,
            cache=service.submission_cache,
            now=world.clock(),
        )
    recalled.apply()
    return outcomes


def kept(world: World, student: Person) -> list[Any]:
    with world.session() as session:
        standings = select(
            ProblemProgress.sequence, ProblemProgress.score, ProblemProgress.parts
        ).order_by(ProblemProgress.problem_id)
        grades = select(Grade.score, Grade.possible)
        return [
            *session.execute(standings.where(ProblemProgress.student_id == student.id)).all(),
            *session.execute(grades.where(Grade.student_id == student.id)).all(),
        ]


def refresh(world: World, problem: ProblemReference, student: Person) -> None:
    with world.session() as session:
        cause = GradeCause("settings", None, None, world.clock())
        recompute_student_grades(session, problem.assignment, [student.id], cause=cause)


def test_late_day_spent_by_the_first_submission_covers_the_second(world):
    course = world.course(late_day_budget=1)
    student, teacher = world.enrol(course), world.enrol(course, role="instructor")
    [problem] = world.assignment(course, TEXT_PROBLEM, timeline_spec=HALF)
    world.clock.advance(days=2, hours=1)
    assert student.submit(problem, {"cells": "9"}).json()["late_credit"] == 0.5
    more = teacher.patch(f"/courses/{course}", {"late_day_budget": 2}, headers={"If-Match": "*"})
    assert more.status_code == 200
    pair = (under_way(world, student, problem, {"doubled": "18"}, key=key) for key in "ab")
    told = at_once(world, *pair)
    assert [json.loads(one.reply)["late_credit"] for one in told] == [1, 1]
    before = kept(world, student)
    refresh(world, problem, student)
    assert kept(world, student) == before


def test_same_answer_sent_concurrently_is_stored_twice_if_a_late_day_is_spent(world):
    course = world.course(late_day_budget=1)
    student = world.enrol(course)
    [problem] = world.assignment(course, TEXT_PROBLEM, timeline_spec=SPENT)
    world.clock.advance(days=1, hours=1)
    pair = (under_way(world, student, problem, {"doubled": "18"}, key=key) for key in "ab")
    assert all(isinstance(one, StoredSubmission) for one in at_once(world, *pair))


def test_grade_refresh_during_a_submission_omits_nothing(world, other, course, student):
    [one, two] = world.assignment(course, TEXT_PROBLEM, OTHER_PROBLEM)
    student.submit(two, {"cells": "1"})
    entry = under_way(world, student, two, {"cells": "9"}, key="k")
    assert isinstance(entry, PendingSubmission)
    beside = Thread(target=refresh, args=(other, one, student))
    with world.db.transaction() as session:
        service = world.service
        write_submissions(
            session,
            [entry],
            variants=service.variants,
            cache=service.submission_cache,
            now=world.clock(),
        )
        beside.start()
        Event().wait(0.5)
    beside.join()
    due = kept(world, student)
    refresh(world, two, student)
    assert kept(world, student) == due
    assert student.submit(two, {"doubled": "18"}).json()["sequence"] == 3


def test_concurrent_late_submissions_in_two_processes_lock_in_one_order(
    world, other, pool, monkeypatch
):
    course = world.course(late_day_budget=2)
    students = [world.enrol(course) for _ in range(2)]
    pair = world.assignment(course, TEXT_PROBLEM, OTHER_PROBLEM, timeline_spec=SPENT)
    for student in students:
        for problem in pair:
            student.submit(problem, {"cells": "1"})
    world.clock.advance(days=1, hours=1)
    meeting, own = Barrier(2, timeout=1), late_days.resolve_rules_and_late_days

    def together(*given: Any, **more: Any) -> Any:
        found = own(*given, **more)
        with suppress(BrokenBarrierError):  # who waits for the first does not come here before
            meeting.wait()
        return found

    monkeypatch.setattr(late_days, "resolve_rules_and_late_days", together)

    def written(here: World, problem: ProblemReference, *those: Person) -> list[Any]:
        some = [under_way(here, one, problem, {"cells": "9"}, key=problem.slug) for one in those]
        return at_once(here, *some)  # nothing is tried again

    first = pool.submit(written, world, pair[0], *students)
    second = pool.submit(written, other, pair[1], *students[::-1])
    told = [*first.result(), *second.result()]
    assert all(isinstance(one, StoredSubmission) for one in told)
    before = kept(world, students[0])
    refresh(world, pair[0], students[0])
    assert kept(world, students[0]) == before
