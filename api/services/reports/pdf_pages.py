"""PDF files as pages of positioned glyphs, read by PDFium in the sandbox of a worker process."""

import ctypes
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

from api.services.files.pdf_documents import PdfFault, read_pages
from grader.reports.blocks import ReportError
from grader.reports.documents.pages.page_glyphs import Glyph, PageGlyphs, Rule
from grader.reports.documents.pages.page_text import MAX_PAGE_GLYPHS, TOO_MANY_GLYPHS

MAX_PAGES: Final = 200
MAX_OBJECTS: Final = 20_000
"""Number of drawn objects of a page that are looked at; more of them are a plot."""
MAX_FORM_DEPTH: Final = 4
MAX_RULE_HEIGHT: Final = 2.0
MIN_RULE_WIDTH: Final = 3.0
MAX_FONT_BYTES: Final = 200
MIN_TEXT_GLYPHS: Final = 4
"""Fewer glyphs in a whole document are no text."""
START: Final = b"%PDF-"
START_WINDOW: Final = 1_024
SAVE_AS: Final = "submit the source of the document (.md, .tex, .ipynb, .docx)"
NOT_A_PDF: Final = f"the PDF is damaged; export it again, or {SAVE_AS}"
ENCRYPTED: Final = f"the PDF has a password; save it without one, or {SAVE_AS}"
NO_TEXT: Final = (
    f"the PDF has no text: it is a scan or a photograph; {SAVE_AS}, or type the answers"
)
TOO_MANY_PAGES: Final = f"the PDF has more than {MAX_PAGES} pages; submit the pages with answers"
REASONS: Final[Mapping[PdfFault, str]] = {
    "damaged": NOT_A_PDF,
    "encrypted": ENCRYPTED,
    "too many pages": TOO_MANY_PAGES,
}
UNKNOWN: Final = "\ufffd"
SURROGATES: Final = range(0xD800, 0xE000)
LOW_SURROGATES: Final = range(0xDC00, 0xE000)


def read_pdf(data: bytes) -> list[PageGlyphs]:
    """Return the pages of a PDF; raise `ReportError` with what to do for one that is refused."""
    if START not in data[:START_WINDOW]:
        raise ReportError(NOT_A_PDF)
    pages = read_pages(data, _read_page, max_pages=MAX_PAGES, create_error=_create_error)
    if sum(len(page.glyphs) for page in pages) < MIN_TEXT_GLYPHS:
        raise ReportError(NO_TEXT)
    return pages


def _create_error(fault: PdfFault) -> ReportError:
    return ReportError(REASONS[fault])


def _read_page(page: Any) -> PageGlyphs:
    """Return a page with its glyphs, and the thin lines that may be bars of fractions."""
    width, height = page.get_size()
    text_page = page.get_textpage()
    try:
        glyphs = tuple(_iterate_glyphs(text_page))
    finally:
        text_page.close()
    return PageGlyphs(width, height, glyphs, tuple(_iterate_rules(page)))


class _GlyphReader:
    """Reads what PDFium knows of the characters of a page, by their indices."""

    def __init__(self, text_page: Any) -> None:
        from pypdfium2 import raw  # noqa: PLC0415  # only workers load the native library

        self._raw, self._page = raw, text_page
        self._box = [ctypes.c_double() for _ in range(4)]
        self._loose = raw.FS_RECTF()
        self._origin = ctypes.c_double(), ctypes.c_double()
        self._matrix = raw.FS_MATRIX()
        self._font = ctypes.create_string_buffer(MAX_FONT_BYTES)
        self.count = raw.FPDFText_CountChars(text_page)

    def code(self, index: int) -> int:
        """Return the code of a character, -1 for one that PDFium made up, such as a space."""
        if self._raw.FPDFText_IsGenerated(self._page, index) == 1:
            return -1
        if self._raw.FPDFText_IsHyphen(self._page, index) == 1:
            return ord("-")
        return int(self._raw.FPDFText_GetUnicode(self._page, index))

    def read(self, index: int, text: str) -> Glyph | None:
        """Return a glyph with its place, None if it is turned or has no size."""
        raw, page = self._raw, self._page
        left, right, bottom, top = self._box
        if not raw.FPDFText_GetCharBox(page, index, left, right, bottom, top):
            return None
        raw.FPDFText_GetLooseCharBox(page, index, self._loose)
        raw.FPDFText_GetCharOrigin(page, index, *self._origin)
        raw.FPDFText_GetMatrix(page, index, self._matrix)
        size = raw.FPDFText_GetFontSize(page, index) * abs(self._matrix.d)
        if size <= 0 or abs(self._matrix.b) > abs(self._matrix.a):
            return None
        raw.FPDFText_GetFontInfo(page, index, self._font, MAX_FONT_BYTES, None)
        return Glyph(
            text,
            min(self._loose.left, left.value),
            max(self._loose.right, right.value),
            bottom.value,
            top.value,
            self._origin[1].value,
            size,
            self._font.value.decode("latin-1"),
            raw.FPDFText_HasUnicodeMapError(page, index) != 1,
        )


def _iterate_glyphs(text_page: Any) -> Iterator[Glyph]:
    """Yield the glyphs of a page; a character beyond the first 65,536 has two codes."""
    reader = _GlyphReader(text_page)
    if reader.count > 2 * MAX_PAGE_GLYPHS:
        raise ReportError(TOO_MANY_GLYPHS)
    high = 0
    for index in range(reader.count):
        code = reader.code(index)
        if code < 0:
            continue
        if code in SURROGATES and code not in LOW_SURROGATES:
            high = code
            continue
        if code in LOW_SURROGATES:
            code = 0x10000 + ((high & 0x3FF) << 10) + (code & 0x3FF) if high else ord(UNKNOWN)
        high = 0
        glyph = reader.read(index, chr(code) if code <= sys.maxunicode else UNKNOWN)
        if glyph is not None:
            yield glyph


def _iterate_rules(page: Any) -> Iterator[Rule]:
    """Yield the thin horizontal lines of a page, also those in its forms."""
    from pypdfium2 import raw  # noqa: PLC0415  # only workers load the native library

    paths = page.get_objects(filter=(raw.FPDF_PAGEOBJ_PATH,), max_depth=MAX_FORM_DEPTH)
    for number, path in enumerate(paths):
        if number >= MAX_OBJECTS:
            return
        left, bottom, right, top = path.get_bounds()
        if top - bottom <= MAX_RULE_HEIGHT and right - left >= MIN_RULE_WIDTH:
            yield Rule(left, right, (bottom + top) / 2)
