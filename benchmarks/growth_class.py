"""Growing classes: students who submit through the service, and bulk copies of them.

A few students of each class submit through the service, so that every row is realistic. All others
are copies of them with new ids, written in bulk by the database driver.
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
from asgi_client import Browser, Response, StatementCounter
from fastapi import FastAPI
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
SUBMISSIONS_PER_STUDENT = 5
TEMPLATE_COUNT = 20
CREATED = 201
SERVICE_UNAVAILABLE = 503
MAX_ATTEMPTS = 20
SOURCE, *_ = TWO_PARTS.partition("  - {id: doubled")
STUDENT_COLUMNS: Mapping[str, str] = {
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
"""Tables with rows of a student, and the column that identifies the student."""
BATCH_SIZE = 200
FIRST_COPY_ID = 0x01B0_0000_0000_7000_8000 << 48
COPY_IDS = itertools.count(FIRST_COPY_ID)


@dataclass(frozen=True)
class TokenUser:
    """User with the text of a token."""

    id: UUID
    token: str


@dataclass
class ApiClient(Browser):
    """Client that authenticates with a token."""

    token: str = ""

    def _scope(self, method: str, path: str, headers: dict[str, str]) -> dict[str, Any]:
        authorization = {"authorization": f"Bearer {self.token}"}
        return super()._scope(method, f"/api/v1{path}", headers | authorization)

    def _send(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Response:
        """Return the response; retry after 503, as the service requests."""
        for _ in range(MAX_ATTEMPTS):
            answer = super()._send(method, path, headers, body)
            if answer.status != SERVICE_UNAVAILABLE:
                break
            time.sleep(1)
        return answer

    def put(self, path: str, body: bytes) -> Response:
        """Return the response to a PUT request."""
        return self._send("PUT", path, {"content-type": "application/json"}, body)


@dataclass
class GrowingClass:
    """Class with one assignment of *problems* problems; *size* is its number of students."""

    db: Database
    name: str
    problems: int
    source: str = SOURCE
    course: UUID = field(default_factory=new_id)
    assignment: UUID = field(default_factory=new_id)
    students: list[TokenUser] = field(default_factory=list)
    size: int = 0

    def __post_init__(self) -> None:
        """Write the course, its problems, an instructor and the first students."""
        now = datetime.now(UTC)
        published = publish_problem_source(
            ProblemSource("cells-of-a-kernel", self.source), seeds=SEEDS
        )
        if not isinstance(published, PublishedProblem):
            raise SystemExit(str(published))
        course = {"slug": self.name, "title": self.name, "zone": "UTC", "secret": "00" * 32}
        assignment = {"course_id": self.course, "slug": "hw", "title": "HW"}
        timestamps = {"created_at": now}
        with self.db.transaction() as session:
            session.add(Course(id=self.course, **course, **timestamps))
            session.flush()
            version = store_version(session, published, self.source, now=now)
            session.add(
                Assignment(id=self.assignment, **assignment, published_at=now, **timestamps)
            )
            session.flush()
            for position in range(self.problems):
                columns = {
                    "assignment_id": self.assignment,
                    "slug": f"p{position}",
                    "position": position,
                }
                session.add(AssignmentProblem(id=new_id(), version_id=version.id, **columns))
            self.staff = self._enrol(session, "instructor", 1, now)[0]
            self.students = self._enrol(session, "student", TEMPLATE_COUNT, now)
        self.size = TEMPLATE_COUNT

    def _enrol(self, session: Any, role: str, count: int, now: datetime) -> list[TokenUser]:
        new_people = [(new_id(), new_secret("api")) for _ in range(count)]
        timestamps = {"created_at": now}
        users = [
            {"id": user_id, "name": f"{role} {user_id.hex[-4:]}", **timestamps}
            for user_id, _ in new_people
        ]
        enrolment = {"course_id": self.course, "role": role}
        token_columns = {
            "name": "growth",
            "scopes": ["read", "submit", "grade", "manage"],
            **timestamps,
        }
        insert_rows(session, User, users)
        insert_rows(
            session,
            Enrolment,
            [
                {"id": new_id(), "user_id": user_id, **enrolment, **timestamps}
                for user_id, _ in new_people
            ],
        )
        tokens = [
            {"prefix": secret.prefix, "digest": secret.digest, "user_id": user_id, **token_columns}
            for user_id, secret in new_people
        ]
        insert_rows(session, Token, [{"id": new_id(), **token} for token in tokens])
        return [TokenUser(user_id, secret.text) for user_id, secret in new_people]

    def path(self, problem: int) -> str:
        """Return the path of a problem."""
        return f"/assignments/{self.assignment}/problems/p{problem}"

    def submit_answers(
        self, app: FastAPI, loop: BlockingPortal, statements: StatementCounter
    ) -> None:
        """Let the first students open every problem and submit several answers to it."""
        for student in self.students:
            client = ApiClient(app, loop, statements, token=student.token)
            for problem, turn in itertools.product(
                range(self.problems), range(SUBMISSIONS_PER_STUDENT)
            ):
                if not turn:
                    client.get(self.path(problem))
                body = {"answers": {"cells": str((turn + 9) ** 2)}}
                response = client.post(f"{self.path(problem)}/submissions", body)
                if response.status != CREATED:
                    raise SystemExit(response.body.decode())

    @property
    def submissions(self) -> int:
        """The number of submissions of the class."""
        return self.size * self.problems * SUBMISSIONS_PER_STUDENT

    def grow(self, students: int) -> None:
        """Copy the first students until the class has *students*."""
        templates = _load_templates(self.db, self.students)
        copies = itertools.cycle(templates)
        while self.size < students:
            count = min(BATCH_SIZE, students - self.size)
            _write_copies(self.db, [next(copies) for _ in range(count)])
            self.size += count


RowsByTable = Mapping[str, Sequence[tuple[Any, ...]]]
"""Rows of one student by table, with the values of the database driver."""


@dataclass(frozen=True)
class StudentTemplate:
    """Student to copy: their rows, and the ids that a copy replaces."""

    rows: RowsByTable
    ids: Sequence[Any]


COLUMNS_BY_TABLE: dict[str, list[str]] = {}


def _load_templates(db: Database, students: Sequence[TokenUser]) -> list[StudentTemplate]:
    with db.reading() as session:
        return [
            _load_template(session.connection(), student.id, sqlite=db.is_sqlite)
            for student in students
        ]


def _load_template(connection: Any, student: UUID, *, sqlite: bool) -> StudentTemplate:
    key = student.hex if sqlite else str(student)
    rows: dict[str, list[tuple[Any, ...]]] = {}
    ids: list[Any] = [key]
    for table, column in STUDENT_COLUMNS.items():
        if table not in COLUMNS_BY_TABLE:
            empty_query = f"SELECT * FROM {table} LIMIT 0"  # noqa: S608  # constant names, here and below
            result = connection.execute(text(empty_query))
            COLUMNS_BY_TABLE[table] = list(result.keys())
        names = COLUMNS_BY_TABLE[table]
        columns = ", ".join(f'"{name}"' if sqlite else f'"{name}"::text' for name in names)
        condition = f"{column} = :key"
        if table == "gradings":
            condition = "answer_id IN (SELECT id FROM answers WHERE student_id = :key)"
        query = f"SELECT {columns} FROM {table} WHERE {condition}"  # noqa: S608
        result = connection.execute(text(query), {"key": key})
        rows[table] = [tuple(row) for row in result]
        if "id" in names:
            ids += [row[names.index("id")] for row in rows[table]]
    return StudentTemplate(rows, list(dict.fromkeys(ids)))


def _write_copies(db: Database, templates: Sequence[StudentTemplate]) -> None:
    rows: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for template in templates:
        new_ids = {old: f"{next(COPY_IDS):032x}" for old in template.ids}
        for table, template_rows in template.rows.items():
            rows[table] += _copy_rows(table, template_rows, new_ids)
    connection = db.engine.raw_connection()
    try:
        cursor = connection.cursor()
        if db.is_sqlite:
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("PRAGMA defer_foreign_keys = ON")
        for table in STUDENT_COLUMNS:
            _insert_rows(cursor, table, rows[table], sqlite=db.is_sqlite)
        connection.commit()
    finally:
        connection.close()


def _copy_rows(
    table: str, rows: Sequence[tuple[Any, ...]], new_ids: Mapping[Any, str]
) -> Iterator[tuple[Any, ...]]:
    names = COLUMNS_BY_TABLE[table]
    unique_column = {"tokens": "prefix", "submissions": "key"}.get(table)
    unique_index = names.index(unique_column) if unique_column else -1
    for row in rows:
        values = [new_ids.get(value, value) for value in row]
        if unique_column and values[unique_index] is not None:
            values[unique_index] = values[names.index("id")][-12:]
        yield tuple(values)


def _insert_rows(cursor: Any, table: str, rows: Sequence[tuple[Any, ...]], *, sqlite: bool) -> None:
    names = ", ".join(f'"{name}"' for name in COLUMNS_BY_TABLE[table])
    if sqlite:
        placeholders = ", ".join("?" * len(COLUMNS_BY_TABLE[table]))
        statement = f"INSERT INTO {table} ({names}) VALUES ({placeholders})"  # noqa: S608
        cursor.executemany(statement, rows)
        return
    with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
