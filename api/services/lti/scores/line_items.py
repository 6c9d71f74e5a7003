"""Line items at platforms: found by the id of their assignment, or created."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Final, Self, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy.orm import Session

from api.db.engine import Database
from api.db.models import Assignment, LtiContext, LtiLineItem, LtiPlatform
from api.services.grades.assignment import compute_student_grade, load_grading_context
from api.services.lti.protocol.access_tokens import TokenRefusedError
from api.services.lti.protocol.addresses import PlatformError, PlatformUnreachableError
from api.services.lti.protocol.claims import (
    LINE_ITEM_READ_SCOPE,
    LINE_ITEM_SCOPE,
    SCORE_SCOPE,
)
from api.services.lti.protocol.grade_service import (
    GradeServiceRefusalError,
    LineItemSpec,
    RateLimitError,
    TokenExpiredError,
    create_line_item,
    find_line_item,
)
from api.services.lti.tool import LtiTool

CANVAS_DOMAIN: Final = "instructure.com"
DEFAULT_MAXIMUM: Final = Fraction(100)
NO_LINE_ITEMS: Final = (
    "the platform offers no line items for this course; open a link there as an instructor, and "
    "let the tool send grades"
)
NOT_ALLOWED: Final = (
    "the platform has no line item for this assignment, and lets Grader create none"
)

ReplyT = TypeVar("ReplyT")


class LineItemRefusalError(GradeServiceRefusalError):
    """The platform refuses a line item for good; this concerns all of its scores."""


class LineItemError(PlatformError):
    """A line item can neither be found nor created now; this concerns all of its scores."""


class LineItemUnreachableError(LineItemError):
    """A request for line items got no reply in time, status 408 or 5xx."""


class ScoreUnreachableError(PlatformError):
    """A score got no reply in time, status 408 or 5xx, but the platform gives access tokens."""


@dataclass(frozen=True, slots=True)
class LineItemTarget:
    """Line item to send to: its address, "" if it is not known, and how to find or create it."""

    item_id: UUID
    url: str
    container_url: str
    scopes: tuple[str, ...]
    spec: LineItemSpec

    @property
    def searched_container(self) -> str:
        """The address of the line items to search for this one, "" if its address is known."""
        return "" if self.url else self.container_url

    @classmethod
    def build(cls, session: Session, item: LtiLineItem, context: LtiContext) -> Self:
        """Return the target of a stored line item."""
        assignment = session.get_one(Assignment, item.assignment_id)
        maximum = DEFAULT_MAXIMUM if item.url else compute_maximum(session, assignment.id)
        return cls(
            item.id,
            item.url,
            context.line_items_url,
            tuple(context.scopes),
            LineItemSpec(assignment.title, maximum, str(assignment.id)),
        )


def compute_maximum(session: Session, assignment_id: UUID) -> Fraction:
    """Return the points of an assignment for a student without exceptions; 100 if it has none."""
    context = load_grading_context(session, assignment_id, [])
    return compute_student_grade(context, UUID(int=0), {}).possible or DEFAULT_MAXIMUM


def is_canvas(platform: LtiPlatform) -> bool:
    """Return whether a platform is a Canvas, by its issuer."""
    host = urlsplit(platform.issuer).hostname or ""
    return host == CANVAS_DOMAIN or host.endswith(f".{CANVAS_DOMAIN}")


def resolve_line_item(
    db: Database, tool: LtiTool, platform: LtiPlatform, target: LineItemTarget, *, now: datetime
) -> str:
    """Return the address of a line item, which is found or created, and then stored.

    The caller resolves one line item of a container at a time: two threads that search for the same
    one would create two. Raises `LineItemError`, `LineItemRefusalError`, or another `PlatformError`
    that concerns the whole platform.
    """
    if target.url:
        return target.url
    with db.reading() as session:
        url = session.get_one(LtiLineItem, target.item_id).url
    if url:
        return url  # found for an earlier score, after this one was claimed
    try:
        url = _find(db, tool, platform, target, now=now)
        url = url or _create(db, tool, platform, target, now=now)
    except LineItemUnreachableError:
        require_reachable_platform(db, tool, platform, now=now)
        raise
    except (PlatformUnreachableError, RateLimitError, TokenRefusedError):
        raise
    except GradeServiceRefusalError as error:
        raise LineItemRefusalError(str(error)) from error
    except PlatformError as error:
        raise LineItemError(str(error)) from error
    with db.transaction() as session:
        session.get_one(LtiLineItem, target.item_id).url = url
    return url


def _find(
    db: Database, tool: LtiTool, platform: LtiPlatform, target: LineItemTarget, *, now: datetime
) -> str:
    if not target.container_url:
        raise GradeServiceRefusalError(NO_LINE_ITEMS)
    # Moodle lists line items only for this scope, even if the other one is granted as well.
    scope = LINE_ITEM_READ_SCOPE if LINE_ITEM_READ_SCOPE in target.scopes else LINE_ITEM_SCOPE
    return _request_line_items(
        db,
        tool,
        platform,
        scope,
        lambda token: find_line_item(
            tool.http, target.container_url, token, target.spec.resource_id
        ),
        now=now,
    )


def _create(
    db: Database, tool: LtiTool, platform: LtiPlatform, target: LineItemTarget, *, now: datetime
) -> str:
    if target.scopes and LINE_ITEM_SCOPE not in target.scopes:
        raise GradeServiceRefusalError(NOT_ALLOWED)
    return _request_line_items(
        db,
        tool,
        platform,
        LINE_ITEM_SCOPE,
        lambda token: create_line_item(tool.http, target.container_url, token, target.spec),
        now=now,
    )


def _request_line_items(
    db: Database,
    tool: LtiTool,
    platform: LtiPlatform,
    scope: str,
    send: Callable[[str], str],
    *,
    now: datetime,
) -> str:
    """Send a request for line items; `LineItemUnreachableError` excludes that for the token."""

    def send_with_token(token: str) -> str:
        try:
            return send(token)
        except PlatformUnreachableError as error:
            raise LineItemUnreachableError(str(error)) from error

    return retry_with_new_token(db, tool, platform, scope, send_with_token, now=now)


def require_reachable_platform(
    db: Database, tool: LtiTool, platform: LtiPlatform, *, now: datetime
) -> None:
    """Fetch another token for scores; raise `PlatformError` if the platform gives none.

    Without a token the platform is down. Otherwise an error may concern one course or line item.
    One that asks to wait is not down, and its last token stays valid.
    """
    with suppress(RateLimitError):
        tool.probe_token(db, platform, (SCORE_SCOPE,), now=now)


def retry_with_new_token(
    db: Database,
    tool: LtiTool,
    platform: LtiPlatform,
    scope: str,
    send: Callable[[str], ReplyT],
    *,
    now: datetime,
) -> ReplyT:
    """Call *send* with an access token for *scope*; once more if the token has expired."""
    try:
        return send(tool.fetch_token(db, platform, (scope,), now=now))
    except TokenExpiredError:
        tool.forget_token(platform, (scope,))
    try:
        return send(tool.fetch_token(db, platform, (scope,), now=now))
    except TokenExpiredError:
        tool.forget_token(platform, (scope,))
        raise
