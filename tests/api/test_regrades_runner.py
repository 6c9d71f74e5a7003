"""Tests of regrade work: killed, resumed, and concurrent with submissions."""

import json
import pickle
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import crashing_regrade_worker
import pytest
from fastapi.testclient import TestClient
from regrading import (
    OTHER_KEY,
    corrupt_version,
    get_regrade,
    read_grades,
    run_action,
    run_dry_run,
    score,
)
from sqlalchemy import func, select
from student_setup import under_way
from world import OTHER_PROBLEM, TEXT_PROBLEM, points

from api.core.ids import new_id
from api.db.models import Answer, Grading, ProblemVersion, RegradeChange, Submission, Variant
from api.services.regrades import planning
from api.services.regrades.execution import grading_jobs
from api.services.regrades.execution.grading_jobs import (
    RegradeJob,
    SubmissionToGrade,
    grade_job,
    make_parallel_grader,
)
from problems.catalog import ProblemCatalog

ROOT = Path(__file__).parents[2]


def kill(world, *, at: int) -> None:
    """Run the regrade in another process, which dies before its commit number *at*."""
    script = Path(crashing_regrade_worker.__file__)
    ran = subprocess.run(
        [sys.executable, str(script), world.url, str(at)], cwd=ROOT, check=False, timeout=120
    )
    assert ran.returncode == 9


def test_regrade_killed_in_every_phase_loses_and_repeats_nothing(
    world, course, teacher, problem, monkeypatch
):
    monkeypatch.setattr(planning, "STUDENTS_IN_CHUNK", 2)
    people = [world.enrol(course, f"Student {number}") for number in range(7)]
    for number, person in enumerate(people):
        person.submit(problem, {"cells": str(7 + number), "doubled": "18"})
    before = read_grades(world, problem)
    asked = {"version": OTHER_KEY}
    run = teacher.post(f"{problem.path}/regrades", asked).json()
    kill(world, at=3)
    assert get_regrade(teacher, run)["progress"]["done"] == 4
    world.service.regrades.run_until_idle()
    ready = get_regrade(teacher, run)
    assert (ready["status"], ready["counts"]["answers"]) == ("ready", 14)
    foreseen = teacher.get(f"/regrades/{run['id']}/students").json()["items"]
    teacher.post(f"/regrades/{run['id']}/apply", {})
    kill(world, at=2)
    world.service.regrades.run_until_idle()
    assert get_regrade(teacher, run)["status"] == "applied"
    for one, person in zip(sorted(foreseen, key=lambda one: one["student"]), people, strict=True):
        assert one["student"] == str(person.id)
        assert points(one["score"]["after"]) == score(world, problem, person)
    with world.db.reading() as session:
        made = select(func.count(Grading.id)).where(Grading.kind == "regrade")
        moved = select(func.count(RegradeChange.id)).where(RegradeChange.new_grading.is_not(None))
        assert session.scalar(made) == session.scalar(moved) > 0
    teacher.post(f"/regrades/{run['id']}/undo", {})
    kill(world, at=4)
    world.service.regrades.run_until_idle()
    assert get_regrade(teacher, run)["status"] == "undone"
    assert read_grades(world, problem) == before


def test_service_resumes_unfinished_regrade_on_startup(world, course, teacher, problem):
    world.enrol(course).submit(problem, {"cells": "10"})
    run = teacher.post(f"{problem.path}/regrades", {"version": OTHER_KEY}).json()
    with TestClient(world.app):
        until = time.monotonic() + 30
        while get_regrade(teacher, run)["status"] != "ready" and time.monotonic() < until:
            time.sleep(0.05)
        assert get_regrade(teacher, run)["status"] == "ready"


def test_submission_prepared_before_apply_is_graded_by_new_version(world, course, teacher, problem):
    early, new = world.enrol(course, "Early"), world.enrol(course, "New")
    early.submit(problem, {"cells": "9"})
    run = run_dry_run(world, teacher, problem)
    answers = {"cells": "10"}
    entries = [under_way(world, one, problem, answers, key=None) for one in (early, new)]
    run_action(world, teacher, run, "apply")
    for entry in entries:
        told = json.loads(world.service.writer.submit(entry).reply)
        assert told["results"][0]["status"] == "correct"
    with world.db.reading() as session:
        versions = select(Submission.version_id).order_by(Submission.id.desc()).limit(2)
        assert {str(one) for one in session.scalars(versions)} == {run["to_version"]["id"]}


def test_failed_chunk_stops_only_its_regrade(world, course, teacher):
    first, second = world.assignment(course, TEXT_PROBLEM, OTHER_PROBLEM)
    student = world.enrol(course)
    runs = []
    for assigned in (first, second):
        student.submit(assigned, {"cells": "10"})
        runs.append(teacher.post(f"{assigned.path}/regrades", {"version": OTHER_KEY}).json())
    corrupt_version(world, runs[0])
    world.service.regrades.run_until_idle()
    failed, ready = (get_regrade(teacher, run) for run in runs)
    assert (failed["status"], ready["status"]) == ("failed", "ready")
    assert "Chunk 0 failed (ProblemError)" in failed["error"]


