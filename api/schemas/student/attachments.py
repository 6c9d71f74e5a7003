"""Attachments: images and PDF files that students add to text answers, stored as images."""

from typing import Any, Final
from uuid import UUID

from api.http.field_types import Count, UtcDatetime
from api.http.schema import Schema, with_examples

ATTACHMENT: Final[dict[str, Any]] = {
    "id": "01933e3a-0000-7000-8000-0000000000d1",
    "part": "why",
    "pages": [{"number": 1, "media_type": "image/png", "width": 1200, "height": 800}],
    "has_content": True,
    "size_bytes": 48_200,
    "file_name": "loss-curve.png",
    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "uploaded_at": "2026-11-21T17:58:00.000000Z",
}


class AttachmentPageView(Schema):
    """A page of an attachment as an image; width and height are in pixels."""

    number: Count
    media_type: str
    width: Count
    height: Count


class AttachmentView(Schema):
    """An attachment of a part: one page for an image, one for each page of a PDF.

    *has_content*: its pages are still stored. *digest* is the SHA-256 of the uploaded file, which
    is not stored. *file_name*, *digest* and *uploaded_at* are null for TAs if the assignment is
    graded anonymously.
    """

    model_config = with_examples(ATTACHMENT)

    id: UUID
    part: str
    pages: tuple[AttachmentPageView, ...]
    has_content: bool
    size_bytes: Count
    file_name: str | None
    digest: str | None
    uploaded_at: UtcDatetime | None


class Attachments(Schema):
    """The attachments that go with the next answers of the caller, in the order of the upload."""

    model_config = with_examples({"items": [ATTACHMENT]})

    items: tuple[AttachmentView, ...]
