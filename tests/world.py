"""A small world for tests of the service: courses, people, problems and clients.

It writes its objects to the service's own tables; tests check their claims over HTTP.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

from actors import FakeClock, Person, ProblemReference
from event_loops import use_shared_loop
from openapi_client import OpenApiClient
from sqlalchemy import Engine, event, update
from sqlalchemy.orm import Session

from api.app import create_app
from api.auth.secrets import new_secret
from api.config.settings import ServiceSettings
from api.core.ids import new_id
from api.db.engine import Database
from api.db.models import (
    Assignment,
    AssignmentProblem,
    Course,
    Enrolment,
    LoginSession,
    ProblemVersion,
    Section,
    Token,
    User,
)
from api.schemas.assignments.settings import timeline_to_column
from api.schemas.assignments.timeline import TimelineSpec
from api.services.assignments.settings import update_resolved_times
from api.services.problems.publishing import ProblemSource, PublishedProblem, publish_problem_source
from api.services.problems.versions import load_newest_version, store_version
from api.services.submissions.cache.submission_cache import SubmissionCache
from problems.catalog import ProblemCatalog

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
"""A problem with two numeric parts, one based on the other, and a text part to mark."""
OTHER_PROBLEM = TEXT_PROBLEM.replace("why-small-kernels", "why-large-kernels")
"""The same problem under another id."""


@cache
def published(source: str) -> PublishedProblem:
    """Return a problem source, published with a few seeds; cached for the run."""
    found = publish_problem_source(ProblemSource(_named(source), source), seeds=SEEDS)
    assert isinstance(found, PublishedProblem), found
    return found


def _named(source: str) -> str:
    """Return the id in a problem source."""
    [found] = re.findall(r"^id: (\S+)$", source, re.MULTILINE)
    return str(found)


@cache
def bank_source(problem: str) -> str:
    """Return the source of a problem of the bank."""
    return ProblemCatalog().path(problem).read_text(encoding="utf-8")


@dataclass
class World:
    """The service over a database, with a clock that the test moves.

    *compiled* holds an engine for each kind of database; sharing its compiled
    statements saves compiling them again.
    """

    compiled: ClassVar[dict[str, Engine]] = {}
    url: str
    clock: FakeClock = field(default_factory=FakeClock)
    settings: Mapping[str, Any] = field(default_factory=dict)
    submission_cache: SubmissionCache | None = None

    def __post_init__(self) -> None:
        given = {"database": self.url, "password_memory": 8}
        given |= {"regrade_workers": 0, "problem_workers": 0, "report_workers": 0, "lti": True}
        given |= dict.fromkeys(PACES, 1_000_000) | dict(self.settings)
        self.app = create_app(
            ServiceSettings(**given), clock=self.clock, submission_cache=self.submission_cache
        )
        self.service = self.app.state.service
        self.db: Database = self.service.db
        if self.db.is_sqlite:
            event.listen(self.db.engine, "connect", _without_waiting_for_the_disk)
        self._take_what_is_compiled()
        self.client = OpenApiClient(self.app, raise_server_exceptions=False)
        use_shared_loop(self.client)
        self.client.kept.add(SECRET)
        self.anonymous = Person(new_id(), "", self.client, "")

    def _take_what_is_compiled(self) -> None:
        """Share the dialect and the compiled statements of the first engine."""
        first = self.compiled.get(self.db.engine.dialect.name, self.db.engine)
        for engine in (self.db.engine, self.db._writing, self.db._reading):  # noqa: SLF001
            engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache  # noqa: SLF001

    def close(self) -> None:
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
        """Return the secret of a new token of a user."""
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
        """Give an existing person a role in a course."""
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

    def set_enrolment(self, person: Person, **columns: Any) -> None:
        """Update these *columns* of a person's only enrolment."""
        with self.session() as session:
            held = update(Enrolment).where(Enrolment.user_id == person.id)
            assert session.execute(held.values(columns)).rowcount == 1

    def log_in(self, person: Person) -> str:
        """Return the cookie of a new login session."""
        secret, now = new_secret("session"), self.clock()
        self.client.kept.add(secret.text)
        with self.session() as session:
            session.add(
                LoginSession(
                    prefix=secret.prefix,
                    digest=secret.digest,
                    user_id=person.id,
                    created_at=now,
                    seen_at=now,
                )
            )
        return secret.text

    def version(self, problem: str = "conv-output-size") -> ProblemVersion:
        """Return the version of a bank problem or a problem source; store it once."""
        source = problem if "\n" in problem else bank_source(problem)
        with self.db.reading() as session:
            found = load_newest_version(session, _named(source))
        if found is None or found.source != source:
            publication = published(source)
            with self.session() as session:
                found = store_version(session, publication, source, now=self.clock())
        return found

    def assignment(
        self,
        course: UUID,
        *problems: str,
        timeline_spec: Mapping[str, Any] | None = None,
        published: bool = True,
        attachments: bool = False,
        **more: Any,
    ) -> list[ProblemReference]:
        """Return the problems of a new assignment, by default with the text problem alone."""
        versions = [self.version(one) for one in problems or (TEXT_PROBLEM,)]
        spec = TimelineSpec.model_validate(dict(timeline_spec or {}))
        assignment = Assignment(
            id=new_id(),
            course_id=course,
            slug=f"hw-{str(new_id())[-8:]}",
            title="Homework 1",
            timeline=timeline_to_column(spec),
            published_at=self.clock() if published else None,
            created_at=self.clock(),
            **({"variants": "original"} | more),
        )
        with self.session() as session:
            update_resolved_times(assignment, session.get_one(Course, course))
            session.add(assignment)
            session.flush()
            assigned = []
            for position, version in enumerate(versions):
                row = AssignmentProblem(
                    id=new_id(),
                    assignment_id=assignment.id,
                    slug=version.problem,
                    version_id=version.id,
                    position=position,
                    attachments=attachments,
                )
                session.add(row)
                assigned.append(
                    ProblemReference(assignment.id, row.id, version.problem, version.id)
                )
        return assigned


def _without_waiting_for_the_disk(connection: Any, _record: object) -> None:
    """Let commits return before data is on disk: tests need no durability."""
    connection.execute("PRAGMA synchronous = OFF")


def points(text: object) -> Fraction:
    """Return a score of a response as an exact number."""
    return Fraction(str(text))
