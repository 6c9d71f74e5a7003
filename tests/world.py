"""A small world to test the service in: courses, people, problems, and clients that act for them.

Whatever is made here is made by the service's own tables; what a test claims, it asks over HTTP.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

from described import Described
from fastapi.testclient import TestClient
from loop import one_loop
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from api.app import create_app
from api.auth.secrets import new_secret
from api.db import Database
from api.ids import new_id
from api.schemas.timeline import TimelineSpec
from api.services import timeline
from api.services.publishing import Published, Source, publish_one
from api.services.versions import newest, store_version
from api.settings import Settings
from api.tables import (
    Assignment,
    AssignmentProblem,
    Course,
    Enrolment,
    ProblemVersion,
    Section,
    Token,
    User,
)
from problems.catalogue import Catalogue

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
SEEDS = 4
SECRET = "00" * 32
PACES = ("submissions_per_minute", "drafts_per_minute", "requests_per_minute")

TEXT_PROBLEM = """\
id: why-small-kernels
title: Why small kernels
topic: convolution
difficulty: 1
params:
  K: {choose: [3, 5, 7, 9, 11], original: 3}
statement: |
  A kernel of size {{K}}.
parts:
  - {id: cells, kind: integer, points: 2, prompt: "How many cells?", key: "K*K"}
  - {id: doubled, kind: integer, points: 2, prompt: "Twice that?", key: "2*cells"}
  - id: why
    kind: text
    points: 4
    prompt: Why are small kernels stacked?
    rubric: [{id: fewer, points: 2, say: Fewer parameters.}, {id: deeper, points: 2, say: More.}]
    model: Fewer parameters and more non-linearities.
"""
"""A problem with numbers, a part that follows from another, and a text for a person."""


class FakeClock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> datetime:
        """Move by a `timedelta` of these arguments."""
        self.now += timedelta(**span)
        return self.now


@cache
def published(source: str) -> Published:
    """Return the publication of a problem's text with a few seeds, made once a run."""
    [named] = re.findall(r"^id: (\S+)$", source, re.MULTILINE)
    found = publish_one(Source(named, source), seeds=SEEDS)
    assert isinstance(found, Published), found
    return found


@cache
def bank_source(problem: str) -> str:
    """Return the file of a problem of the bank."""
    return Catalogue().path(problem).read_text(encoding="utf-8")


