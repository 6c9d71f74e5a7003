"""Conversion of an attachment in a worker process: from the file to its pages as new images."""

from base64 import b64encode
from typing import Any, Final

from api.services.attachments.images import PageImage, convert_image
from api.services.attachments.limits import (
    HEIC_REFUSED,
    MAX_STORED_BYTES,
    NOT_SUPPORTED,
    SVG_REFUSED,
    TOO_MUCH_DETAIL,
    TOO_MUCH_MEMORY,
    AttachmentError,
)
from api.services.attachments.pdf_rendering import render_pdf
from api.services.sandbox.worker_sandbox import enter_sandbox

IMAGE_STARTS: Final = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
}
"""Formats of images by the first bytes of a file; its name and its declared type prove nothing."""
PDF_START: Final = b"%PDF-"
RIFF_START, WEBP_MARK = b"RIFF", b"WEBP"
WEBP_PLACE: Final = slice(8, 12)
HEIF_MARK, HEIF_PLACE = b"ftyp", slice(4, 8)
SVG_MARKS: Final = (b"<svg", b"<?xml", b"<!doctype")
START_BYTES: Final = 1_024


def convert_in_worker(data: bytes) -> list[dict[str, Any]] | str:
    """Return `convert_to_pages_or_reason`; called in a worker process."""
    enter_sandbox()
    return convert_to_pages_or_reason(data)


def convert_to_pages_or_reason(data: bytes) -> list[dict[str, Any]] | str:
    """Return the pages as JSON data with their content in Base64, or why the file is refused."""
    try:
        pages = convert_file(data)
    except AttachmentError as error:
        return str(error)
    except MemoryError:
        return TOO_MUCH_MEMORY
    return [{**page._asdict(), "content": b64encode(page.content).decode()} for page in pages]


def convert_file(data: bytes) -> list[PageImage]:
    """Return the pages of a file, one for an image; raise `AttachmentError` if it is refused."""
    image_format = find_image_format(data)
    if image_format:
        pages = [convert_image(data, image_format)]
    elif data.startswith(PDF_START):
        pages = render_pdf(data)
    else:
        raise AttachmentError(_explain_refusal(data))
    if sum(len(page.content) for page in pages) > MAX_STORED_BYTES:
        raise AttachmentError(TOO_MUCH_DETAIL)
    return pages


def find_image_format(data: bytes) -> str:
    """Return the format of an image by its first bytes, "" for another file."""
    if data.startswith(RIFF_START) and data[WEBP_PLACE] == WEBP_MARK:
        return "WEBP"
    return next((name for start, name in IMAGE_STARTS.items() if data.startswith(start)), "")


def _explain_refusal(data: bytes) -> str:
    start = data[:START_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(SVG_MARKS):
        return SVG_REFUSED
    return HEIC_REFUSED if data[HEIF_PLACE] == HEIF_MARK else NOT_SUPPORTED
