"""Test course in an empty database: students with tokens, and two problems."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.secrets import NewSecret, new_secret
from api.core.ids import new_id
from api.db.engine import Database
from api.db.migrations import upgrade
from api.db.models import Assignment, AssignmentProblem, Course, Enrolment, Token, User
from api.db.upserts import insert_rows
from api.services.problems.publishing import ProblemSource, PublishedProblem, publish_problem_source
from api.services.problems.versions import store_version

PROBLEM_ID: Final = "selftest-cells"
PART_ID: Final = "cells"
ATTEMPT_LIMIT: Final = 3
"""Number of attempts that the second assignment allows."""
PROBLEM_SOURCE: Final = f"""\
id: {PROBLEM_ID}
title: Cells of a kernel
topic: convolution
difficulty: 1
params:
  K: {{choose: [3, 5, 7], original: 3}}
statement: |
  A kernel of size {{{{K}}}}.
parts:
  - {{id: {PART_ID}, kind: integer, points: 2, prompt: "How many cells?", key: "K*K"}}
"""


@dataclass(frozen=True, slots=True)
class SubmissionTarget:
    """Place where a student submits: the path below ``/api/v1``, and the token for it."""

    student: UUID
    problem: UUID
    path: str
    token: str


@dataclass(frozen=True, slots=True)
class DurabilityCourse:
    """Places of all students, and the attempts that each problem allows."""

    targets: Sequence[SubmissionTarget]
    limits: Mapping[UUID, int | None]


@dataclass(frozen=True, slots=True)
class _CourseProblem:
    """Problem in an assignment with no other problem."""

    id: UUID
    assignment: UUID

    def build_target(self, student: UUID, token: str) -> SubmissionTarget:
        path = f"/assignments/{self.assignment}/problems/{PROBLEM_ID}/submissions"
        return SubmissionTarget(student, self.id, path, token)


def write_bank(folder: Path) -> Path:
    """Write a bank with only the problem of the test to *folder*, and return *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{PROBLEM_ID}.yaml").write_text(PROBLEM_SOURCE, encoding="utf-8")
    return folder


def create_schema_and_course(db: Database, *, students: int, now: datetime) -> DurabilityCourse:
    """Create the schema and the course in an empty database.

    One assignment allows any number of attempts, the other `ATTEMPT_LIMIT`.
    """
    upgrade(db)
    with db.transaction() as session:
        course = _add_course(session, now=now)
        version = _add_version(session, now=now)
        attempts_by_problem = {
            _add_problem(session, course, version, attempts=attempts, now=now): attempts
            for attempts in (None, ATTEMPT_LIMIT)
        }
        tokens = _add_students(session, course, students, now=now)
    targets = [
        one.build_target(student, token) for student, token in tokens for one in attempts_by_problem
    ]
    return DurabilityCourse(
        targets, {one.id: attempts for one, attempts in attempts_by_problem.items()}
    )


def _add_course(session: Session, *, now: datetime) -> UUID:
    course = Course(
        id=new_id(),
        slug="selftest",
        title="Selftest",
        zone="UTC",
        secret=secrets.token_hex(32),
        created_at=now,
    )
    session.add(course)
    session.flush()
    return course.id


def _add_version(session: Session, *, now: datetime) -> UUID:
    published = publish_problem_source(ProblemSource(PROBLEM_ID, PROBLEM_SOURCE), seeds=2)
    if not isinstance(published, PublishedProblem):
        raise TypeError(f"the problem of the selftest cannot be published: {published}")
    return store_version(session, published, PROBLEM_SOURCE, now=now).id


def _add_problem(
    session: Session, course: UUID, version: UUID, *, attempts: int | None, now: datetime
) -> _CourseProblem:
    problem = _CourseProblem(id=new_id(), assignment=new_id())
    session.add(
        Assignment(
            id=problem.assignment,
            course_id=course,
            slug=f"attempts-{attempts}",
            title="Selftest",
            attempts=attempts,
            variants="original",
            published_at=now,
            created_at=now,
        )
    )
    session.flush()
    session.add(
        AssignmentProblem(
            id=problem.id, assignment_id=problem.assignment, slug=PROBLEM_ID, version_id=version
        )
    )
    return problem


def _add_students(
    session: Session, course: UUID, count: int, *, now: datetime
) -> list[tuple[UUID, str]]:
    """Create students; return the id and the token text of each."""
    students = [(new_id(), new_secret("api")) for _ in range(count)]
    insert_rows(session, User, [_user_row(student, now) for student, _ in students])
    insert_rows(session, Token, [_token_row(student, secret, now) for student, secret in students])
    insert_rows(
        session, Enrolment, list(_enrolment_rows(course, [student for student, _ in students], now))
    )
    return [(student, secret.text) for student, secret in students]


def _user_row(student: UUID, now: datetime) -> dict[str, Any]:
    return {"id": student, "name": "Selftest", "created_at": now}


def _token_row(student: UUID, secret: NewSecret, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "prefix": secret.prefix,
        "digest": secret.digest,
        "user_id": student,
        "name": "selftest",
        "scopes": ["read", "submit"],
        "created_at": now,
    }


def _enrolment_rows(
    course: UUID, students: Sequence[UUID], now: datetime
) -> Iterator[dict[str, Any]]:
    for student in students:
        yield {
            "id": new_id(),
            "course_id": course,
            "user_id": student,
            "role": "student",
            "created_at": now,
        }
