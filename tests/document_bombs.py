"""Documents that take much memory or time when they are unpacked: bombs of PDF, Word and JSON."""

import io
import zipfile
import zlib
from collections.abc import Sequence

from pdf_files import join_objects
from word_files import W

MEGABYTE = 1_000_000
CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
PAGE = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 5 0 R "
    b"/Resources << /Font << /F1 3 0 R >> /XObject << /X 6 0 R >> >> >>"
)
TEXT = b"BT /F1 12 Tf 72 700 Td (1. Total: 9 cells) Tj ET"


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """Return a stream object."""
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(content), content)


def compress_repeated(piece: bytes, size: int, *, times: int = 1) -> bytes:
    """Return *size* bytes of a repeated piece, compressed so many *times*."""
    packer, block = zlib.compressobj(9), piece * (MEGABYTE // len(piece))
    packed = b"".join(packer.compress(block) for _ in range(size // len(block)))
    packed += packer.flush()
    for _ in range(times - 1):
        packed = zlib.compress(packed, 9)
    return packed


def pdf_of_page(content: bytes, *more: bytes, page: bytes = PAGE) -> bytes:
    """Return a PDF with one page of a content stream; *more* objects begin with number 6."""
    pages = b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>"
    return join_objects([CATALOG, pages, FONT, page, content, *more])


def flate_twice(piece: bytes, size: int) -> bytes:
    """Return a PDF whose content stream is compressed twice."""
    packed = compress_repeated(piece, size, times=2)
    return pdf_of_page(stream(packed, b"/Filter [/FlateDecode /FlateDecode]"))


def nested_forms(depth: int, repeats: int) -> bytes:
    """Return a PDF with form XObjects, each of which draws the next one many times."""
    forms = [
        stream(
            b"/X Do " * repeats if level < depth - 1 else TEXT,
            b"/Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources << "
            b"/Font << /F1 3 0 R >> /XObject << /X %d 0 R >> >>" % (7 + level),
        )
        for level in range(depth)
    ]
    return pdf_of_page(stream(b"/X Do " + TEXT), *forms)


def many_pages(kids: bytes, count: int) -> bytes:
    """Return a PDF whose page tree says that it has *count* pages."""
    pages = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count)
    return join_objects([CATALOG, pages, FONT, PAGE, stream(TEXT), stream(b"")])


def huge_image(side: int) -> bytes:
    """Return a PDF with an image of *side* × *side* pixels, and a text."""
    image = stream(
        compress_repeated(b"\0", 50 * MEGABYTE),
        b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB "
        b"/BitsPerComponent 8 /Filter /FlateDecode" % (side, side),
    )
    return pdf_of_page(stream(b"q 500 0 0 500 0 0 cm /X Do Q " + TEXT), image)


def word_bomb(pieces: Sequence[tuple[bytes, int]]) -> bytes:
    """Return a Word file whose document has pieces of so many bytes."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/document.xml", "w", force_zip64=True) as file,
    ):
        for piece, size in pieces:
            file.write(piece * (size // len(piece)))
    return packed.getvalue()


def word_text(size: int) -> bytes:
    """Return a Word file with one text of *size* bytes, which unpacks to about a hundredfold."""
    start = f'<w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>'.encode()
    end = b"</w:t></w:r></w:p></w:body></w:document>"
    lines = b"".join(b"%08d%s" % (number * 7_919 % 10**8, b"a" * 992) for number in range(1_000))
    return word_bomb([(start, len(start)), (lines, size), (end, len(end))])
