"""PDF files for tests: pages of positioned texts and lines, with a font that every reader has."""

from collections.abc import Sequence
from dataclasses import dataclass

EXTRA_GLYPHS = {"ﬁ": "fi", "ﬂ": "fl", "−": "minus"}
"""Characters that the encoding of Windows lacks, with the names of their glyphs."""
EXTRA_CODES = {character: chr(code) for code, character in enumerate(EXTRA_GLYPHS, 1)}
ENCODING = (
    "<< /Type /Encoding /BaseEncoding /WinAnsiEncoding /Differences "
    f"[1 {' '.join(f'/{name}' for name in EXTRA_GLYPHS.values())}] >>"
)


@dataclass(frozen=True)
class Text:
    """Text at a place of a page, in points from its lower left corner."""

    left: float
    baseline: float
    text: str
    size: float = 12


@dataclass(frozen=True)
class Line:
    """Horizontal line of a page."""

    left: float
    right: float
    height: float


def pdf_file(*pages: Sequence[Text | Line], encrypted: bool = False) -> bytes:
    """Return the bytes of a PDF file with these pages."""
    count = len(pages)
    kids = " ".join(f"{4 + 2 * index} 0 R" for index in range(count))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>".encode(),
        f"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding {ENCODING} >>".encode(),
    ]
    for index, page in enumerate(pages):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {5 + 2 * index} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        content = "\n".join(map(_draw, page)).encode("cp1252", "replace")
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    if encrypted:
        secret = b"<" + b"41" * 32 + b">"
        objects.append(
            b"<< /Filter /Standard /V 1 /R 2 /P -4 /O " + secret + b" /U " + secret + b" >>"
        )
    return join_objects(objects, encrypted=encrypted)


def page_of_lines(text: str) -> list[Text]:
    """Return a page with a text, line by line."""
    return [
        Text(72 + 3 * (len(line) - len(line.lstrip())), 720 - 16 * number, line.strip())
        for number, line in enumerate(text.splitlines())
        if line.strip()
    ]


def _draw(item: Text | Line) -> str:
    if isinstance(item, Line):
        return f"{item.left} {item.height} m {item.right} {item.height} l S"
    text = item.text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    text = text.translate(str.maketrans(EXTRA_CODES))
    return f"BT /F1 {item.size} Tf {item.left} {item.baseline} Td ({text}) Tj ET"


def join_objects(objects: Sequence[bytes], *, encrypted: bool = False) -> bytes:
    """Return a PDF file with these objects, the first of which is its catalog."""
    data = b"%PDF-1.4\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % place for place in places)
    more = b" /Encrypt %d 0 R /ID [<41> <41>]" % len(objects) if encrypted else b""
    data += b"trailer\n<< /Size %d /Root 1 0 R%s >>\n" % (len(objects) + 1, more)
    return data + b"startxref\n%d\n%%%%EOF\n" % start
