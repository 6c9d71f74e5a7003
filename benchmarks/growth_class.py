"""A database that grows: classes that handed in over the service, and copies of their students.

A few students of each class hand in over the service itself, so that every row is as in use; all
others are copies of them with ids of their own, written by the driver in bulk.
"""

import itertools
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from anyio.from_thread import BlockingPortal
from fastapi import FastAPI
from pages_asked import Answer, Browser, Statements
from regrading_class import SOURCE as TWO_PARTS
from sqlalchemy import text

from api.auth.secrets import new_secret
from api.core.ids import new_id
from api.db.engine import Database
from api.db.models import (
    Assignment,
    AssignmentProblem,
    Course,
    Enrolment,
    Token,
    User,
)
from api.db.upserts import insert_rows
from api.services.problems.publishing import ProblemSource, PublishedProblem, publish_problem_source
from api.services.problems.versions import store_version

SEEDS = 50
EACH = 5
TEMPLATES = 20
CREATED = 201
BUSY = 503
MOST_TRIES = 20
SOURCE, *_ = TWO_PARTS.partition("  - {id: doubled")
COPIED: Mapping[str, str] = {
    "users": "id",
    "tokens": "user_id",
    "enrolments": "user_id",
    "draws": "student_id",
    "submissions": "student_id",
    "answers": "student_id",
    "gradings": "answer_id",
    "standings": "student_id",
    "grades": "student_id",
    "grade_changes": "student_id",
}
"""The tables that have rows of a student, and the column by which they are found."""
AT_ONCE = 200
FIRST_COPY = 0x01B0_0000_0000_7000_8000 << 48
IDS_OF_COPIES = itertools.count(FIRST_COPY)


@dataclass(frozen=True)
class Somebody:
    """A person with the text of a token."""

    id: UUID
    token: str


@dataclass
class Asker(Browser):
    """Somebody who asks with a token."""

    token: str = ""

    def _scope(self, method: str, path: str, more: dict[str, str]) -> dict[str, Any]:
        shown = {"authorization": f"Bearer {self.token}"}
        return super()._scope(method, f"/api/v1{path}", more | shown)

    def _ask(self, method: str, path: str, more: dict[str, str], body: bytes = b"") -> Answer:
        """Return the answer; a service that is busy is asked again, as it says."""
        for _ in range(MOST_TRIES):
            answer = super()._ask(method, path, more, body)
            if answer.status != BUSY:
                break
            time.sleep(1)
        return answer

    def put(self, path: str, told: bytes) -> Answer:
        """Return the answer to what is put."""
        return self._ask("PUT", path, {"content-type": "application/json"}, told)


@dataclass
class Growing:
    """A class of one assignment with so many *problems*, and how many students it has so far."""

    db: Database
    name: str
    problems: int
    source: str = SOURCE
    course: UUID = field(default_factory=new_id)
    assignment: UUID = field(default_factory=new_id)
    students: list[Somebody] = field(default_factory=list)
    size: int = 0

    def __post_init__(self) -> None:
        """Write the course, its problems, an instructor and the first students."""
        now = datetime.now(UTC)
        found = publish_problem_source(ProblemSource("cells-of-a-kernel", self.source), seeds=SEEDS)
        if not isinstance(found, PublishedProblem):
            raise SystemExit(str(found))
        course = {"slug": self.name, "title": self.name, "zone": "UTC", "secret": "00" * 32}
        assignment = {"course_id": self.course, "slug": "hw", "title": "HW"}
        told = {"created_at": now}
        with self.db.transaction() as session:
            session.add(Course(id=self.course, **course, **told))
            session.flush()
            version = store_version(session, found, self.source, now=now)
            session.add(Assignment(id=self.assignment, **assignment, published_at=now, **told))
            session.flush()
            for at in range(self.problems):
                posed = {"assignment_id": self.assignment, "slug": f"p{at}", "position": at}
                session.add(AssignmentProblem(id=new_id(), version_id=version.id, **posed))
            self.staff = self._join(session, "instructor", 1, now)[0]
            self.students = self._join(session, "student", TEMPLATES, now)
        self.size = TEMPLATES

    def _join(self, session: Any, role: str, count: int, now: datetime) -> list[Somebody]:
        made = [(new_id(), new_secret("api")) for _ in range(count)]
        told = {"created_at": now}
        users = [{"id": one, "name": f"{role} {one.hex[-4:]}", **told} for one, _ in made]
        joined = {"course_id": self.course, "role": role}
        own = {"name": "growth", "scopes": ["read", "submit", "grade", "manage"], **told}
        insert_rows(session, User, users)
        insert_rows(
            session,
            Enrolment,
            [{"id": new_id(), "user_id": one, **joined, **told} for one, _ in made],
        )
        shown = [
            {"prefix": one.prefix, "digest": one.digest, "user_id": who, **own} for who, one in made
        ]
        insert_rows(session, Token, [{"id": new_id(), **one} for one in shown])
        return [Somebody(who, secret.text) for who, secret in made]

    def path(self, problem: int) -> str:
        """Return the address of a problem."""
        return f"/assignments/{self.assignment}/problems/p{problem}"

    def hand_in(self, app: FastAPI, loop: BlockingPortal, statements: Statements) -> None:
        """Let the first students open every problem and hand in `EACH` answers to it."""
        for one in self.students:
            asker = Asker(app, loop, statements, token=one.token)
            for problem, turn in itertools.product(range(self.problems), range(EACH)):
                if not turn:
                    asker.get(self.path(problem))
                typed = {"answers": {"cells": str((turn + 9) ** 2)}}
                answer = asker.post(f"{self.path(problem)}/submissions", typed)
                if answer.status != CREATED:
                    raise SystemExit(answer.body.decode())

    @property
    def submissions(self) -> int:
        """How many submissions the class has."""
        return self.size * self.problems * EACH

    def grow(self, students: int) -> None:
        """Copy the first students until there are so many."""
        rows = _rows_of(self.db, self.students)
        copies = itertools.cycle(rows)
        while self.size < students:
            count = min(AT_ONCE, students - self.size)
            _write(self.db, [next(copies) for _ in range(count)])
            self.size += count


