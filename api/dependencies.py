"""Dependencies of routes: `RequestContext` gives a request its caller and the database.

A route opens its own transaction, with `context.reading()` or `context.transaction()`. So its
response is sent after the commit, and a failed commit is never reported as a success.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Annotated, ClassVar, cast
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from api.auth import authentication, authorization, request_activity
from api.auth.authorization import AssignedProblem, CourseMembership
from api.auth.principal import Principal, with_request_data
from api.auth.proxied_sessions import require_named_user
from api.auth.request_activity import RequestActivity
from api.auth.roles import Permission
from api.auth.secrets import parse_secret
from api.auth.sessions import build_device_cookie
from api.core.errors import ERROR_CODES, NotFound
from api.core.ids import parse_path_ids
from api.db.engine import cache_in_snapshot
from api.db.models import Assignment
from api.http.pipeline.authenticator import Authenticator, AuthenticatorDependency
from api.http.request_body import BodyCap
from api.http.response_memory import CALLER_KEY
from api.rate_limits import stored_events
from api.rate_limits.event_limits import LimitedAction, address_key
from api.services.assignments.views import require_released
from api.services.submissions.preparation import check_released
from api.state import AppState, RateLimitClass


class RequestContext(Authenticator):
    """Context of one request: its arrival time, its caller, and the database.

    It counts once against its caller's rate limit for requests of its *rate_limit_class*. If it
    *checks_named_user*, a trusted proxy must not name another user.
    """

    rate_limit_class: ClassVar[RateLimitClass] = "requests"
    checks_named_user: ClassVar[bool] = True

    def __init__(self, request: Request) -> None:
        self.request = request
        self.service: AppState = request.scope["app"].state.service
        self.activity = RequestActivity(request.method)

    @property
    def now(self) -> datetime:
        """Arrival time of the last byte; while a body is incomplete, of the head."""
        arrived: datetime = self.request.scope["state"]["arrived"]
        return arrived

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a read-only session; afterwards store the caller's activity if it is due."""
        with self.reading_without_activity() as session:
            yield session
            due = request_activity.is_recording_due(session, self.activity, now=self.now)
        if due:
            db = self.service.db
            request_activity.record_activity_in_new_transaction(db, self.activity, now=self.now)
            self.activity.is_recorded = True
            self.invalidate_snapshot()

    def reading_without_activity(self) -> AbstractContextManager[Session]:
        """Return a read-only session for a `with`; the caller's activity is not stored."""
        return self.service.db.reading()

    @contextmanager
    def queue_heavy_read(self, member: CourseMembership) -> Iterator[Session]:
        """Yield a session for a read that takes seconds, once *member* gets a turn.

        Check the right first, so that a caller without it does not wait.
        """
        with self.service.heavy_reads.acquire(member.caller.id), self.reading() as session:
            yield session

    @contextmanager
    def queue_recomputing_transaction(self, right: Permission) -> Iterator[Session]:
        """Yield a session for a change of many grades, once the caller gets a turn.

        The session is committed at the end. The *right* in the course of the path is checked first,
        so that a caller without it does not wait.
        """
        with self.reading_without_activity() as session:
            self._require_permission(session, self.request.path_params, right)
            user_id = self.authenticate(session).id
        with self.service.recomputations.acquire(user_id), self.transaction() as session:
            yield session

    def invalidate_snapshot(self) -> None:
        """Handle a committed write; the default does nothing."""

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Yield a session that is committed at the end, together with the caller's activity."""
        with self.service.db.transaction() as session:
            yield session
            request_activity.record_activity(session, self.activity, now=self.now)
            self.activity.is_recorded = True
        self.invalidate_snapshot()

    def consume_action_limit(self, action: LimitedAction, key: str) -> None:
        """Count an *action* of *key* in a separate transaction.

        The event counts even if the request fails later. Raises `RateLimited` over the limit.
        """
        stored_events.consume_and_commit_action_limit(self.service.db, action, key, now=self.now)

    @property
    def client_address_key(self) -> str:
        """The key under which the client's address is counted."""
        return address_key(self.request.client.host if self.request.client else "")

    @property
    def device_secret(self) -> str:
        """The secret that identifies a browser known from earlier logins, "" if it sends none."""
        name = build_device_cookie(self._public_url).name
        value = self.request.cookies.get(name, "")
        secret = parse_secret(value)
        return value if secret is not None and secret.kind == "device" else ""

    @property
    def view_as(self) -> str:
        """The student whose view the caller requests: an id, ``test``, or ""."""
        return self.request.headers.get("X-View-As", "")

    def authenticate(self, session: Session) -> Principal:
        """Authenticate the caller by token or session cookie.

        Raises `Unauthenticated` without a valid one, and `RateLimited` over the limit.
        """
        caller = cache_in_snapshot(session, Principal, lambda: self._build_principal(session))
        self.consume_request_limit(caller.id)
        if self.activity.is_recorded:
            self.activity = RequestActivity(self.request.method)
        self.activity.caller = caller
        return caller

    def _build_principal(self, session: Session) -> Principal:
        caller = authentication.authenticate_request(
            session, self.request, self._public_url, now=self.now
        )
        proxy = self.service.proxy_login if self.checks_named_user else None
        return with_request_data(
            require_named_user(session, caller, proxy, self.request.scope),
            view_as=self.view_as,
            request=self.request.state.request_id,
            writes=self.request.method not in request_activity.SAFE_METHODS,
        )

    def check_access(self) -> None:
        """Raise the error of a caller without access, unless this request was admitted before.

        So an invalid request also reveals nothing about resources that its caller may not see.
        """
        if not self._is_authenticated:
            with self.service.db.reading() as session:
                self._check_path_access(session, self.request.path_params)

    def authorize_upload(self, cap: BodyCap) -> str:
        """Return the id of the caller; raise an error if the caller may not send an upload."""
        path_params = self.request.path_params
        with self.service.db.reading() as session:
            self._check_path_access(session, path_params)
            if cap.permission:
                self._require_permission(session, path_params, cast("Permission", cap.permission))
            caller = str(self.authenticate(session).id)
            if action := cast("LimitedAction", cap.limited_action):  # the route counts it
                stored_events.check_action_limit(session, action, caller, now=self.now)
            return caller

    def _require_permission(
        self, session: Session, path_params: Mapping[str, str], right: Permission
    ) -> None:
        """Raise `Forbidden` if the caller lacks a *right* in the course of the path."""
        course, assignment = parse_path_ids(path_params)
        if assignment is not None:
            self.authorize_assignment(session, assignment, right=right)
        elif course is not None:
            self.authorize_course(session, course, right=right)
        else:
            raise NotFound(ERROR_CODES["not_found"].meaning)

    def _check_path_access(self, session: Session, path_params: Mapping[str, str]) -> None:
        course, assignment = parse_path_ids(path_params)
        if assignment is not None and "problem" in path_params:
            check_released(
                session,
                self.authorize_problem(session, assignment, path_params["problem"]),
                now=self.now,
            )
        elif assignment is not None:
            require_released(session, *self.authorize_assignment(session, assignment), now=self.now)
        elif course is not None:
            self.authorize_course(session, course)
        else:
            self.authenticate(session)

    @property
    def _is_authenticated(self) -> bool:
        """Whether the caller of this request was authenticated and counted."""
        return CALLER_KEY in self.request.scope["state"]

    def consume_request_limit(self, caller: UUID) -> None:
        """Count the request for *caller*, once; raise `RateLimited` over the limit."""
        if not self._is_authenticated:
            self.service.rate_limiters[self.rate_limit_class].consume(str(caller))
            self.request.scope["state"][CALLER_KEY] = str(caller)

    def credential_digest(self) -> bytes | None:
        """Return the digest of the presented credential, or None for an unusual request.

        The credential is not verified here.
        """
        if self.view_as:
            return None
        return authentication.request_credential_digest(
            self.request, self._public_url, proxy=self.service.proxy_login
        )

    @property
    def _public_url(self) -> str:
        return self.service.settings.public_url

    def authorize_site(self, session: Session, *, right: Permission) -> Principal:
        """Return the caller, who needs a *right* that belongs to no course."""
        caller = self.authenticate(session)
        caller.require_site_permission(right)
        return caller

    def authorize_course(
        self, session: Session, course: UUID, *, right: Permission = "see_course"
    ) -> CourseMembership:
        """Return the membership of the caller in a course."""
        member = authorization.load_course_membership(
            session, self.authenticate(session), course, permission=right
        )
        self.activity.member = member
        return member

    def authorize_assignment(
        self,
        session: Session,
        assignment: UUID,
        *,
        right: Permission = "see_course",
        include_deleted: bool = False,
    ) -> tuple[CourseMembership, Assignment]:
        """Return the membership of the caller in an assignment's course, and the assignment."""
        caller = self.authenticate(session)
        result = authorization.load_assignment_membership(
            session, caller, assignment, permission=right, include_deleted=include_deleted
        )
        self.activity.member = result[0]
        return result

    def authorize_problem(
        self, session: Session, assignment: UUID, problem: str, *, right: Permission = "see_course"
    ) -> AssignedProblem:
        """Return a problem of an assignment, with the membership of the caller."""
        caller = self.authenticate(session)
        assigned = authorization.load_assigned_problem(
            session, caller, assignment, problem, permission=right
        )
        self.activity.member = assigned.member
        return assigned


class SubmissionContext(RequestContext):
    """Context of a request that submits answers."""

    rate_limit_class = "submissions"


class _DraftContext(RequestContext):
    rate_limit_class = "drafts"


class _AnonymousContext(RequestContext):
    def check_access(self) -> None:
        """Admit everybody."""

    def authorize_upload(self, cap: BodyCap) -> None:  # type: ignore[override]
        """Return None: the caller is not authenticated, so no large body is read."""


ContextDep = Annotated[RequestContext, Depends(AuthenticatorDependency(RequestContext))]
AnonymousContextDep = Annotated[RequestContext, Depends(AuthenticatorDependency(_AnonymousContext))]
SubmissionContextDep = Annotated[
    RequestContext, Depends(AuthenticatorDependency(SubmissionContext))
]
DraftContextDep = Annotated[RequestContext, Depends(AuthenticatorDependency(_DraftContext))]
