"""PDF files as images of their pages, drawn by PDFium.

An image has no scripts, links, attachments or metadata of the document. PDFium is native code. It
runs in the sandbox of the worker process only.
"""

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

PIXELS_PER_POINT: Final = 2.0
"""Resolution of a page that is small enough, 144 dpi."""
MIN_PAGE_POINTS: Final = 1.0


def render_pdf(data: bytes) -> list[PageImage]:
    """Return the pages of a PDF as images.

    Raises `AttachmentError` for one with a password, without a page, with too many pages, or that
    is damaged.
    """
    import pypdfium2  # noqa: PLC0415  # only workers load the native library

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        is_encrypted = error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD
        raise AttachmentError(ENCRYPTED_PDF if is_encrypted else DAMAGED_PDF) from error
    try:
        if len(document) > MAX_PAGES:
            raise AttachmentError(TOO_MANY_PAGES)
        pages = [_render_page(document, index) for index in range(len(document))]
    except pypdfium2.PdfiumError as error:
        raise AttachmentError(DAMAGED_PDF) from error
    finally:
        document.close()
    if not pages:
        raise AttachmentError(DAMAGED_PDF)
    return pages


def _render_page(document: Any, index: int) -> PageImage:
    page = document[index]
    try:
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
    finally:
        page.close()
