"""Overview of the scores of a course for staff: counts, failures, and sending them again."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.core.errors import Conflict, InvalidInput
from api.db.models import (
    Assignment,
    Course,
    LtiContext,
    LtiDeployment,
    LtiLineItem,
    LtiScore,
    OutboxMessage,
    User,
)
from api.services.audit import recorder
from api.services.lti.launches.contexts import ensure_line_item
from api.services.lti.scores.reconciliation import reconcile_item, requeue

NO_CONTEXT = (
    "No connected course of a learning platform offers line items. Open a link there as an "
    "instructor once, and let the tool send grades."
)


@dataclass(frozen=True, slots=True)
class ItemOverview:
    """Scores of a line item: how many were *sent*, are *waiting*, and have *failed*.

    *waiting_error* is why one of the waiting scores was not sent, "" if none was tried.
    """

    item_id: UUID
    assignment_id: UUID
    title: str
    context_title: str
    sent: int
    waiting: int
    failed: int
    waiting_error: str


@dataclass(frozen=True, slots=True)
class FailedScore:
    """Score that a platform refused, and why."""

    student_id: UUID
    student: str
    assignment: str
    error: str
    tries: int


def list_items(session: Session, course_id: UUID) -> list[ItemOverview]:
    """Return the line items of a course in the order of its assignments."""
    counts: defaultdict[UUID, Counter[str]] = defaultdict(Counter)
    errors: dict[UUID, str] = {}
    rows = session.execute(
        select(
            LtiScore.line_item_id,
            OutboxMessage.status,
            func.count(),
            func.max(OutboxMessage.error),
        )
        .join(OutboxMessage, OutboxMessage.id == LtiScore.message_id)
        .where(OutboxMessage.course_id == course_id)
        .group_by(LtiScore.line_item_id, OutboxMessage.status)
    )
    for item_id, status, count, error in rows:
        counts[item_id][status] = count
        if status == "waiting":
            errors[item_id] = error
    items = session.execute(
        select(LtiLineItem, Assignment, LtiContext)
        .join(Assignment, Assignment.id == LtiLineItem.assignment_id)
        .join(LtiContext, LtiContext.id == LtiLineItem.context_id)
        .where(LtiContext.course_id == course_id)
        .order_by(Assignment.position, Assignment.id, LtiLineItem.id)
    ).all()
    return [
        ItemOverview(
            item.id,
            assignment.id,
            assignment.title,
            context.title or context.context_id,
            sent=counts[item.id]["sent"],
            waiting=counts[item.id]["waiting"],
            failed=counts[item.id]["failed"],
            waiting_error=errors.get(item.id, ""),
        )
        for item, assignment, context in items
    ]


def list_failed_scores(session: Session, course_id: UUID) -> list[FailedScore]:
    """Return the failed scores of a course by name of the student."""
    rows = session.execute(
        select(User.id, User.name, Assignment.title, OutboxMessage.error, OutboxMessage.tries)
        .join(LtiScore, LtiScore.message_id == OutboxMessage.id)
        .join(User, User.id == LtiScore.student_id)
        .join(Assignment, Assignment.id == OutboxMessage.assignment_id)
        .where(OutboxMessage.course_id == course_id, OutboxMessage.status == "failed")
        .order_by(User.sort_name, User.id, Assignment.position, Assignment.id)
    )
    return [FailedScore(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class PlatformCourse:
    """Scores of a course in a platform: how many were *sent*, are *waiting*, and have *failed*.

    *error* is the reply to one of the failed ones, "" without any.
    """

    platform_id: UUID
    course_id: UUID
    title: str
    sent: int
    waiting: int
    failed: int
    error: str


def list_platform_courses(session: Session) -> list[PlatformCourse]:
    """Return the connected courses of all platforms for administrators, without names of people."""
    counts, errors = _load_score_counts_and_failures(session)
    connected = session.execute(
        select(LtiDeployment.platform_id, Course.id, Course.title)
        .join(LtiContext, LtiContext.deployment_id == LtiDeployment.id)
        .join(Course, Course.id == LtiContext.course_id)
        .distinct()
        .order_by(Course.title, Course.id)
    )
    courses = []
    for platform_id, course_id, title in connected:
        key = (platform_id, course_id)
        count_of = counts.get(key, Counter())
        courses.append(
            PlatformCourse(
                platform_id,
                course_id,
                title,
                sent=count_of["sent"],
                waiting=count_of["waiting"],
                failed=count_of["failed"],
                error=errors.get(key, ""),
            )
        )
    return courses


def _load_score_counts_and_failures(
    session: Session,
) -> tuple[dict[tuple[UUID, UUID | None], Counter[str]], dict[tuple[UUID, UUID | None], str]]:
    """Return the numbers of scores by status, and a failure, by platform and course."""
    counts: dict[tuple[UUID, UUID | None], Counter[str]] = {}
    errors: dict[tuple[UUID, UUID | None], str] = {}
    rows = session.execute(
        select(
            LtiDeployment.platform_id,
            LtiContext.course_id,
            OutboxMessage.status,
            func.count(),
            func.max(OutboxMessage.error),
        )
        .join(LtiContext, LtiContext.deployment_id == LtiDeployment.id)
        .join(LtiLineItem, LtiLineItem.context_id == LtiContext.id)
        .join(LtiScore, LtiScore.line_item_id == LtiLineItem.id)
        .join(OutboxMessage, OutboxMessage.id == LtiScore.message_id)
        .where(LtiContext.course_id.is_not(None))
        .group_by(LtiDeployment.platform_id, LtiContext.course_id, OutboxMessage.status)
    )
    for platform_id, course_id, status, count, error in rows:
        key = (platform_id, course_id)
        counts.setdefault(key, Counter())[status] = count
        if status == "failed":
            errors[key] = error
    return counts, errors


def reconcile_course_scores(session: Session, member: CourseMembership, *, now: datetime) -> int:
    """Compare all scores of a course now, and send failed ones again; return how many wait.

    A line item with failures is looked up again: somebody may have deleted it at the platform.
    """
    member.require("override_grades")
    items = _load_items(session, member.course.id)
    for item in items:
        failed = session.scalars(
            select(LtiScore.message_id)
            .join(OutboxMessage, OutboxMessage.id == LtiScore.message_id)
            .where(LtiScore.line_item_id == item.id, OutboxMessage.status == "failed")
        ).all()
        if failed and session.get_one(LtiContext, item.context_id).line_items_url:
            item.url = ""
        requeue(session, failed, now=now)
        reconcile_item(session, item, now=now)
    session.flush()
    waiting = session.scalar(
        select(func.count())
        .select_from(LtiScore)
        .join(OutboxMessage, OutboxMessage.id == LtiScore.message_id)
        .where(
            LtiScore.line_item_id.in_([item.id for item in items]),
            OutboxMessage.status == "waiting",
        )
    )
    recorder.record_action(
        session, member, "lti_context.synchronized", now=now, change=({}, {"waiting": waiting})
    )
    return waiting or 0


def _load_items(session: Session, course_id: UUID) -> Sequence[LtiLineItem]:
    return session.scalars(
        select(LtiLineItem)
        .join(LtiContext, LtiContext.id == LtiLineItem.context_id)
        .where(LtiContext.course_id == course_id)
        .order_by(LtiLineItem.id)
    ).all()


def start_sending(
    session: Session, member: CourseMembership, assignment_id: UUID, *, now: datetime
) -> None:
    """Let the scores of an assignment be sent to every connected context that takes them.

    Raises `InvalidInput` for an assignment of another course, and `Conflict` if no context offers
    line items.
    """
    member.require("override_grades")
    assignment = session.get(Assignment, assignment_id)
    if (
        assignment is None
        or assignment.course_id != member.course.id
        or assignment.deleted_at is not None
    ):
        raise InvalidInput.for_field("assignment", "is not an assignment of this course")
    contexts = session.scalars(
        select(LtiContext).where(
            LtiContext.course_id == member.course.id, LtiContext.line_items_url != ""
        )
    ).all()
    if not contexts:
        raise Conflict(NO_CONTEXT)
    for context in contexts:
        ensure_line_item(session, context, assignment_id, url="", now=now)
    recorder.record_action(
        session,
        member,
        "lti_context.changed",
        now=now,
        target=("assignment", assignment_id),
        change=({}, {"sends_scores": True}),
    )
