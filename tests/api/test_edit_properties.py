"""Tests that edits in any order leave the same stored grades as a recomputation."""

import shutil
from datetime import timedelta

import pytest
from actors import NOW
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from world import OTHER_PROBLEM, TEXT_PROBLEM, World

from api.db.models import AssignmentProblem, Enrolment, Grade, ProblemProgress
from api.services.grades import GradeCause, recompute_student_grades

ANY = {"If-Match": "*"}
DUES = ["2026-11-02 12:00", "2026-11-02 14:00", "2026-11-04 12:00"]
SPECS = st.fixed_dictionaries(
    {"due": st.sampled_from(DUES), "late_days": st.integers(0, 2)},
    optional={"late": st.just([{"days": 1, "credit": "1/3"}])},
)
CREDITS = st.sampled_from([[], [1, "1/2"], ["2/3", 0.5, 0]])
PARTS = st.sampled_from(["cells", "doubled", "why"])
SETTINGS = st.one_of(
    st.tuples(st.just("settings"), st.fixed_dictionaries({"timeline": SPECS})),
    st.tuples(st.just("settings"), st.fixed_dictionaries({"by_attempt": CREDITS})),
    st.tuples(
        st.just("settings"),
        st.integers(0, 1).map(lambda drop: {"groups": [{"id": "best", "drop_lowest": drop}]}),
    ),
)
ASSIGNED = st.fixed_dictionaries(
    {},
    optional={
        "points": st.sampled_from([None, 0, "7/2"]),
        "extra": st.booleans(),
        "group": st.sampled_from(["", "best"]),
        "voided": st.dictionaries(PARTS, st.sampled_from(["full", "out"]), max_size=2),
    },
)
WHO = st.integers(0, 2)
EDITS = st.one_of(
    SETTINGS,
    st.tuples(st.just("assigned"), ASSIGNED),
    st.tuples(st.just("removed"), st.none()),
    st.tuples(st.just("extended"), st.tuples(WHO, st.integers(1, 3))),
    st.tuples(st.just("section"), st.integers(1, 3)),
    st.tuples(st.just("withdrawn"), st.none()),
    st.tuples(st.just("excused"), st.tuples(WHO, st.booleans())),
    st.tuples(st.just("back"), st.none()),
    st.tuples(st.just("refunded"), WHO),
    st.tuples(st.just("zone"), st.sampled_from(["UTC", "Asia/Tokyo", "America/New_York"])),
    st.tuples(st.just("answered"), st.tuples(WHO, st.sampled_from(["8", "9", "18"]), PARTS)),
)


@pytest.fixture(scope="module")
def world(sqlite_template, tmp_path_factory):
    path = tmp_path_factory.mktemp("edits") / "grader.db"
    shutil.copyfile(sqlite_template, path)
    world = World(f"sqlite:///{path}")
    yield world
    world.close()


