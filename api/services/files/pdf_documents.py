"""PDF files, opened by PDFium and read page by page.

PDFium is native code. It runs in the sandbox of the worker process only.
"""

from collections.abc import Callable
from typing import Any, Final, Literal, TypeVar

T = TypeVar("T")
PdfFault = Literal["damaged", "encrypted", "too many pages"]
DAMAGED: Final = "damaged"


def read_pages(
    data: bytes,
    read_page: Callable[[Any], T],
    *,
    max_pages: int,
    create_error: Callable[[PdfFault], Exception],
) -> list[T]:
    """Return the result of *read_page* for each page of a PDF, which has at least one.

    Raises the error that *create_error* returns for a file that is damaged, that has a password, or
    that has more than *max_pages*.
    """
    import pypdfium2  # noqa: PLC0415  # only workers load the native library

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        is_encrypted = error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD
        raise create_error("encrypted" if is_encrypted else DAMAGED) from error
    try:
        if len(document) > max_pages:
            raise create_error("too many pages")
        results = [_read_page(document, index, read_page) for index in range(len(document))]
    except pypdfium2.PdfiumError as error:
        raise create_error(DAMAGED) from error
    finally:
        document.close()
    if not results:
        raise create_error(DAMAGED)
    return results


def _read_page(document: Any, index: int, read_page: Callable[[Any], T]) -> T:
    page = document[index]
    try:
        return read_page(page)
    finally:
        page.close()
