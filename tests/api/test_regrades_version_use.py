"""Tests of the version of a regrade: new assignments use it only while it is applied."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from regrading import OTHER_KEY, corrupt_version, get_regrade, run_action, run_dry_run
from sqlalchemy import func, select
from world import TEXT_PROBLEM

from api.db.models import Answer, AuditEntry, ProblemVersion, Regrade

SLUG = "why-small-kernels"


def status_of(teacher, course, version):
    return teacher.get(f"/courses/{course}/problems/{version['id']}").json()["status"]


def taken(world, teacher, course):
    """Create an assignment, add the problem, and return the version that it uses."""
    made = {"slug": f"new-{world.clock.now.microsecond}", "title": "New"}
    one = teacher.post(f"/courses/{course}/assignments", made).json()
    world.clock.advance(microseconds=1)
    added = teacher.post(f"/assignments/{one['id']}/problems", {"problem": SLUG})
    assert added.status_code == 201, added.text
    [assigned] = teacher.get(f"/assignments/{one['id']}").json()["problems"]
    return assigned["version_id"]


def accepting(world, student, problem):
    """Submit a wrong answer, and return the change that makes a version accept it."""
    student.submit(problem, {"cells": "6"})
    with world.db.reading() as session:
        answer = session.scalar(select(Answer.id).where(Answer.part == "cells"))
    return {"accept": {"answer": str(answer), "reason": "Either"}}


def test_canceled_regrade_version_is_not_used_by_new_assignments(world, course, teacher, problem):
    wanted = accepting(world, world.enrol(course), problem)
    run = run_dry_run(world, teacher, problem, wanted)
    assert status_of(teacher, course, run["to_version"]) == "draft"
    assert taken(world, teacher, course) == str(problem.version)
    run_action(world, teacher, run, "cancel")
    assert status_of(teacher, course, run["to_version"]) == "retired"
    assert taken(world, teacher, course) == str(problem.version)


def test_undone_regrade_version_is_retired_for_new_assignments(world, course, teacher, problem):
    wanted = accepting(world, world.enrol(course), problem)
    run = run_action(world, teacher, run_dry_run(world, teacher, problem, wanted), "apply")
    assert status_of(teacher, course, run["to_version"]) == "published"
    undone = run_action(world, teacher, run, "undo")
    assert undone["warnings"] == []
    assert status_of(teacher, course, run["to_version"]) == "retired"
    assert taken(world, teacher, course) == str(problem.version)
    with world.db.reading() as session:
        target = AuditEntry.target_id == run["to_version"]["id"]
        told = session.scalars(select(AuditEntry.action).where(target).order_by(AuditEntry.id))
        assert list(told) == ["version.created", "version.published", "version.retired"]


def test_undo_warns_about_assignments_using_version_and_keeps_it(world, course, teacher, problem):
    run = run_action(world, teacher, run_dry_run(world, teacher, problem), "apply")
    assert run["warnings"] == []
    assert taken(world, teacher, course) == run["to_version"]["id"]
    undone = run_action(world, teacher, run, "undo")
    [warning] = undone["warnings"]
    assert warning.startswith("Version 1 of the course stays published: New uses it.")
    assert status_of(teacher, course, run["to_version"]) == "published"


def test_undo_keeps_version_that_another_regrade_uses(world, course, teacher, problem):
    run = run_action(world, teacher, run_dry_run(world, teacher, problem), "apply")
    [other] = world.assignment(course)
    again = run_dry_run(world, teacher, other, {"id": run["to_version"]["id"]})
    undone = run_action(world, teacher, run, "undo")
    assert "Homework 1 uses it" in undone["warnings"][0]
    run_action(world, teacher, again, "apply")
    run_action(world, teacher, again, "undo")
    assert status_of(teacher, course, run["to_version"]) == "published"


def test_regrade_to_existing_version_keeps_its_status(world, course, teacher, problem):
    more = TEXT_PROBLEM.replace('"K*K"', '"K*K + 1"')
    headers = {"Content-Type": "application/yaml"}
    path = f"/courses/{course}/problems"
    there = teacher.post(path, content=more.encode(), headers=headers).json()
    for ends in (("cancel",), ("apply", "undo")):
        run = run_dry_run(world, teacher, problem, {"id": there["id"]})
        for what in ends:
            run_action(world, teacher, run, what)
        assert status_of(teacher, course, there) == "published"


@pytest.mark.parametrize("what", ["publish", "retire"])
def test_version_of_pending_regrade_cannot_be_published_or_retired(
    world, course, teacher, problem, what
):
    run = run_dry_run(world, teacher, problem)
    path = f"/courses/{course}/problems/{run['to_version']['id']}/{what}"
    refused = teacher.post(path, {})
    assert refused.status_code == 409
    assert run["id"] in refused.json()["detail"]
    run_action(world, teacher, run, "apply")
    assert status_of(teacher, course, run["to_version"]) == "published"


def test_failed_dry_run_retires_its_version(world, course, teacher, problem):
    world.enrol(course).submit(problem, {"cells": "9"})
    run = teacher.post(f"{problem.path}/regrades", {"version": OTHER_KEY}).json()
    corrupt_version(world, run)
    world.service.regrades.run_until_idle()
    assert get_regrade(teacher, run)["status"] == "failed"
    assert status_of(teacher, course, run["to_version"]) == "retired"


def test_double_click_creates_one_regrade_and_one_version(world, teacher, problem, monkeypatch):
    both, publish = Barrier(2, timeout=60), world.service.publishing.publish

    def publish_together(*args, **more):
        outcome = publish(*args, **more)
        both.wait()
        return outcome

    monkeypatch.setattr(world.service.publishing, "publish", publish_together)
    with ThreadPoolExecutor(2) as pool:
        body = {"version": OTHER_KEY}
        asked = pool.map(lambda _: teacher.post(f"{problem.path}/regrades", body), range(2))
        told = sorted(asked, key=lambda one: one.status_code)
    assert [one.status_code for one in told] == [201, 409], [one.text for one in told]
    assert told[1].json()["code"] == "regrade_active"
    with world.db.reading() as session:
        assert session.scalar(select(func.count(Regrade.id))) == 1
        own = ProblemVersion.space != "bank"
        assert session.scalar(select(func.count(ProblemVersion.id)).where(own)) == 1


def test_publishing_a_version_holds_no_connection_or_lock(world, teacher, problem, monkeypatch):
    publish, held = world.service.publishing.publish, []

    def publish_and_look(*args, **more):
        held.append(world.db.engine.pool.checkedout())
        with world.session() as session:  # a writer that would wait for whoever holds a lock
            session.get_one(ProblemVersion, problem.version, with_for_update=True)
        return publish(*args, **more)

    monkeypatch.setattr(world.service.publishing, "publish", publish_and_look)
    assert teacher.post(f"{problem.path}/regrades", {"version": OTHER_KEY}).status_code == 201
    assert held == [0]


def test_active_regrade_prevents_publishing_another_version(world, teacher, problem):
    asked = {"version": {"parts": {"cells": {"key": "K/0"}}}}
    failed = teacher.post(f"{problem.path}/regrades", asked)
    assert (failed.status_code, failed.json()["code"]) == (422, "invalid_problem")
    run_dry_run(world, teacher, problem)
    again = teacher.post(f"{problem.path}/regrades", asked)
    assert (again.status_code, again.json()["code"]) == (409, "regrade_active")
