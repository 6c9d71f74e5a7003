"""Storage of uploaded reports: limits, the document, its digest, and its time of storage."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, undefer

from api.auth.authorization import CourseMembership
from api.core.errors import Forbidden, InvalidInput, NotFound
from api.core.ids import new_id
from api.db.models import Assignment, Report
from api.services.engine.variant_identity import VariantIdentity
from api.services.files.stored_bytes import StoredBytes, find_stored_bytes
from api.services.reports.documents import FILE_ENDINGS
from api.services.reports.uploads.report_reader import build_refused_report_error

MEBIBYTE: Final = 1024 * 1024
MAX_REPORT_BYTES: Final = 5 * MEBIBYTE
MAX_REPORTS: Final = 50
"""Maximum number of reports of a student in one assignment."""
MAX_NAME_CHARACTERS: Final = 200
CONTROL_CHARACTERS: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
NO_REPORT_MESSAGE: Final = "There is no such assignment, or it has no such report."
DELETED_MESSAGE: Final = "The document has been deleted. Its digest and passages are still stored."
STAFF_MESSAGE: Final = "Staff submit a report as the test student: send the header X-View-As: test."
VIEWING_MESSAGE: Final = "You are viewing as a student. Only the test student can submit."


class StoredReport(NamedTuple):
    """A report, and whether its document is still stored."""

    report: Report
    has_document: bool


def check_may_upload(member: CourseMembership) -> None:
    """Raise `Forbidden` for staff, who submit as the test student only."""
    if member.viewing:
        raise Forbidden(VIEWING_MESSAGE)
    if member.is_staff:
        raise Forbidden(STAFF_MESSAGE)


def clean_file_name(name: str) -> str:
    r"""Return a file name without folders and control characters, at most 200 characters long.

    >>> clean_file_name("C:\\work\\report.md"), clean_file_name("../../x/hw 1.tex")
    ('report.md', 'hw 1.tex')
    """
    base = PurePath(name.replace("\\", "/")).name
    base = CONTROL_CHARACTERS.sub("", base).strip()
    stem, ending = PurePath(base).stem, PurePath(base).suffix
    return f"{stem[: MAX_NAME_CHARACTERS - len(ending)]}{ending}"[:MAX_NAME_CHARACTERS]


def check_file_and_get_ending(name: str, document: bytes) -> str:
    """Return the ending of a file; raise `InvalidInput` for a kind or size that is not read."""
    ending = PurePath(name).suffix.lower()
    if ending not in FILE_ENDINGS:
        raise build_refused_report_error(
            f"files that end in {ending or 'nothing'} are not read; save it as one of "
            f"{', '.join(FILE_ENDINGS)}"
        )
    if not document:
        raise InvalidInput.for_field("file", "is empty; choose your report")
    if len(document) > MAX_REPORT_BYTES:
        raise build_refused_report_error(
            f"it is larger than {MAX_REPORT_BYTES // MEBIBYTE} MiB; submit it without images, logs "
            "and data"
        )
    return ending


def check_report_limit(session: Session, member: CourseMembership, assignment: Assignment) -> None:
    """Raise `InvalidInput` if a student has uploaded as many reports as an assignment takes."""
    count = session.scalar(
        select(func.count())
        .select_from(Report)
        .where(Report.assignment_id == assignment.id, Report.student_id == member.student_id)
    )
    if count and count >= MAX_REPORTS:
        raise InvalidInput(
            f"You have uploaded {MAX_REPORTS} reports to this assignment, which is the limit. "
            "Confirm the answers of one of them, or type your answers."
        )


def store_report(
    session: Session,
    member: CourseMembership,
    assignment: Assignment,
    *,
    file_name: str,
    document: bytes,
    parts: Sequence[Mapping[str, Any]],
    draws: Mapping[str, VariantIdentity | None],
    now: datetime,
) -> UUID:
    """Store a report with its reading and return its id."""
    report = Report(
        id=new_id(),
        assignment_id=assignment.id,
        student_id=member.student_id,
        author_id=member.caller.id,
        file_name=file_name,
        digest=hashlib.sha256(document).hexdigest(),
        size_bytes=len(document),
        document=document,
        reading={"parts": list(parts), "draws": draws},
        uploaded_at=now,
    )
    session.add(report)
    session.flush()
    return report.id


def delete_old_documents(session: Session, *, days: int, now: datetime, limit: int) -> int:
    """Delete up to *limit* documents that are older than *days*, and return their number.

    Digests and passages stay.
    """
    old = (
        select(Report.id)
        .where(Report.uploaded_at < now - timedelta(days=days), Report.document.is_not(None))
        .limit(limit)
    )
    ids = session.scalars(old).all()
    session.execute(update(Report).where(Report.id.in_(ids)).values(document=None))
    return len(ids)


def list_own_reports(
    session: Session, member: CourseMembership, assignment: Assignment
) -> list[StoredReport]:
    """Return the student's own reports to an assignment, newest first."""
    rows = session.execute(
        select(Report, Report.document.is_not(None))
        .where(Report.assignment_id == assignment.id, Report.student_id == member.student_id)
        .order_by(Report.id.desc())
    )
    return [StoredReport(report, bool(has_document)) for report, has_document in rows]


def load_own_report(
    session: Session, member: CourseMembership, assignment: Assignment, report_id: UUID
) -> StoredReport:
    """Return a student's own report with its reading; raise `NotFound` if there is none."""
    row = session.execute(
        select(Report, Report.document.is_not(None))
        .where(
            Report.id == report_id,
            Report.assignment_id == assignment.id,
            Report.student_id == member.student_id,
        )
        .options(undefer(Report.reading))
    ).first()
    if row is None:
        raise NotFound(NO_REPORT_MESSAGE)
    return StoredReport(row[0], bool(row[1]))


def load_document(
    session: Session, member: CourseMembership, assignment: Assignment, report_id: UUID
) -> tuple[str, StoredBytes]:
    """Return the name and the content of a document, for its student and for staff with names.

    Raises `NotFound` if there is none or it is no longer stored, and `Forbidden` for graders of an
    anonymous assignment.
    """
    report = session.scalar(
        select(Report).where(Report.id == report_id, Report.assignment_id == assignment.id)
    )
    is_own = report is not None and report.student_id == member.student_id
    if report is None or not (is_own or member.has_permission("see_submissions")):
        raise NotFound(NO_REPORT_MESSAGE)
    if not is_own:
        member.require_visible_names(assignment)
    document = find_stored_bytes(session, Report.document, Report.id == report_id)
    if document is None:
        raise NotFound(DELETED_MESSAGE)
    return report.file_name, document
