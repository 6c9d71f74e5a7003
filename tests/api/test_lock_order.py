"""Tests of lock order: concurrent changes do not deadlock, so nobody gets a 503."""

from uuid import UUID

import pytest
from concurrency import TIMEOUT_SECONDS, Breakpoint, wait_until_blocked
from regrading import get_regrade, run_dry_run
from student_setup import under_way
from world import OTHER_PROBLEM, TEXT_PROBLEM

from api.auth.authentication import authenticate_token
from api.auth.authorization import load_course_membership
from api.core.errors import NotFound
from api.services.accounts import accounts
from api.services.enrolment import enrolments
from api.services.enrolment.sections import lock_assignments
from api.services.grades import recompute
from api.services.regrades.execution import apply as steps
from api.services.regrades.execution import runner
from api.services.regrades.execution.grading_jobs import grade_job
from api.services.review import requests
from api.services.submissions.pending_submissions import StoredSubmission
from api.services.submissions.writer.write_transaction import StaleCache, write_submissions

WORTH_MORE = {"parts": {"cells": {"points": 7}}}


def step(world, run, number=0):
    runner.process_chunk(world.db, run, number, grade=grade_job, clock=world.clock)


def applying(world, teacher, *problems, version=None):
    """Return the ids of regrades that are being applied, none of them finished.

    The last one has *version*. Nothing else processes them in the meantime.
    """
    versions = {problems[-1]: version}
    runs = [run_dry_run(world, teacher, one, versions.get(one)) for one in problems]
    for run in runs:
        assert teacher.post(f"/regrades/{run['id']}/apply", {}).status_code == 200
    return [UUID(run["id"]) for run in runs]


def test_suspension_during_a_submission_does_not_deadlock(world, other, pool, course, student):
    [problem] = world.assignment(course)
    admin = world.person("Ad Min", admin=True)
    assert student.submit(problem, {"cells": "1"}).status_code == 201
    entry = under_way(world, student, problem, {"cells": "9"}, key=None)
    world.clock.advance(hours=1)  # that the token is in use is noted again
    with other.session() as session:
        user = accounts.lock_user(session, student.id)
        sent = pool.submit(written, world, entry._replace(from_cache=True))
        wait_until_blocked(world, sent)
        author = authenticate_token(session, f"Bearer {admin.token}", now=world.clock())
        accounts.suspend_user(session, author, user, now=world.clock())
    [told] = sent.result(TIMEOUT_SECONDS)
    assert isinstance(told, StaleCache if world.db.is_sqlite else StoredSubmission)


def written(world, entry):
    """Write a submission without retries, and return its outcome."""
    service = world.service
    with world.db.transaction() as session:
        told, _ = write_submissions(
            session,
            [entry],
            variants=service.variants,
            cache=service.submission_cache,
            now=world.clock(),
        )
    return told


def erase_beside(world, pool, student, *, work, stop):
    """Erase a student while the *work* of a regrade is paused; both must finish."""
    admin = world.person("Ad Min", admin=True)  # who works holds all of SQLite
    chunk = pool.submit(work)
    stop.wait()
    erased = pool.submit(admin.post, f"/users/{student.id}/erase", {"confirm": student.name})
    wait_until_blocked(world, erased)
    stop.go()
    chunk.result(TIMEOUT_SECONDS)
    assert erased.result(TIMEOUT_SECONDS).status_code == 200


def test_erasure_during_a_regrade_does_not_deadlock(
    world, other, pool, course, teacher, student, monkeypatch
):
    [problem] = world.assignment(course)
    student.submit(problem, {"cells": "9"})
    [run] = applying(world, teacher, problem)
    stop = Breakpoint()
    monkeypatch.setattr(steps, "lock_progress", stop.after(steps.lock_progress))
    erase_beside(world, pool, student, work=lambda: step(other, run), stop=stop)
    world.service.regrades.run_until_idle()
    assert get_regrade(teacher, {"id": run})["status"] == "applied"


