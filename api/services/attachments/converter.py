"""Converter of uploaded attachments: in the worker processes that read reports."""

from base64 import b64decode
from typing import Final
from uuid import UUID

from api.core.errors import FieldError, InvalidInput
from api.services.attachments.conversion_job import convert_in_worker, convert_to_pages_or_reason
from api.services.attachments.images import PageImage
from api.services.attachments.limits import MAX_UPLOAD_BYTES, MEBIBYTE
from api.services.reports.runner import CRASHED, INTERNAL_ERROR, TOO_LONG
from api.services.reports.uploads.report_reader import ReportReader

EMPTY_FILE: Final = "it is empty; choose an image or a PDF"
TOO_LARGE: Final = (
    f"it is larger than {MAX_UPLOAD_BYTES // MEBIBYTE} MiB; save it in a smaller size"
)
REASONS: Final = {
    TOO_LONG: "it takes too long to read; save it in a smaller size, or take a screenshot",
    CRASHED: "it could not be read; save it again, or take a screenshot",
    INTERNAL_ERROR: "Grader failed to read it because of an error in Grader; tell the course staff",
}
"""Reasons of the reader, in words that fit an image."""


def convert_attachment(reader: ReportReader, person: UUID, data: bytes) -> list[PageImage]:
    """Return the pages of an uploaded file as new images.

    Raises `InvalidInput` for a file that is refused, and the errors of `ReportReader.run`.
    """
    if not data:
        raise build_refused_file_error(EMPTY_FILE)
    if len(data) > MAX_UPLOAD_BYTES:
        raise build_refused_file_error(TOO_LARGE)
    outcome = reader.run(person, convert_in_worker, convert_to_pages_or_reason, data)
    if isinstance(outcome, str):
        raise build_refused_file_error(REASONS.get(outcome, outcome))
    return [PageImage(**page | {"content": b64decode(page["content"])}) for page in outcome]


def build_refused_file_error(reason: str) -> InvalidInput:
    """Return the error of a file that is refused, with the *reason* and what to do."""
    return InvalidInput(
        f"The file was not attached: {reason}.",
        code="attachment_unreadable",
        errors=(FieldError("file", reason),),
    )
