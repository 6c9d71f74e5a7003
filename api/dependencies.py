"""What every route is given: `Here`, one request with its caller and the database.

A route opens its transaction itself, `with here.reading()` or `with here.transaction()`: what it
returns is answered after the commit, so that no failed commit is told as a success.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, ClassVar, cast
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from api.auth import authentication, authorization, request_activity
from api.auth.authorization import Caller, Member, Posed
from api.auth.limits import Action, address_key
from api.auth.request_activity import Visit
from api.auth.roles import Right
from api.auth.secrets import parse
from api.auth.sessions import cookie_for, device_cookie_for, foreign_request
from api.core.errors import CODES, Forbidden, NotFound, Unauthenticated
from api.core.ids import read_id
from api.db.engine import once
from api.db.models import Assignment
from api.http.pipeline.authenticator import Ask, Asking
from api.services.assignments.viewing import one_for
from api.services.rate_limits import rate_limit_events
from api.services.submissions.preparation import check_released
from api.state import Pace, Service

__all__ = ["Here", "HereDep", "HereSubmitting", "HereTyping", "HereUnasked", "Submitting"]


class Here(Asking):
    """One request: when it arrived, who asks, and the database.

    It counts once for who asks, among the requests of its *pace*.
    """

    pace: ClassVar[Pace] = "requests"

    def __init__(self, request: Request) -> None:
        self.request = request
        self.service: Service = request.scope["app"].state.service
        self.visit = Visit(request.method)

    @property
    def now(self) -> datetime:
        """When the request arrived: with its last byte; with its head while a body is to come."""
        arrived: datetime = self.request.scope["state"]["arrived"]
        return arrived

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session that changes nothing."""
        with self.unnoted() as session:
            yield session
            due = request_activity.is_due(session, self.visit, now=self.now)
        if due:
            request_activity.note_apart(self.service.db, self.visit, now=self.now)
            self.visit.is_noted = True
            self.wrote()

    @contextmanager
    def unnoted(self) -> Iterator[Session]:
        """Yield a session that changes nothing; who asks is not noted."""
        with self.service.db.reading() as session:
            yield session

    @contextmanager
    def heavy_reading(self, member: Member) -> Iterator[Session]:
        """Yield a session for a read that takes seconds, once it is the turn of *member*.

        Ask for it after the right was checked: who may not read does not wait.
        """
        with self.service.heavy_reads.turn(member.caller.id), self.reading() as session:
            yield session

    @contextmanager
    def recomputing(self, right: Right) -> Iterator[Session]:
        """Yield a session for a change of the grades of a class, once it is the caller's turn.

        It is committed at the end. The *right* in the course of the path is checked before, so that
        who lacks it does not wait.
        """
        with self.unnoted() as session:
            self._need(session, self.request.path_params, right)
            person = self.caller(session).id
        with self.service.recomputations.turn(person), self.transaction() as session:
            yield session

    def wrote(self) -> None:
        """Take note that something was written by now."""

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Yield a session whose work is committed at its end."""
        with self.service.db.transaction() as session:
            yield session
            request_activity.note(session, self.visit, now=self.now)
            self.visit.is_noted = True
        self.wrote()

    def throttle(self, action: Action, who: str) -> None:
        """Count that *who* does *action*, for good; `RateLimited` where that is too often."""
        with self.service.db.transaction() as session:
            rate_limit_events.spend(session, action, who, now=self.now)

    @property
    def address(self) -> str:
        """What the client's address is counted under."""
        return address_key(self.request.client.host if self.request.client else "")

    @property
    def device(self) -> str:
        """The secret by which the browser is known for log-ins, "" where it sends none."""
        name = device_cookie_for(self.service.settings.public_url).name
        value = self.request.cookies.get(name, "")
        secret = parse(value)
        return value if secret is not None and secret.kind == "device" else ""

    @property
    def view_as(self) -> str:
        """With whose eyes the caller wants to look."""
        return self.request.headers.get("X-View-As", "")

    def caller(self, session: Session) -> Caller:
        """Return who asks, by token or by session cookie; `Unauthenticated` for nobody.

        Raises `RateLimited` where they ask too often.
        """
        caller = once(session, Caller, lambda: self._told_apart(session))
        self.count(caller.id)
        if self.visit.is_noted:
            self.visit = Visit(self.request.method)
        self.visit.caller = caller
        return caller

    def _told_apart(self, session: Session) -> Caller:
        return authorization.asking(
            self._caller(session),
            view_as=self.view_as,
            request=self.request.state.request_id,
            writes=self.request.method not in request_activity.SAFE,
        )

    def admit(self) -> None:
        """Raise what keeps the caller out, unless they were let in before.

        What of the address they may not see is then hidden from a request that is wrong, too.
        """
        if not self._is_known:
            with self.service.db.reading() as session:
                self._see(session, self.request.path_params)

    def admit_upload(self, right: str) -> str:
        """Authenticate the caller of a body over 64 KiB, and check their *right* in the course.

        Returns the id of the user. Raises the `ServiceError` that refuses the caller.
        """
        named = self.request.path_params
        with self.service.db.reading() as session:
            self._see(session, named)
            if right:
                self._need(session, named, cast("Right", right))
            return str(self.caller(session).id)

    def _need(self, session: Session, named: Mapping[str, str], right: Right) -> None:
        """Raise `Forbidden` where the caller lacks a *right* in the course of the path."""
        course, assignment = (read_id(named.get(name, "")) for name in ("course", "assignment"))
        if assignment is not None:
            self.assignment(session, assignment, right=right)
        elif course is not None:
            self.member(session, course, right=right)
        else:
            raise NotFound(CODES["not_found"].meaning)

    def _see(self, session: Session, named: Mapping[str, str]) -> None:
        course, assignment = (read_id(named.get(name, "")) for name in ("course", "assignment"))
        if assignment is not None and "problem" in named:
            check_released(session, self.posed(session, assignment, named["problem"]), now=self.now)
        elif assignment is not None:
            one_for(session, *self.assignment(session, assignment), now=self.now)
        elif course is not None:
            self.member(session, course)
        else:
            self.caller(session)

    @property
    def _is_known(self) -> bool:
        """Whether the caller of this request has been told from others, and counted."""
        return "is_known" in self.request.scope["state"]

    def count(self, caller: UUID) -> None:
        """Count the request for *caller*, once; `RateLimited` where they ask too often."""
        if not self._is_known:
            self.service.throttles[self.pace].check(str(caller))
            self.request.scope["state"]["is_known"] = True

    def presented(self) -> bytes | None:
        """Return the digest of the secret that is shown, None where something is unusual.

        Nothing is said of whether it is a good one.
        """
        headers = self.request.headers
        if self.view_as:
            return None
        authorization = headers.get("Authorization")
        if authorization is not None:
            return authentication.digest_of_token(authorization)
        cookie = self.request.cookies.get(cookie_for(self.service.settings.public_url).name)
        if cookie is None or foreign_request(self.request.method, headers):
            return None
        return authentication.digest_of_session(cookie)

    def _caller(self, session: Session) -> Caller:
        authorization = self.request.headers.get("Authorization")
        if authorization is not None:
            return authentication.by_token(session, authorization, now=self.now)
        cookie = self.request.cookies.get(cookie_for(self.service.settings.public_url).name)
        if cookie is None:
            raise Unauthenticated("Send the header: Authorization: Bearer TOKEN.")
        foreign = foreign_request(self.request.method, self.request.headers)
        if foreign:
            raise Forbidden(foreign)
        return authentication.by_session(session, cookie, now=self.now)

    def site(self, session: Session, *, right: Right) -> Caller:
        """Return the caller, who has a *right* that is not of one course."""
        caller = self.caller(session)
        caller.need(right)
        return caller

    def member(self, session: Session, course: UUID, *, right: Right = "see_course") -> Member:
        """Return what the caller is in a course."""
        member = authorization.course_member(session, self.caller(session), course, right=right)
        self.visit.member = member
        return member

    def assignment(
        self, session: Session, assignment: UUID, *, right: Right = "see_course"
    ) -> tuple[Member, Assignment]:
        """Return an assignment and what the caller is in its course."""
        found = authorization.assignment_member(
            session, self.caller(session), assignment, right=right
        )
        self.visit.member = found[0]
        return found

    def posed(
        self, session: Session, assignment: UUID, problem: str, *, right: Right = "see_course"
    ) -> Posed:
        """Return a problem of an assignment, and what the caller is in its course."""
        caller = self.caller(session)
        posed = authorization.posed_member(session, caller, assignment, problem, right=right)
        self.visit.member = posed.member
        return posed


class Submitting(Here):
    """A request that hands something in."""

    pace = "submissions"


class _Typing(Here):
    pace = "drafts"


class _Unasked(Here):
    def admit(self) -> None:
        """Let everybody in."""

    def admit_upload(self, right: str) -> None:  # type: ignore[override]
        """Return None: the caller is not authenticated, and no large body is read."""


HereDep = Annotated[Here, Depends(Ask(Here))]
HereUnasked = Annotated[Here, Depends(Ask(_Unasked))]
HereSubmitting = Annotated[Here, Depends(Ask(Submitting))]
HereTyping = Annotated[Here, Depends(Ask(_Typing))]
