"""Files in the export of an account: reports and attachments, with their content in Base64."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from api.db.models import Attachment, AttachmentPage, Base, Report

JsonObject: TypeAlias = dict[str, Any]


def serialize_row(row: Base, names: Iterable[str]) -> JsonObject:
    """Return the columns *names* of a row as JSON data."""
    return {name: _to_json_value(getattr(row, name)) for name in names}


def serialize_all(rows: Iterable[Base], names: Sequence[str]) -> tuple[JsonObject, ...]:
    """Return the columns *names* of each row as JSON data."""
    return tuple(serialize_row(row, names) for row in rows)


def _to_json_value(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def load_reports(session: Session, ids: Sequence[UUID]) -> list[JsonObject]:
    """Return reports with their documents in Base64, null once a document is deleted."""
    rows = session.scalars(
        select(Report)
        .where(Report.id.in_(ids))
        .options(undefer(Report.document), undefer(Report.reading))
    )
    names = ("id", "assignment_id", "file_name", "digest", "uploaded_at")
    return [
        serialize_row(row, names)
        | {
            "parts": row.reading["parts"],
            "document": None if row.document is None else b64encode(row.document).decode(),
        }
        for row in rows
    ]


def load_attachments(session: Session, ids: Sequence[UUID]) -> list[JsonObject]:
    """Return attachments with their pages in Base64, null once a page is deleted."""
    names = ("id", "problem_id", "part", "file_name", "digest", "uploaded_at", "removed_at")
    pages = session.scalars(
        select(AttachmentPage)
        .where(AttachmentPage.attachment_id.in_(ids))
        .order_by(AttachmentPage.number)
        .options(undefer(AttachmentPage.content))
    ).all()
    return [
        serialize_row(row, names)
        | {
            "pages": [
                {
                    "media_type": page.media_type,
                    "content": None if page.content is None else b64encode(page.content).decode(),
                }
                for page in pages
                if page.attachment_id == row.id
            ]
        }
        for row in session.scalars(select(Attachment).where(Attachment.id.in_(ids)))
    ]