class Class:
    """Course with three students, two problems, and an instructor who edits them."""

    def __init__(self, world) -> None:
        world.clock.now = NOW
        self.world = world
        self.course = world.course(late_day_budget=3)
        self.section = world.section(self.course, "A")
        self.teacher = world.enrol(self.course, "Tea Cher", role="instructor")
        self.students = [
            world.enrol(self.course, f"Student {at}", section=None if at else self.section)
            for at in range(3)
        ]
        self.assigned = world.assignment(
            self.course,
            TEXT_PROBLEM,
            OTHER_PROBLEM,
            timeline_spec={"due": DUES[1], "late_days": 1},
            groups=[{"id": "best", "drop_lowest": 1}],
        )
        self.there = f"/assignments/{self.assigned[0].assignment}"
        for at, one in enumerate(self.students[:2]):
            one.submit(self.assigned[at], {"cells": "9", "doubled": "17"})

    def settings(self, body):
        return self.teacher.patch(self.there, body, headers=ANY)

    def zone(self, name):
        return self.teacher.patch(f"/courses/{self.course}", {"zone": name}, headers=ANY)

    def problem(self, body):
        return self.teacher.patch(self.assigned[0].path, body, headers=ANY)

    def removed(self, _):
        """Remove the problem, or restore it if it is already removed."""
        gone = self.teacher.delete(f"{self.assigned[1].path}?confirm=true", headers=ANY)
        if gone.status_code != 404:
            return gone
        return self.teacher.post(f"{self.there}/problems", {"problem": self.assigned[1].slug})

    def extended(self, told):
        who, days = told
        body = {"student": str(self.students[who].id), "grants": {"days": days}}
        return self.teacher.post(f"/courses/{self.course}/extensions", body)

    def inside(self, days):
        body = {"section": str(self.section), "grants": {"days": days}}
        return self.teacher.post(f"/courses/{self.course}/extensions", body)

    def withdrawn(self, _):
        path = f"/courses/{self.course}/extensions"
        found = self.teacher.get(path)
        for one in found.json()["items"][:1]:
            return self.teacher.delete(f"{path}/{one['id']}")
        return found

    def excused(self, told):
        who, whole = told
        body = {"student": str(self.students[who].id)}
        more = {} if whole else {"problem": self.assigned[0].slug}
        return self.teacher.post(f"{self.there}/excuses", body | more)

    def back(self, _):
        found = self.teacher.get(f"{self.there}/excuses")
        for one in found.json()["items"][:1]:
            return self.teacher.delete(f"{self.there}/excuses/{one['id']}")
        return found

    def refunded(self, who):
        path = f"/courses/{self.course}/students/{self.students[who].id}/late-days/refund"
        body = {"assignment": str(self.assigned[0].assignment), "days": 1}
        return self.teacher.post(path, body)

    def answered(self, told):
        who, answer, part = told
        self.world.clock.now += timedelta(hours=5)
        return self.students[who].submit(self.assigned[0], {part: answer})

    def kept(self) -> dict[str, list[tuple]]:
        """Return the stored progress and grades."""
        assignment = self.assigned[0].assignment
        with self.world.session() as session:
            standings = session.execute(
                select(
                    ProblemProgress.student_id,
                    ProblemProgress.problem_id,
                    ProblemProgress.parts,
                    ProblemProgress.score,
                )
                .add_columns(ProblemProgress.possible, ProblemProgress.waiting)
                .join(AssignmentProblem, AssignmentProblem.id == ProblemProgress.problem_id)
                .where(AssignmentProblem.assignment_id == assignment)
                .where(AssignmentProblem.removed_at.is_(None))
                .order_by(ProblemProgress.student_id, ProblemProgress.problem_id)
            )
            grades = session.execute(
                select(Grade.student_id, Grade.score, Grade.possible, Grade.waiting)
                .where(Grade.assignment_id == assignment)
                .order_by(Grade.student_id)
            )
            return {"standings": [*map(tuple, standings)], "grades": [*map(tuple, grades)]}

    def work_out(self) -> None:
        """Recompute all stored progress and grades."""
        assignment = self.assigned[0].assignment
        with self.world.session() as session:
            graded = select(Grade.student_id).where(Grade.assignment_id == assignment)
            known = session.scalars(graded).all()
            recompute_student_grades(
                session, assignment, known, cause=GradeCause("test", None, None, NOW)
            )
            enrolled = select(Enrolment.user_id).where(Enrolment.course_id == self.course)
            assert {*known} <= {*session.scalars(enrolled)}


@given(edits=st.lists(EDITS, min_size=1, max_size=6))
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_stored_grades_match_recomputation_after_any_sequence_of_edits(world, edits):
    scene = Class(world)
    acts = {"assigned": scene.problem, "section": scene.inside}
    for name, told in edits:
        answer = acts.get(name, getattr(scene, name, None))(told)
        assert answer.status_code in {200, 201, 404, 409}, (name, told, answer.text)
        kept = scene.kept()
        scene.work_out()
        assert scene.kept() == kept, (name, told)
