"""PDF files as images of their pages, drawn by PDFium.

An image has no scripts, links, attachments or metadata of the document.
"""

from collections.abc import Mapping
from typing import Any, Final

from api.services.attachments.images import PageImage, encode_page
from api.services.attachments.limits import (
    DAMAGED_PDF,
    ENCRYPTED_PDF,
    MAX_PAGES,
    MAX_SIDE_PIXELS,
    TOO_MANY_PAGES,
    AttachmentError,
)
from api.services.files.pdf_documents import PdfFault, read_pages

REASONS: Final[Mapping[PdfFault, str]] = {
    "damaged": DAMAGED_PDF,
    "encrypted": ENCRYPTED_PDF,
    "too many pages": TOO_MANY_PAGES,
}
PIXELS_PER_POINT: Final = 2.0
"""Resolution of a page that is small enough, 144 dpi."""
MIN_PAGE_POINTS: Final = 1.0


def render_pdf(data: bytes) -> list[PageImage]:
    """Return the pages of a PDF as images.

    Raises `AttachmentError` for one with a password, without a page, with too many pages, or that
    is damaged.
    """
    return read_pages(data, _render_page, max_pages=MAX_PAGES, create_error=_create_error)


def _create_error(fault: PdfFault) -> AttachmentError:
    return AttachmentError(REASONS[fault])


def _render_page(page: Any) -> PageImage:
    longest, shortest = max(page.get_size()), min(page.get_size())
    if not shortest >= MIN_PAGE_POINTS:  # also not a number
        raise AttachmentError(DAMAGED_PDF)
    scale = min(PIXELS_PER_POINT, (MAX_SIDE_PIXELS - 1) / longest)
    if shortest * scale < 1:
        raise AttachmentError(DAMAGED_PDF)
    bitmap = page.render(scale=scale, may_draw_forms=False)
    try:
        return encode_page(bitmap.to_pil())
    finally:
        bitmap.close()