Rows = Mapping[str, Sequence[tuple[Any, ...]]]
"""The rows of one student by table, as the driver has them."""


@dataclass(frozen=True)
class Template:
    """A student to copy: the rows, and the ids that a copy has of its own."""

    rows: Rows
    ids: Sequence[Any]


COLUMNS: dict[str, list[str]] = {}


def _rows_of(db: Database, students: Sequence[Somebody]) -> list[Template]:
    with db.reading() as session:
        return [_template(session.connection(), one.id, sqlite=db.is_sqlite) for one in students]


def _template(connection: Any, student: UUID, *, sqlite: bool) -> Template:
    key = student.hex if sqlite else str(student)
    rows: dict[str, list[tuple[Any, ...]]] = {}
    ids: list[Any] = [key]
    for table, column in COPIED.items():
        if table not in COLUMNS:
            nothing = f"SELECT * FROM {table} LIMIT 0"  # noqa: S608  # names of our own, here and below
            found = connection.execute(text(nothing))
            COLUMNS[table] = list(found.keys())
        names = COLUMNS[table]
        told = ", ".join(f'"{one}"' if sqlite else f'"{one}"::text' for one in names)
        by = f"{column} = :key"
        if table == "gradings":
            by = "answer_id IN (SELECT id FROM answers WHERE student_id = :key)"
        theirs = f"SELECT {told} FROM {table} WHERE {by}"  # noqa: S608
        found = connection.execute(text(theirs), {"key": key})
        rows[table] = [tuple(row) for row in found]
        if "id" in names:
            ids += [row[names.index("id")] for row in rows[table]]
    return Template(rows, list(dict.fromkeys(ids)))


def _write(db: Database, templates: Sequence[Template]) -> None:
    rows: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for one in templates:
        own = {old: f"{next(IDS_OF_COPIES):032x}" for old in one.ids}
        for table, those in one.rows.items():
            rows[table] += _copied(table, those, own)
    raw = db.engine.raw_connection()
    try:
        cursor = raw.cursor()
        if db.is_sqlite:
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("PRAGMA defer_foreign_keys = ON")
        for table in COPIED:
            _fill(cursor, table, rows[table], sqlite=db.is_sqlite)
        raw.commit()
    finally:
        raw.close()


def _copied(
    table: str, rows: Sequence[tuple[Any, ...]], own: Mapping[Any, str]
) -> Iterator[tuple[Any, ...]]:
    names = COLUMNS[table]
    unique = {"tokens": "prefix", "submissions": "key"}.get(table)
    at = names.index(unique) if unique else -1
    for row in rows:
        copy = [own.get(one, one) for one in row]
        if unique and copy[at] is not None:
            copy[at] = copy[names.index("id")][-12:]
        yield tuple(copy)


def _fill(cursor: Any, table: str, rows: Sequence[tuple[Any, ...]], *, sqlite: bool) -> None:
    names = ", ".join(f'"{one}"' for one in COLUMNS[table])
    if sqlite:
        marks = ", ".join("?" * len(COLUMNS[table]))
        new = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608
        cursor.executemany(new, rows)
        return
    with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
