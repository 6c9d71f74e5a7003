"""Word files for tests: a package with the parts that a reader needs."""

import io
import zipfile
from html import escape

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
M = "http://schemas.openxmlformats.org/officeDocument/2006/math"
NUMBERING = f"""<w:numbering xmlns:w="{W}">
<w:abstractNum w:abstractNumId="0">
<w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
<w:lvl w:ilvl="1"><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="(%2)"/></w:lvl>
</w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>
</w:numbering>"""


def run(text: str, properties: str = "") -> str:
    """Return a run of text, with properties such as ``<w:vertAlign w:val="superscript"/>``."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def paragraph(content: str, *, level: int | None = None) -> str:
    """Return a paragraph, numbered at a level of the list."""
    number = (
        ""
        if level is None
        else f'<w:pPr><w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="1"/></w:numPr></w:pPr>'
    )
    return f"<w:p>{number}{content}</w:p>"


def word_file(body: str, *, numbering: str = NUMBERING, more: dict[str, bytes] | None = None):
    """Return the bytes of a Word file."""
    document = f'<w:document xmlns:w="{W}" xmlns:m="{M}"><w:body>{body}</w:body></w:document>'
    return package({"word/document.xml": document, "word/numbering.xml": numbering, **(more or {})})


def package(parts: dict[str, str | bytes]) -> bytes:
    """Return a zip file of named parts."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def from_lines(text: str) -> bytes:
    """Return a Word file with a paragraph for each line."""
    return word_file("".join(paragraph(run(line)) for line in text.splitlines()))
