"""Attachments of submissions: checked before they are stored, and loaded with the answers."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from api.auth.authorization import AssignedProblem
from api.core.errors import FieldError, InvalidInput
from api.db.models import AnswerAttachment, Attachment, AttachmentPage
from api.schemas.student.attachments import AttachmentPageView, AttachmentView
from grader.reading import RawAnswer, is_blank

WITHOUT_ANSWER: Final = "add an answer in words that says what the attachment shows"
NOT_CURRENT: Final = "the attachment was replaced or removed; reload the page"
SUBMITTED_QUERY: Final = (
    select(AnswerAttachment.submission_id, Attachment)
    .join(Attachment, Attachment.id == AnswerAttachment.attachment_id)
    .where(AnswerAttachment.submission_id.in_(bindparam("submissions", expanding=True)))
    .order_by(AnswerAttachment.part)
)


def resolve_attachments(
    session: Session,
    assigned: AssignedProblem,
    answers: Mapping[str, RawAnswer],
    attachments: Mapping[str, UUID],
) -> dict[str, str]:
    """Return the digest of each attachment of a submission by its part.

    Raises `InvalidInput` for one without an answer, or that is not attached to its part.
    """
    if not attachments:
        return {}
    rows = session.scalars(
        select(Attachment).where(
            Attachment.id.in_(attachments.values()),
            Attachment.problem_id == assigned.problem.id,
            Attachment.student_id == assigned.member.student_id,
            Attachment.removed_at.is_(None),
        )
    )
    current = {(row.part, row.id): row.digest for row in rows}
    errors = [
        FieldError(f"attachments.{part[:80]}", WITHOUT_ANSWER)
        for part in attachments
        if is_blank(answers.get(part, ""))
    ]
    errors += [
        FieldError(f"attachments.{part[:80]}", NOT_CURRENT)
        for part, attachment in attachments.items()
        if (part, attachment) not in current
    ]
    if errors:
        message = errors[0].message
        raise InvalidInput(f"{message[0].upper()}{message[1:]}.", errors=tuple(errors))
    return {part: current[part, attachment] for part, attachment in attachments.items()}


def load_attachment_digests(session: Session, submission: UUID) -> dict[str, str]:
    """Return the digests of a submission's attachments by part."""
    rows = session.execute(SUBMITTED_QUERY, {"submissions": [submission]})
    return {row.part: row.digest for _, row in rows}


def load_submitted_attachments(
    session: Session, submissions: Iterable[UUID], *, is_blind: bool = False
) -> dict[UUID, tuple[AttachmentView, ...]]:
    """Return the attachments of each submission that has some.

    *is_blind* omits names, digests and times.
    """
    rows = session.execute(SUBMITTED_QUERY, {"submissions": list(submissions)}).all()
    views = {
        view.id: view
        for view in build_attachment_views(session, [row for _, row in rows], is_blind=is_blind)
    }
    by_submission: defaultdict[UUID, list[AttachmentView]] = defaultdict(list)
    for submission, row in rows:
        by_submission[submission].append(views[row.id])
    return {submission: tuple(items) for submission, items in by_submission.items()}


def build_attachment_views(
    session: Session, attachments: Collection[Attachment], *, is_blind: bool = False
) -> Sequence[AttachmentView]:
    """Return *attachments* with their pages; *is_blind* omits names, digests and times."""
    if not attachments:
        return []
    pages: defaultdict[UUID, list[AttachmentPageView]] = defaultdict(list)
    deleted: set[UUID] = set()
    columns = AttachmentPage.__table__.c
    rows = session.execute(
        select(
            columns.attachment_id,
            columns.number,
            columns.media_type,
            columns.width,
            columns.height,
            columns.content.is_(None),
        )
        .where(columns.attachment_id.in_({one.id for one in attachments}))
        .order_by(columns.attachment_id, columns.number)
    )
    for attachment, number, media_type, width, height, is_deleted in rows:
        page = AttachmentPageView(number=number, media_type=media_type, width=width, height=height)
        pages[attachment].append(page)
        deleted |= {attachment} if is_deleted else set()
    return [
        AttachmentView(
            id=one.id,
            part=one.part,
            pages=tuple(pages[one.id]),
            has_content=one.id not in deleted,
            size_bytes=one.size_bytes,
            file_name=None if is_blind else one.file_name,
            digest=None if is_blind else one.digest,
            uploaded_at=None if is_blind else one.uploaded_at,
        )
        for one in attachments
    ]