def test_erasure_during_a_regrade_of_later_submissions_does_not_deadlock(
    world, other, pool, course, teacher, student, monkeypatch
):
    [problem] = world.assignment(course)
    student.submit(problem, {"cells": "9"})
    [run] = applying(world, teacher, problem)
    student.submit(problem, {"cells": "8"})
    stop = Breakpoint()
    monkeypatch.setattr(runner, "store_dry_run", stop.after(runner.store_dry_run))
    erase_beside(world, pool, student, work=lambda: step(other, run), stop=stop)


def test_removal_from_a_course_during_erasure_does_not_deadlock(
    world, other, pool, course, teacher, student, monkeypatch
):
    admin = world.person("Ad Min", admin=True)
    stop = Breakpoint()
    monkeypatch.setattr(accounts, "lock_user", stop.after(accounts.lock_user))
    erased = pool.submit(admin.post, f"/users/{student.id}/erase", {"confirm": student.name})
    stop.wait()
    removed = pool.submit(take_out, other, course, teacher, student)
    wait_until_blocked(world, removed)
    stop.go()
    assert erased.result(TIMEOUT_SECONDS).status_code == 200
    with pytest.raises(NotFound):
        removed.result(TIMEOUT_SECONDS)


def take_out(world, course, teacher, student):
    with world.db.transaction() as session:
        caller = authenticate_token(session, f"Bearer {teacher.token}", now=world.clock())
        member = load_course_membership(session, caller, course)
        enrolments.withdraw_person(session, member, student.id, now=world.clock())


def test_section_change_during_a_regrade_does_not_deadlock(
    world, other, pool, course, teacher, student
):
    [problem] = world.assignment(course)
    student.submit(problem, {"cells": "9"})
    [run] = applying(world, teacher, problem, version=WORTH_MORE)
    student.submit(problem, {"cells": "8"})
    with world.session() as session:
        caller = authenticate_token(session, f"Bearer {teacher.token}", now=world.clock())
        member = load_course_membership(session, caller, course)
        lock_assignments(session, course)
        chunk = pool.submit(step, other, run)
        wait_until_blocked(world, chunk)
        enrolments.lock_person(session, member, student.id)
    chunk.result(TIMEOUT_SECONDS)


def test_regrade_request_during_a_regrade_does_not_deadlock(
    world, other, pool, course, teacher, student, monkeypatch
):
    [problem] = world.assignment(course)
    told = student.submit(problem, {"cells": "9"}).json()
    [run] = applying(world, teacher, problem)
    stop = Breakpoint()
    monkeypatch.setattr(requests, "new_id", stop.after(requests.new_id))
    path = f"/submissions/{told['id']}/parts/cells/request"
    asked = pool.submit(student.post, path, {"text": "Why?"})
    stop.wait()
    chunk = pool.submit(step, other, run)
    wait_until_blocked(world, chunk)
    stop.go()
    assert asked.result(TIMEOUT_SECONDS).status_code == 201
    chunk.result(TIMEOUT_SECONDS)


def test_concurrent_regrades_of_one_assignment_do_not_deadlock(
    world, other, pool, course, teacher, student, monkeypatch
):
    first, second = world.assignment(course, TEXT_PROBLEM, OTHER_PROBLEM)
    for one in (first, second):
        student.submit(one, {"cells": "9"})
    plain, worth = applying(world, teacher, first, second, version=WORTH_MORE)
    stop = Breakpoint()
    monkeypatch.setattr(
        recompute, "compute_problem_totals", stop.after(recompute.compute_problem_totals)
    )
    before = pool.submit(step, other, plain)
    stop.wait()
    beside = pool.submit(step, world, worth)
    wait_until_blocked(world, beside)
    stop.go()
    before.result(TIMEOUT_SECONDS)
    beside.result(TIMEOUT_SECONDS)
