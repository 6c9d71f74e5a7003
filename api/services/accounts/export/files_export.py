"""Files in the export of an account: reports and attachments, with their content in Base64."""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import undefer

from api.core.json_text import serialize_json
from api.db.models import Attachment, AttachmentPage, Base, Report
from api.services.files.stored_bytes import ReadSessionFactory, StoredBytes, find_stored_bytes

JsonObject: TypeAlias = dict[str, Any]
REPORT_FIELDS = ("id", "assignment_id", "file_name", "digest", "uploaded_at")
ATTACHMENT_FIELDS = (
    "id",
    "problem_id",
    "part",
    "file_name",
    "digest",
    "uploaded_at",
    "removed_at",
)


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


def stream_report(reading: ReadSessionFactory, report_id: UUID) -> Iterator[str]:
    """Yield a report as JSON with its document in Base64, null once that is deleted.

    Nothing is yielded if the report is no longer stored.
    """
    with reading() as session:
        row = session.scalar(
            select(Report).where(Report.id == report_id).options(undefer(Report.reading))
        )
        if row is None:
            return
        fields = serialize_row(row, REPORT_FIELDS) | {"parts": row.reading["parts"]}
        document = find_stored_bytes(session, Report.document, Report.id == report_id)
    yield f'{serialize_json(fields)[:-1]},"document":'
    del row, fields  # a slow reader holds one piece of the document
    yield from _stream_base64(reading, document)
    yield "}"


def stream_attachment(reading: ReadSessionFactory, attachment_id: UUID) -> Iterator[str]:
    """Yield an attachment as JSON with its pages in Base64, null once they are deleted.

    Nothing is yielded if the attachment is no longer stored.
    """
    with reading() as session:
        row = session.get(Attachment, attachment_id)
        if row is None:
            return
        pages = session.execute(
            select(AttachmentPage.number, AttachmentPage.media_type)
            .where(AttachmentPage.attachment_id == attachment_id)
            .order_by(AttachmentPage.number)
        ).all()
        contents = [
            find_stored_bytes(
                session,
                AttachmentPage.content,
                (AttachmentPage.attachment_id == attachment_id) & (AttachmentPage.number == number),
            )
            for number, _ in pages
        ]
    yield f'{serialize_json(serialize_row(row, ATTACHMENT_FIELDS))[:-1]},"pages":['
    separator = ""
    for (_, media_type), content in zip(pages, contents, strict=True):
        yield f'{separator}{{"media_type":{serialize_json(media_type)},"content":'
        separator = ","
        yield from _stream_base64(reading, content)
        yield "}"
    yield "]}"


def _stream_base64(reading: ReadSessionFactory, content: StoredBytes | None) -> Iterator[str]:
    """Yield a stored file as a JSON string in Base64, null if there is none."""
    if content is None:
        yield "null"
        return
    yield '"'
    for piece in content.read_pieces(reading):
        yield b64encode(piece).decode("ascii")
    yield '"'
