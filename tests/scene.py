"""Two courses with one of everything, to test who may call each route."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from api_browser import set_password
from sqlalchemy import select, text
from world import OTHER_PROBLEM, Person, ProblemReference, World

from api.auth.secrets import new_secret
from api.core.ids import new_id
from api.db.models import (
    Answer,
    Assignment,
    Base,
    Identity,
    Invite,
    LoginSession,
    Submission,
    Token,
    User,
)

NOWHERE = str(UUID(int=0xDEAD << 64))
VOLATILE = {"knocks": None, "tokens": "last_used_at", "sessions": "seen_at"}
"""Data that a denied request may change: rate limit events and last-seen times."""

NO_ACCOUNT = {"unreadable", "unknown", "session_as_token", "expired", "revoked", "elsewhere_token"}
HERE, ELSEWHERE = "here", "elsewhere"
PROVIDER, PROVIDER_ISSUER = "uni", "https://login.example.edu"
PROXY = "10.0.0.5"
"""Proxy that is trusted to name users; the service sees it as the peer of every request."""
NEWCOMER_EMAIL = "newcomer@example.edu"
"""Email address of a person in the scene who has a password but belongs to no course."""


@dataclass
class Scene:
    """A world, its people by role, and the objects that path parameters name.

    *places* has the values of path parameters by place: ``here`` is the course of
    `student`, `classmate`, `grader` and `instructor`; ``elsewhere`` is the other one.
    *provider* and *platform* are the OpenID provider and the learning platform that the
    service is connected to. *logins* are the headers of logged-in people, *readers* their
    read-only tokens, and *seen* the contents of the tables at the last look.
    """

    world: World
    people: dict[str, Person] = field(default_factory=dict)
    logins: dict[UUID, dict[str, str]] = field(default_factory=dict)
    readers: dict[UUID, str] = field(default_factory=dict)
    places: dict[str, dict[str, str]] = field(default_factory=dict)
    course: UUID = field(init=False)
    other: UUID = field(init=False)
    assigned: ProblemReference = field(init=False)
    provider: Any = field(init=False, default=None)
    platform: Any = field(init=False, default=None)
    seen: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.places = {name: {} for name in (HERE, ELSEWHERE, "unpublished", "unreleased")}
        self.places["deleted"] = {}
        self.course, self.other = self.world.course("here"), self.world.course("elsewhere")
        self._people()
        self._strangers()
        self._work()
        self._hidden()
        self._secrets()
        self._logins()

    def put(self, parameter: str, *, here: object, elsewhere: object) -> None:
        """Set the value of a path *parameter* in each of the two courses."""
        self.places[HERE][parameter] = str(here)
        self.places[ELSEWHERE][parameter] = str(elsewhere)

    def __getattr__(self, name: str) -> Person:
        """Return the person with the name *name* in the scene."""
        try:
            return self.__dict__["people"][name]
        except KeyError:
            raise AttributeError(name) from None

    def _people(self) -> None:
        make, people = self.world.enrol, self.people
        here, other = self.world.section(self.course, "A"), self.world.section(self.other, "Z")
        for role in ("student", "grader", "instructor"):
            people[role] = make(self.course, f"The {role}", role=role, section=here)
        people["classmate"] = make(self.course, "A classmate", section=here)
        people["stranger"] = make(self.other, "A stranger", section=other)
        people["other_instructor"] = make(self.other, "Other instructor", role="instructor")
        people["withdrawn"] = make(self.course, "Who left")
        people["admin"] = self.world.person("An administrator", admin=True)
        people["newcomer"] = self.world.person("Somebody new", email=NEWCOMER_EMAIL)
        set_password(self.world, people["newcomer"])
        self.world.set_enrolment(people["withdrawn"], withdrawn_at=self.world.clock())
        self.put("file", here="none.whl", elsewhere="none.whl")  # a file that is for everybody
        self.put("course", here=self.course, elsewhere=self.other)
        self.put("section", here=here, elsewhere=other)
        self.put("user", here=people["student"].id, elsewhere=people["stranger"].id)

    def _strangers(self) -> None:
        """Add people without valid access, each for another reason."""
        now, world, people = self.world.clock(), self.world, self.people
        owner = people["instructor"]
        tokens = {
            "unreadable": "gr_api_unknown",
            "unknown": new_secret("api").text,
            "session_as_token": new_secret("session").text,
            "expired": world.token(owner.id, expires_at=now),
            "revoked": world.token(owner.id, revoked_at=now),
        }
        for name, token in tokens.items():
            people[name] = Person(owner.id, name, world.client, token)
        for name, column in (("suspended", "suspended_at"), ("erased", "erased_at")):
            people[name] = world.enrol(self.course, f"Is {name}", role="instructor")
            with world.session() as session:
                setattr(session.get_one(User, people[name].id), column, now)
        people["elsewhere_token"] = Person(
            owner.id, "", world.client, world.token(owner.id, course_id=self.other)
        )

    def _work(self) -> None:
        [assigned] = self.world.assignment(self.course)
        [other] = self.world.assignment(self.other, OTHER_PROBLEM)
        self.assigned = assigned
        for person, where in (("student", assigned), ("stranger", other)):
            self.people[person].submit(where, {"cells": "9", "why": "Fewer parameters."})
        self.put("assignment", here=assigned.assignment, elsewhere=other.assignment)
        self.put("problem", here=assigned.slug, elsewhere=other.slug)
        self.put("version", here=assigned.version, elsewhere=other.version)
        self.put("part", here="why", elsewhere="why")
        with self.world.session() as session:
            for place, where in ((HERE, assigned), (ELSEWHERE, other)):
                submission = session.scalar(
                    select(Submission.id).where(Submission.problem_id == where.id)
                )
                answer = session.scalar(
                    select(Answer.id).where(Answer.problem_id == where.id, Answer.part == "why")
                )
                self.places[place] |= {"submission": str(submission), "answer": str(answer)}

    def _hidden(self) -> None:
        later = {"release": "2026-12-01 12:00", "due": "2026-12-08 12:00"}
        found = {
            "unpublished": self.world.assignment(self.course, published=False),
            "unreleased": self.world.assignment(self.course, timeline_spec=later),
            "deleted": self.world.assignment(self.course),
        }
        for place, [assigned] in found.items():
            told = {"assignment": str(assigned.assignment), "problem": assigned.slug}
            self.places[place] = told | {"course": str(self.course)}
        with self.world.session() as session:
            gone = session.get_one(Assignment, found["deleted"][0].assignment)
            gone.deleted_at = self.world.clock()

    def _secrets(self) -> None:
        """Add a token, a session and an invitation of the student, and of the stranger."""
        made: dict[str, list[UUID]] = {
            kind: [] for kind in ("token", "session_id", "invite", "identity")
        }
        with self.world.session() as session:
            for name in ("student", "stranger"):
                for kind, ids in made.items():
                    row = self._secret(kind, self.people[name].id)
                    session.add(row)
                    session.flush()
                    ids.append(row.id)
                session.add(self._identity("https://second.example", self.people[name].id))
        for kind, (here, elsewhere) in made.items():
            self.put(kind, here=here, elsewhere=elsewhere)

    def _secret(self, kind: str, owner: UUID) -> Any:
        now = self.world.clock()
        if kind == "identity":
            return self._identity("https://idp.example", owner)
        secret = new_secret("invite" if kind == "invite" else "api")
        shared = {"prefix": secret.prefix, "digest": secret.digest, "user_id": owner}
        shared |= {"id": new_id(), "created_at": now}
        if kind == "token":
            return Token(**shared, name="laptop", scopes=["read"])
        if kind == "invite":
            self.places[HERE].setdefault("invitation", secret.text)  # that of the student
            return Invite(**shared, purpose="invite", expires_at=now + timedelta(days=30))
        return LoginSession(**shared, seen_at=now)

    def _identity(self, issuer: str, owner: UUID) -> Identity:
        """Return an identity; a person has two, of which one can be unlinked."""
        now = self.world.clock()
        return Identity(user_id=owner, issuer=issuer, subject=str(owner), created_at=now)

    def _logins(self) -> None:
        """Log everybody in, and give each person a read-only token."""
        for person in [one for name, one in self.people.items() if name not in NO_ACCOUNT]:
            secret = self.world.log_in(person)
            cookie = {"Cookie": f"grader={secret}", "Sec-Fetch-Site": "same-origin"}
            self.logins[person.id] = cookie
            self.readers[person.id] = self.world.token(person.id, scopes=["read"])
        self.people["anonymous"] = self.world.anonymous

    def ask(self, method: str, path: str, *, headers: Mapping[str, str], **more: Any) -> Any:
        """Return the response; the request id is fixed, so that equal bodies are equal."""
        fixed = {"X-Request-ID": "same"}
        client = self.world.client
        answer = client.request(
            method, path, headers=fixed | dict(headers), follow_redirects=False, **more
        )
        client.cookies.clear()  # they would log the next callers in
        return answer

    def rows(self) -> dict[str, list[str]]:
        """Return the contents of all tables, without `VOLATILE` data, for comparison."""
        with self.world.db.reading() as session:
            return {
                name: sorted(
                    repr([value for column, value in row.items() if column != VOLATILE.get(name)])
                    for row in session.execute(text(f"SELECT * FROM {name}")).mappings()  # noqa: S608
                )
                for name in Base.metadata.tables
                if VOLATILE.get(name, "") is not None
            }

    def snapshot(self) -> sqlite3.Connection:
        """Return a copy of the SQLite database."""
        copy = sqlite3.connect(":memory:", check_same_thread=False)
        with sqlite3.connect(self._file) as now:
            now.backup(copy)
        now.close()
        return copy

    def restore(self, copy: sqlite3.Connection) -> None:
        with sqlite3.connect(self._file) as now:
            copy.backup(now)
        now.close()

    @property
    def _file(self) -> str:
        return self.world.url.removeprefix("sqlite:///")
