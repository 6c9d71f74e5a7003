"""Dependencies of routes: `Here`, the context of one request, with its caller and the database.

A route opens its own transaction, with `here.reading()` or `here.transaction()`. So its response is
sent after the commit, and a failed commit is never reported as a success.
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
    """Context of one request: its arrival time, its caller, and the database.

    It counts once against its caller's rate limit for requests of its *pace*.
    """

    pace: ClassVar[Pace] = "requests"

    def __init__(self, request: Request) -> None:
        self.request = request
        self.service: Service = request.scope["app"].state.service
        self.visit = Visit(request.method)

    @property
    def now(self) -> datetime:
        """Arrival time of the last byte; while a body is incomplete, of the head."""
        arrived: datetime = self.request.scope["state"]["arrived"]
        return arrived

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a read-only session.

        Afterwards the caller's activity is stored if it is due.
        """
        with self.unnoted() as session:
            yield session
            due = request_activity.is_due(session, self.visit, now=self.now)
        if due:
            request_activity.note_apart(self.service.db, self.visit, now=self.now)
            self.visit.is_noted = True
            self.wrote()

    @contextmanager
    def unnoted(self) -> Iterator[Session]:
        """Yield a read-only session; the caller's activity is not stored."""
        with self.service.db.reading() as session:
            yield session

    @contextmanager
    def heavy_reading(self, member: Member) -> Iterator[Session]:
        """Yield a session for a read that takes seconds, once *member* gets a turn.

        Check the right first, so that a caller without it does not wait.
        """
        with self.service.heavy_reads.turn(member.caller.id), self.reading() as session:
            yield session

    @contextmanager
    def recomputing(self, right: Right) -> Iterator[Session]:
        """Yield a session for a change of many grades, once the caller gets a turn.

        The session is committed at the end. The *right* in the course of the path is checked first,
        so that a caller without it does not wait.
        """
        with self.unnoted() as session:
            self._need(session, self.request.path_params, right)
            person = self.caller(session).id
        with self.service.recomputations.turn(person), self.transaction() as session:
            yield session

    def wrote(self) -> None:
        """Handle a committed write; the default does nothing."""

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Yield a session that is committed at the end, together with the caller's activity."""
        with self.service.db.transaction() as session:
            yield session
            request_activity.note(session, self.visit, now=self.now)
            self.visit.is_noted = True
        self.wrote()

    def throttle(self, action: Action, who: str) -> None:
        """Count an *action* of *who* in a separate transaction.

        The event counts even if the request fails later. Raises `RateLimited` over the limit.
        """
        with self.service.db.transaction() as session:
            rate_limit_events.spend(session, action, who, now=self.now)

    @property
    def address(self) -> str:
        """The key under which the client's address is counted."""
        return address_key(self.request.client.host if self.request.client else "")

    @property
    def device(self) -> str:
        """The secret that identifies a browser known from earlier log-ins, "" if it sends none."""
        name = device_cookie_for(self.service.settings.public_url).name
        value = self.request.cookies.get(name, "")
        secret = parse(value)
        return value if secret is not None and secret.kind == "device" else ""

    @property
    def view_as(self) -> str:
        """The student whose view the caller requests: an id, ``test``, or ""."""
        return self.request.headers.get("X-View-As", "")

    def caller(self, session: Session) -> Caller:
        """Authenticate the caller by token or session cookie.

        Raises `Unauthenticated` without a valid one, and `RateLimited` over the limit.
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
        """Raise the error of a caller without access, unless this request was admitted before.

        So an invalid request also reveals nothing about resources that its caller may not see.
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
        """Raise `Forbidden` if the caller lacks a *right* in the course of the path."""
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
        """Whether the caller of this request was authenticated and counted."""
        return "is_known" in self.request.scope["state"]

    def count(self, caller: UUID) -> None:
        """Count the request for *caller*, once; raise `RateLimited` over the limit."""
        if not self._is_known:
            self.service.throttles[self.pace].check(str(caller))
            self.request.scope["state"]["is_known"] = True

    def presented(self) -> bytes | None:
        """Return the digest of the presented credential, or None for an unusual request.

        The credential is not verified here.
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
        """Return the caller, who needs a *right* that belongs to no course."""
        caller = self.caller(session)
        caller.need(right)
        return caller

    def member(self, session: Session, course: UUID, *, right: Right = "see_course") -> Member:
        """Return the membership of the caller in a course."""
        member = authorization.course_member(session, self.caller(session), course, right=right)
        self.visit.member = member
        return member

    def assignment(
        self, session: Session, assignment: UUID, *, right: Right = "see_course"
    ) -> tuple[Member, Assignment]:
        """Return the membership of the caller in an assignment's course, and the assignment."""
        found = authorization.assignment_member(
            session, self.caller(session), assignment, right=right
        )
        self.visit.member = found[0]
        return found

    def posed(
        self, session: Session, assignment: UUID, problem: str, *, right: Right = "see_course"
    ) -> Posed:
        """Return a problem of an assignment, with the membership of the caller."""
        caller = self.caller(session)
        posed = authorization.posed_member(session, caller, assignment, problem, right=right)
        self.visit.member = posed.member
        return posed


class Submitting(Here):
    """Context of a request that submits answers."""

    pace = "submissions"


class _Typing(Here):
    pace = "drafts"


class _Unasked(Here):
    def admit(self) -> None:
        """Admit everybody."""

    def admit_upload(self, right: str) -> None:  # type: ignore[override]
        """Return None: the caller is not authenticated, so no large body is read."""


HereDep = Annotated[Here, Depends(Ask(Here))]
HereUnasked = Annotated[Here, Depends(Ask(_Unasked))]
HereSubmitting = Annotated[Here, Depends(Ask(Submitting))]
HereTyping = Annotated[Here, Depends(Ask(_Typing))]
