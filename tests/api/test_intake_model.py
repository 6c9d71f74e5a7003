"""Tests that the service agrees with a plain model after any sequence of actions."""

import os
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from uuid import UUID

import pytest
from actors import NOW
from course_model import BY_ATTEMPT, Model
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select, update
from world import TEXT_PROBLEM, World, points

from api.db.models import Answer, Assignment, Extension, Grade, ProblemProgress, Submission, Token
from api.services.grades import GradeCause, recompute_student_grades

EXAMPLES = int(os.environ.get("GRADER_MODEL_EXAMPLES", "12"))
LATE = {"due": "2026-11-04 12:00", "late": [{"days": 1, "credit": "90%"}]}
CORRECTED = TEXT_PROBLEM.replace('key: "K*K"', 'key: "K*K + 1"')
VALUES = st.sampled_from([3, 5, 7, 9, 10])


class Agreement(RuleBasedStateMachine):
    """State machine of one student in a new course; the database persists between runs."""

    world: World
    corrected: UUID

    def __init__(self) -> None:
        super().__init__()
        self.world.clock.now = NOW
        self.course = self.world.course()
        self.staff = self.world.enrol(self.course, role="instructor")
        self.student = self.world.enrol(self.course)
        [self.problem] = self.world.assignment(
            self.course,
            TEXT_PROBLEM,
            timeline_spec=LATE,
            attempts=3,
            by_attempt=[str(one) for one in BY_ATTEMPT],
        )
        self.model = Model()
        self.versions = {9: self.problem.version, 10: self.corrected}
        self.kept: list[tuple[str, dict[str, str], str]] = []
        self.best = Fraction(0)

    def submit(self, answers: dict[str, int | None]) -> None:
        """Submit to the service and to the model, and compare the outcomes."""
        typed = {part: "?!" if one is None else str(one) for part, one in answers.items()}
        key = f"key-{len(self.kept)}-{self.problem.id}"
        expected = self.model.submit(answers)
        got = self.student.submit(self.problem, typed, key=key)
        said = "stored" if got.status_code == 201 else got.json()["code"]
        assert said == expected, got.text
        if said == "stored":
            self.kept.append((key, typed, got.text))
            assert got.json()["sequence"] == self.model.submissions
            assert points(got.json()["standing"]["score"]) == self.model.score

    @rule(value=VALUES)
    def answer_one(self, value: int) -> None:
        self.submit({"cells": value})

    @rule(value=VALUES)
    def answer_the_next(self, value: int) -> None:
        self.submit({"doubled": 2 * value})

    @rule(value=VALUES, other=VALUES)
    def answer_both(self, value: int, other: int) -> None:
        self.submit({"doubled": 2 * other, "cells": value})

    @rule(part=st.sampled_from(["cells", "doubled"]))
    def answer_what_cannot_be_read(self, part: str) -> None:
        self.submit({part: None})

    @rule(at=st.integers(0, 5))
    def send_again(self, at: int) -> None:
        if self.kept and not self.model.revoked:
            key, typed, reply = self.kept[at % len(self.kept)]
            assert self.student.submit(self.problem, typed, key=key).text == reply

    @rule(hours=st.sampled_from([-5, 1, 12, 30]))
    def move_the_clock(self, hours: int) -> None:
        self.model.hour += hours
        self.world.clock.advance(hours=hours)

    @rule(limit=st.sampled_from([1, 2, 3, 5, None]))
    def change_the_limit(self, limit: int | None) -> None:
        self.model.limit = limit
        with self.world.session() as session:
            where = Assignment.id == self.problem.assignment
            session.execute(update(Assignment).where(where).values(attempts=limit))
        self.refresh()

    @rule(days=st.integers(1, 2))
    def extend(self, days: int) -> None:
        self.model.days = max(self.model.days, days)
        with self.world.session() as session:
            session.add(
                Extension(
                    course_id=self.course,
                    assignment_id=self.problem.assignment,
                    student_id=self.student.id,
                    spec={"days": days},
                    created_by=self.staff.id,
                    created_at=self.world.clock(),
                )
            )
        self.refresh()

    @rule()
    def revoke_or_give_a_token(self) -> None:
        self.model.revoked = not self.model.revoked
        if self.model.revoked:
            with self.world.session() as session:
                where = Token.user_id == self.student.id
                session.execute(update(Token).where(where).values(revoked_at=NOW))
        else:
            self.student = replace(self.student, token=self.world.token(self.student.id))

    @rule(key=st.sampled_from([9, 10]))
    def regrade(self, key: int) -> None:
        asked = {"version": {"id": str(self.versions[key])}, "reason": "the key was wrong"}
        made = self.staff.post(f"{self.problem.path}/regrades", asked)
        assert made.status_code == 201, made.text
        self.world.service.regrades.run_until_idle()
        applied = self.staff.post(f"/regrades/{made.json()['id']}/apply", {})
        assert applied.status_code in {200, 202}, applied.text
        self.world.service.regrades.run_until_idle()
        self.model.key = key
        self.best = self.model.score  # a regrade may lower it

    @rule()
    def crash(self) -> None:
        clock = self.world.clock
        self.world.db.close()  # nothing is finished, nobody is told
        type(self).world = World(self.world.url, clock=clock)
        self.student = replace(self.student, client=self.world.client)
        self.staff = replace(self.staff, client=self.world.client)

    def refresh(self) -> None:
        """Recompute the grade, as every change of rules does."""
        with self.world.session() as session:
            cause = GradeCause("settings", None, self.staff.id, self.world.clock())
            recompute_student_grades(
                session, self.problem.assignment, [self.student.id], cause=cause
            )

    @invariant()
    def what_is_kept_is_what_follows(self) -> None:
        with self.world.session() as session:
            mine = Submission.student_id == self.student.id
            rows = session.scalars(select(Submission).where(mine)).all()
            assert sorted(row.sequence for row in rows) == list(range(1, len(self.kept) + 1))
            assert {row.key for row in rows} == {key for key, _, _ in self.kept}
            standing = session.scalar(
                select(ProblemProgress.score).where(ProblemProgress.student_id == self.student.id)
            )
            grade = session.scalar(select(Grade.score).where(Grade.student_id == self.student.id))
            attempts = session.scalars(
                select(Answer.attempt).where(
                    Answer.student_id == self.student.id, Answer.part == "cells"
                )
            )
            used = [one for one in attempts if one is not None]
        assert sorted(used) == list(range(1, self.model.used("cells") + 1))
        assert (standing or 0) == (grade or 0) == self.model.score
        assert self.model.score >= self.best
        self.best = self.model.score


@pytest.fixture
def machine(world: World) -> Iterator[type[Agreement]]:
    """Yield the state machine on a database."""

    class Here(Agreement):
        pass

    Here.world = world
    world.version(TEXT_PROBLEM)
    Here.corrected = world.version(CORRECTED).id
    world.version(TEXT_PROBLEM)
    yield Here
    Here.world.close()


def test_submission_service_matches_the_model(machine):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