def test_regrade_with_current_version_finds_no_changes(world, course, teacher):
    typed = {
        "rgb-conv-same": ["18 27; 30 45", "x?", "", "1e9"],
        "conv-output-shape": ["126×126×16", "(16, 126, 126)", "126", "16 126 126"],
        "yolo-output-depth": ["255", "85", "3*85", "255.0"],
    }
    assigned = world.assignment(course, *typed, variants="each")
    for number in range(4):
        student = world.enrol(course, f"Student {number}")
        for problem in assigned:
            for answer in typed[problem.slug]:
                parts = [part["id"] for part in _parts(problem.slug)]
                student.submit(problem, dict.fromkeys(parts[: number + 1], answer))
    for problem in assigned:
        run = run_dry_run(world, teacher, problem, {"id": str(problem.version)})
        assert run["counts"]["answers"] > 0
        assert teacher.get(f"/regrades/{run['id']}/changes").json()["items"] == []


def _parts(problem):
    return [{"id": part.id} for part in ProblemCatalog().get(problem).parts]


def test_split_grading_job_gives_same_result_as_whole(world, problem, monkeypatch):
    version = problem.version
    with world.db.reading() as session:
        data = session.get_one(Variant, {"version_id": version, "position": -1}).data
        [source] = session.scalars(select(ProblemVersion.source))
    places = {(version, -1): data}
    handed = tuple(
        SubmissionToGrade(
            new_id(), person, (version, -1), 0, {"cells": str(value), "doubled": "20"}
        )
        for person in (new_id() for _ in range(5))
        for value in (9, 10, "x?")
    )
    job = RegradeJob({version: (problem.slug, source)}, places, None, handed)
    whole = grade_job(job)
    assert len(whole) == 15
    assert pickle.loads(pickle.dumps((job, whole))) == (job, whole)  # noqa: S301
    monkeypatch.setattr(grading_jobs, "MIN_SUBMISSIONS_FOR_PROCESSES", 2)
    with ThreadPoolExecutor(2) as pool:
        assert make_parallel_grader(lambda: pool, workers=2)(job) == whole


def test_answers_of_different_types_are_graded_separately(world, problem):
    """Equal answers are graded once; 1, true and "1" are cached separately."""
    version = problem.version
    with world.db.reading() as session:
        data = session.get_one(Variant, {"version_id": version, "position": -1}).data
        [source] = session.scalars(select(ProblemVersion.source))
    typed = (9, "9", 9, 1, True, "1", "true", [9], "[9]", 9)
    handed = tuple(
        SubmissionToGrade(new_id(), new_id(), (version, -1), 0, {"cells": one}) for one in typed
    )
    together = grade_job(
        RegradeJob({version: (problem.slug, source)}, {(version, -1): data}, None, handed)
    )
    found = [together[one.id]["cells"] for one in handed]
    assert len({id(one) for one in found}) == len({(type(one), str(one)) for one in typed}) == 8
    assert found[0] is found[2] is found[-1]


@pytest.mark.parametrize(("different", "sent"), [(1, 0), (9, 0), (10, 2)])
def test_small_grading_jobs_run_without_other_processes(
    world, problem, monkeypatch, different, sent
):
    """Sending submissions takes as long as grading them, however many there are."""
    monkeypatch.setattr(grading_jobs, "MIN_SUBMISSIONS_FOR_PROCESSES", 10)
    version = problem.version
    with world.db.reading() as session:
        data = session.get_one(Variant, {"version_id": version, "position": -1}).data
        [source] = session.scalars(select(ProblemVersion.source))
    handed = tuple(
        SubmissionToGrade(new_id(), person, (version, -1), 0, {"cells": str(number % different)})
        for person in (new_id() for _ in range(4))
        for number in range(10)
    )
    job = RegradeJob({version: (problem.slug, source)}, {(version, -1): data}, None, handed)
    with Counting(2) as pool:
        assert make_parallel_grader(lambda: pool, workers=2)(job) == grade_job(job)
    assert pool.sent == sent


class Counting(ThreadPoolExecutor):
    """Thread pool that counts its jobs."""

    sent = 0

    def submit(self, *given, **more):
        self.sent += 1
        return super().submit(*given, **more)


def test_regrade_recomputes_later_answers_from_earlier_submissions(world, course, teacher, problem):
    student = world.enrol(course)
    student.submit(problem, {"cells": "10"})
    student.submit(problem, {"doubled": "20"})
    with world.db.reading() as session:
        followed = session.scalar(select(Answer.status).where(Answer.part == "doubled"))
    assert followed == "follow_through"
    run = run_dry_run(world, teacher, problem)
    changes = teacher.get(f"/regrades/{run['id']}/changes").json()["items"]
    assert {one["part"]: one["after"]["status"] for one in changes} == {
        "cells": "correct",
        "doubled": "correct",
    }
