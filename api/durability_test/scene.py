"""Test course in an empty database: students with tokens, and two problems."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.secrets import Secret, new_secret
from api.core.ids import new_id
from api.db.engine import Database
from api.db.migrations import upgrade
from api.db.models import Assignment, AssignmentProblem, Course, Enrolment, Token, User
from api.db.upserts import insert_all
from api.services.problems.publishing import Published, Source, publish_one
from api.services.problems.versions import store_version

__all__ = ["LIMIT", "PART", "Place", "Scene", "make_scene", "write_bank"]

NAME: Final = "selftest-cells"
PART: Final = "cells"
LIMIT: Final = 3
"""How many attempts the second assignment allows."""
SOURCE: Final = f"""\
id: {NAME}
title: Cells of a kernel
topic: convolution
difficulty: 1
params:
  K: {{choose: [3, 5, 7], original: 3}}
statement: |
  A kernel of size {{{{K}}}}.
parts:
  - {{id: {PART}, kind: integer, points: 2, prompt: "How many cells?", key: "K*K"}}
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Place where a student submits: the path below ``/api/v1``, and the token for it."""

    student: UUID
    problem: UUID
    path: str
    token: str


@dataclass(frozen=True, slots=True)
class Scene:
    """Places of all students, and the attempts that each problem allows."""

    places: Sequence[Place]
    limits: Mapping[UUID, int | None]


@dataclass(frozen=True, slots=True)
class _Posed:
    """Problem in an assignment with no other problem."""

    id: UUID
    assignment: UUID

    def place(self, student: UUID, token: str) -> Place:
        path = f"/assignments/{self.assignment}/problems/{NAME}/submissions"
        return Place(student, self.id, path, token)


def write_bank(folder: Path) -> Path:
    """Write a bank with only the problem of the scene to *folder*, and return *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{NAME}.yaml").write_text(SOURCE, encoding="utf-8")
    return folder


def make_scene(db: Database, *, students: int, now: datetime) -> Scene:
    """Create the schema and the course in an empty database.

    One assignment allows any number of attempts, the other `LIMIT`.
    """
    upgrade(db)
    with db.transaction() as session:
        course = _course(session, now=now)
        version = _version(session, now=now)
        posed = {
            _posed(session, course, version, attempts=attempts, now=now): attempts
            for attempts in (None, LIMIT)
        }
        tokens = _students(session, course, students, now=now)
    places = [one.place(student, token) for student, token in tokens for one in posed]
    return Scene(places, {one.id: attempts for one, attempts in posed.items()})


def _course(session: Session, *, now: datetime) -> UUID:
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


def _version(session: Session, *, now: datetime) -> UUID:
    published = publish_one(Source(NAME, SOURCE), seeds=2)
    if not isinstance(published, Published):
        raise TypeError(f"the problem of the selftest cannot be published: {published}")
    return store_version(session, published, SOURCE, now=now).id


def _posed(
    session: Session, course: UUID, version: UUID, *, attempts: int | None, now: datetime
) -> _Posed:
    posed = _Posed(id=new_id(), assignment=new_id())
    session.add(
        Assignment(
            id=posed.assignment,
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
            id=posed.id, assignment_id=posed.assignment, slug=NAME, version_id=version
        )
    )
    return posed


def _students(
    session: Session, course: UUID, count: int, *, now: datetime
) -> list[tuple[UUID, str]]:
    """Create students; return the id and the token text of each."""
    given = [(new_id(), new_secret("api")) for _ in range(count)]
    insert_all(session, User, [_user(one, now) for one, _ in given])
    insert_all(session, Token, [_token(one, secret, now) for one, secret in given])
    insert_all(session, Enrolment, list(_enrolments(course, [one for one, _ in given], now)))
    return [(one, secret.text) for one, secret in given]


def _user(student: UUID, now: datetime) -> dict[str, Any]:
    return {"id": student, "name": "Selftest", "created_at": now}


def _token(student: UUID, secret: Secret, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "prefix": secret.prefix,
        "digest": secret.digest,
        "user_id": student,
        "name": "selftest",
        "scopes": ["read", "submit"],
        "created_at": now,
    }


def _enrolments(course: UUID, students: Sequence[UUID], now: datetime) -> Iterator[dict[str, Any]]:
    for student in students:
        yield {
            "id": new_id(),
            "course_id": course,
            "user_id": student,
            "role": "student",
            "created_at": now,
        }
