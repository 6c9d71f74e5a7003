"""Storage of attachments: limits, pages, digests, and their time of storage."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from api.auth.authorization import AssignedProblem, CourseMembership
from api.core.errors import InvalidInput, NotFound
from api.db.models import AnswerAttachment, AssignmentProblem, Attachment, AttachmentPage
from api.services.attachments.images import PageImage
from api.services.files.stored_bytes import StoredBytes, find_stored_bytes
from grader.definitions.problem import Problem
from grader.kinds import KINDS

MAX_ATTACHMENTS: Final = 50
"""Maximum number of uploads of a student to one problem, removed ones included."""
NO_PAGE_MESSAGE: Final = "There is no such attachment, or it does not have this page."
DELETED_MESSAGE: Final = "This attachment has been deleted. Only its digest is still stored."
NOT_TAKEN_MESSAGE: Final = "This problem does not accept attachments."
NO_TEXT_PART_MESSAGE: Final = "Only answers to text parts accept attachments."
TOO_MANY_MESSAGE: Final = (
    f"You have attached {MAX_ATTACHMENTS} files to this problem, which is the limit. "
    "Your current attachment stays."
)


def check_takes_attachments(assigned: AssignedProblem, problem: Problem, part: str) -> None:
    """Raise `NotFound` for an unknown part, `InvalidInput` for one that takes no attachment."""
    definition = next((one for one in problem.parts if one.id == part), None)
    if definition is None:
        raise NotFound(f"The problem has no part {part}.")
    if not assigned.problem.attachments:
        raise InvalidInput(NOT_TAKEN_MESSAGE)
    if not KINDS[definition.kind].by_person:
        raise InvalidInput(NO_TEXT_PART_MESSAGE)


def check_attachment_limit(session: Session, assigned: AssignedProblem) -> None:
    """Raise `InvalidInput` if the student has uploaded as many files as a problem takes."""
    count = session.scalar(
        select(func.count())
        .select_from(Attachment)
        .where(
            Attachment.problem_id == assigned.problem.id,
            Attachment.student_id == assigned.member.student_id,
        )
    )
    if count and count >= MAX_ATTACHMENTS:
        raise InvalidInput(TOO_MANY_MESSAGE)


def store_attachment(
    session: Session,
    assigned: AssignedProblem,
    part: str,
    *,
    file_name: str,
    uploaded: bytes,
    pages: Sequence[PageImage],
    now: datetime,
) -> UUID:
    """Store the pages of an uploaded file for *part*, in place of an earlier one; return its id."""
    remove_attachment(session, assigned, part, now=now)
    attachment = Attachment(
        id=uuid4(),  # other ids contain their time, which anonymous grading hides
        problem_id=assigned.problem.id,
        part=part,
        student_id=assigned.member.student_id,
        author_id=assigned.member.caller.id,
        file_name=file_name,
        digest=hashlib.sha256(uploaded).hexdigest(),
        size_bytes=sum(len(page.content) for page in pages),
        uploaded_at=now,
    )
    session.add(attachment)
    session.flush()
    session.add_all(
        AttachmentPage(attachment_id=attachment.id, number=number, **page._asdict())
        for number, page in enumerate(pages, start=1)
    )
    session.flush()
    return attachment.id


def remove_attachment(
    session: Session, assigned: AssignedProblem, part: str, *, now: datetime
) -> None:
    """Remove the attachment of *part* from the next answer.

    Its pages and its name are deleted, unless an answer was submitted with it.
    """
    for attachment in list_unsubmitted_attachments(session, assigned, parts=[part]):
        attachment.removed_at = now
        if not _is_submitted(session, attachment.id):
            attachment.file_name = ""
            _delete_pages(session, [attachment.id])
    session.flush()


def list_unsubmitted_attachments(
    session: Session, assigned: AssignedProblem, *, parts: Collection[str] | None = None
) -> list[Attachment]:
    """Return the attachments that go with the student's next answers, oldest first."""
    query = select(Attachment).where(
        Attachment.problem_id == assigned.problem.id,
        Attachment.student_id == assigned.member.student_id,
        Attachment.removed_at.is_(None),
    )
    if parts is not None:
        query = query.where(Attachment.part.in_(parts))
    return list(session.scalars(query.order_by(Attachment.uploaded_at, Attachment.part)))


