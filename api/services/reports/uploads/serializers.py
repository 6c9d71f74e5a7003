"""Reports as their students see them."""

from collections.abc import Mapping

from api.db.models import Report
from api.schemas.student.attachments import AttachmentView
from api.schemas.student.reports import ReportOut, ReportPart, ReportSummary
from api.services.reports.uploads.confirmation import Confirmation, PartKey


def serialize_summary(report: Report, *, has_document: bool) -> ReportSummary:
    """Return a report without its passages."""
    return ReportSummary(
        id=report.id,
        assignment=report.assignment_id,
        file_name=report.file_name,
        digest=report.digest,
        size_bytes=report.size_bytes,
        uploaded_at=report.uploaded_at,
        has_document=has_document,
    )


def serialize_report(
    report: Report,
    confirmations: Mapping[PartKey, Confirmation],
    attachments: Mapping[PartKey, AttachmentView],
    *,
    has_document: bool,
) -> ReportOut:
    """Return a report with the passages of each part and the submissions that confirmed them.

    The next submissions include *attachments*.
    """
    parts = []
    for part in report.reading["parts"]:
        key = part["problem"], part["part"]
        confirmation = confirmations.get(key)
        parts.append(
            ReportPart(
                **part,
                submission=confirmation.submission if confirmation else None,
                status=confirmation.status if confirmation else None,
                answer=confirmation.answer if confirmation else None,
                read_as=confirmation.read_as if confirmation else None,
                messages=confirmation.messages if confirmation else (),
                attachment=attachments.get(key),
            )
        )
    summary = serialize_summary(report, has_document=has_document)
    return ReportOut(**dict(summary), parts=tuple(parts))