@dataclass
class Person:
    """Somebody with a client of their own, which sends their token."""

    id: UUID
    name: str
    client: TestClient
    token: str

    def get(self, path: str, **more: Any) -> Any:
        """Return the response to GET."""
        return self.client.get(f"/api/v1{path}", **self._with(more))

    def post(self, path: str, json: Any = None, **more: Any) -> Any:
        """Return the response to POST."""
        if json is not None:
            more["json"] = json
        return self.client.post(f"/api/v1{path}", **self._with(more))

    def put(self, path: str, json: Any = None, **more: Any) -> Any:
        """Return the response to PUT."""
        return self.client.put(f"/api/v1{path}", json=json, **self._with(more))

    def patch(self, path: str, json: Any = None, **more: Any) -> Any:
        """Return the response to PATCH."""
        return self.client.patch(f"/api/v1{path}", json=json, **self._with(more))

    def delete(self, path: str, **more: Any) -> Any:
        """Return the response to DELETE."""
        return self.client.delete(f"/api/v1{path}", **self._with(more))

    def _with(self, more: Mapping[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {**more, "headers": headers | dict(more.get("headers") or {})}

    def submit(self, where: "Posing", answers: Mapping[str, Any], *, key: str = "") -> Any:
        """Return the response to handing in *answers*."""
        headers = {"Idempotency-Key": key} if key else {}
        return self.post(f"{where.path}/submissions", {"answers": dict(answers)}, headers=headers)


@dataclass(frozen=True)
class Posing:
    """A problem in an assignment, as a test names it."""

    assignment: UUID
    id: UUID
    slug: str
    version: UUID

    @property
    def path(self) -> str:
        """The address of the problem below ``/api/v1``."""
        return f"/assignments/{self.assignment}/problems/{self.slug}"


@dataclass
class World:
    """The service over a database, with a clock that the test moves.

    *compiled* has an engine for each kind of database, whose statements need not be compiled again.
    """

    compiled: ClassVar[dict[str, Engine]] = {}
    url: str
    clock: FakeClock = field(default_factory=FakeClock)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given = {"database": self.url, "password_memory": 8, "regrade_workers": 0}
        given |= dict.fromkeys(PACES, 1_000_000) | dict(self.settings)
        self.app = create_app(Settings(**given), clock=self.clock)
        self.service = self.app.state.service
        self.db: Database = self.service.db
        if self.db.is_sqlite:
            event.listen(self.db.engine, "connect", _without_waiting_for_the_disk)
        self._take_what_is_compiled()
        self.client = Described(self.app, raise_server_exceptions=False)
        self.client.portal = one_loop()
        self.client.kept.add(SECRET)
        self.anonymous = Person(new_id(), "", self.client, "")

    def _take_what_is_compiled(self) -> None:
        """Use the dialect and the statements of the engine that was there first."""
        first = self.compiled.get(self.db.engine.dialect.name, self.db.engine)
        for engine in (self.db.engine, self.db._writing, self.db._reading):  # noqa: SLF001
            engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache  # noqa: SLF001

    def close(self) -> None:
        """Stop the service."""
        self.service.close()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Yield a session whose work is committed."""
        with self.db.transaction() as session:
            yield session

    def person(
        self,
        name: str = "Ada Example",
        *,
        admin: bool = False,
        scopes: Iterable[str] | None = None,
        email: str | None = None,
    ) -> Person:
        """Return a new person with a token of every scope (or of *scopes*)."""
        user_id = new_id()
        address = email or f"{name.lower().replace(' ', '.')}.{str(user_id)[-6:]}@example.edu"
        token, secret = self._token(user_id, scopes=scopes)
        with self.session() as session:
            session.add(
                User(
                    id=user_id,
                    name=name,
                    email=address,
                    is_admin=admin,
                    created_at=self.clock(),
                )
            )
            session.flush()
            session.add(token)
        return Person(user_id, name, self.client, secret)

    def token(self, user_id: UUID, *, scopes: Iterable[str] | None = None, **more: Any) -> str:
        """Return a new token of somebody."""
        token, secret = self._token(user_id, scopes=scopes, **more)
        with self.session() as session:
            session.add(token)
        return secret

    def _token(
        self, user_id: UUID, *, scopes: Iterable[str] | None = None, **more: Any
    ) -> tuple[Token, str]:
        secret = new_secret("api")
        self.client.kept.add(secret.text)
        token = Token(
            prefix=secret.prefix,
            digest=secret.digest,
            user_id=user_id,
            name="test",
            scopes=list(scopes or ("read", "submit", "grade", "manage", "admin")),
            created_at=self.clock(),
            **more,
        )
        return token, secret.text

    def course(self, slug: str = "dl", *, zone: str = "UTC", **more: Any) -> UUID:
        """Return the id of a new course."""
        course = Course(
            id=new_id(),
            slug=f"{slug}-{str(new_id())[-8:]}",
            title="Deep Learning",
            zone=zone,
            secret=SECRET,
            created_at=self.clock(),
            **more,
        )
        with self.session() as session:
            session.add(course)
        return course.id

    def section(self, course: UUID, name: str) -> UUID:
        """Return the id of a new section."""
        section = Section(id=new_id(), course_id=course, name=name)
        with self.session() as session:
            session.add(section)
        return section.id

    def enrol(
        self,
        course: UUID,
        name: str = "Stu Dent",
        *,
        role: str = "student",
        section: UUID | None = None,
        **more: Any,
    ) -> Person:
        """Return a new person with a role in a course."""
        person = self.person(name, **more)
        self.join(course, person, role=role, section=section)
        return person

    def join(
        self, course: UUID, person: Person, *, role: str = "student", section: UUID | None = None
    ) -> None:
        """Give somebody a role in a course."""
        with self.session() as session:
            session.add(
                Enrolment(
                    course_id=course,
                    user_id=person.id,
                    role=role,
                    section_id=section,
                    created_at=self.clock(),
                )
            )

    def version(self, problem: str = "conv-output-size") -> ProblemVersion:
        """Return the version of a problem of the bank, or of a problem's text; stored once."""
        source = problem if "\n" in problem else bank_source(problem)
        publication = published(source)
        with self.session() as session:
            found = newest(session, publication.id)
            if found is None or found.source != source:
                found = store_version(session, publication, source, now=self.clock())
        return found

    def assignment(
        self,
        course: UUID,
        *problems: str,
        timeline_spec: Mapping[str, Any] | None = None,
        published: bool = True,
        **more: Any,
    ) -> list[Posing]:
        """Return the problems of a new assignment, by default with the text problem alone."""
        versions = [self.version(one) for one in problems or (TEXT_PROBLEM,)]
        spec = TimelineSpec.model_validate(dict(timeline_spec or {}))
        assignment = Assignment(
            id=new_id(),
            course_id=course,
            slug=f"hw-{str(new_id())[-8:]}",
            title="Homework 1",
            timeline=spec.model_dump(mode="json", exclude_none=True),
            published_at=self.clock() if published else None,
            created_at=self.clock(),
            **({"variants": "original"} | more),
        )
        with self.session() as session:
            zone = timeline.zone(session.get_one(Course, course).zone)
            resolved = timeline.resolve(spec, zone)
            assignment.release_at = _instant(resolved.release)
            assignment.due_at = _instant(resolved.due)
            assignment.closes_at = _instant(resolved.closes_at)
            session.add(assignment)
            session.flush()
            posed = []
            for position, version in enumerate(versions):
                row = AssignmentProblem(
                    id=new_id(),
                    assignment_id=assignment.id,
                    slug=version.problem,
                    version_id=version.id,
                    position=position,
                )
                session.add(row)
                posed.append(Posing(assignment.id, row.id, version.problem, version.id))
        return posed


def _without_waiting_for_the_disk(connection: Any, _record: object) -> None:
    """Let commits return early: no test loses its power."""
    connection.execute("PRAGMA synchronous = OFF")


def _instant(micros: int | None) -> datetime | None:
    return (
        None if micros is None else datetime.fromtimestamp(0, UTC) + timedelta(microseconds=micros)
    )


def points(text: object) -> Fraction:
    """Return a score of a response as an exact number."""
    return Fraction(str(text))