def load_next_attachments(
    session: Session, member: CourseMembership, assignment: UUID
) -> dict[tuple[str, str], Attachment]:
    """Return the attachments that the next submissions to an assignment include.

    The keys are the names of the problem and of the part. A problem that no longer takes
    attachments has none.
    """
    query = select(AssignmentProblem.slug, Attachment).join(
        AssignmentProblem, AssignmentProblem.id == Attachment.problem_id
    )
    rows = session.execute(
        query.where(
            AssignmentProblem.assignment_id == assignment,
            AssignmentProblem.attachments,
            Attachment.student_id == member.student_id,
            Attachment.removed_at.is_(None),
        )
    )
    return {(slug, attachment.part): attachment for slug, attachment in rows}


def delete_old_pages(session: Session, *, days: int, now: datetime, limit: int) -> int:
    """Delete the pages of up to *limit* attachments that are older than *days*; digests stay.

    Returns the number of these attachments.
    """
    old = (
        select(AttachmentPage.attachment_id)
        .join(Attachment, Attachment.id == AttachmentPage.attachment_id)
        .where(
            Attachment.uploaded_at < now - timedelta(days=days),
            AttachmentPage.content.is_not(None),
        )
        .distinct()
        .limit(limit)
    )
    ids = session.scalars(old).all()
    session.execute(
        update(AttachmentPage).where(AttachmentPage.attachment_id.in_(ids)).values(content=None)
    )
    return len(ids)


def find_assignment_of_attachment(session: Session, attachment: UUID) -> UUID:
    """Return the assignment that an attachment belongs to; raise `NotFound` if there is none."""
    assignment = session.scalar(
        select(AssignmentProblem.assignment_id)
        .join(Attachment, Attachment.problem_id == AssignmentProblem.id)
        .where(Attachment.id == attachment)
    )
    if assignment is None:
        raise NotFound(NO_PAGE_MESSAGE)
    return assignment


def load_attachment_page(
    session: Session, member: CourseMembership, attachment: UUID, number: int
) -> tuple[str, StoredBytes]:
    """Return the media type and the content of a page, for its student and for staff.

    Staff see attachments that were submitted. Raises `NotFound` if there is no such page, or it is
    no longer stored.
    """
    row = session.execute(
        select(Attachment, AttachmentPage)
        .join(AttachmentPage, AttachmentPage.attachment_id == Attachment.id)
        .where(Attachment.id == attachment, AttachmentPage.number == number)
    ).first()
    if row is None or not _may_see(session, member, row[0]):
        raise NotFound(NO_PAGE_MESSAGE)
    content = find_stored_bytes(
        session,
        AttachmentPage.content,
        (AttachmentPage.attachment_id == attachment) & (AttachmentPage.number == number),
    )
    if content is None:
        raise NotFound(DELETED_MESSAGE)
    return row[1].media_type, content


def _may_see(session: Session, member: CourseMembership, attachment: Attachment) -> bool:
    if attachment.student_id == member.student_id:
        return True
    return member.has_permission("see_submissions") and _is_submitted(session, attachment.id)


def _is_submitted(session: Session, attachment: UUID) -> bool:
    return bool(
        session.scalar(select(exists().where(AnswerAttachment.attachment_id == attachment)))
    )


def _delete_pages(session: Session, attachments: Collection[UUID]) -> None:
    session.execute(
        update(AttachmentPage)
        .where(AttachmentPage.attachment_id.in_(attachments))
        .values(content=None)
    )
