"""Files of reports as blocks, by the endings of their names."""

from typing import Final

from api.services.reports.docx_text import docx_to_markdown
from api.services.reports.pdf_pages import read_pdf
from grader.reports.blocks import Block, ReportError, require_text_blocks
from grader.reports.documents.answer_marks import (
    MarkedAnswer,
    PartName,
    find_marked_answers,
)
from grader.reports.documents.notebooks import split_notebook
from grader.reports.documents.pages.page_text import split_pages
from grader.reports.documents.tex_source import split_tex
from grader.reports.documents.text_lines import split_text

MAX_FILE_BYTES: Final = 20_000_000
FILE_ENDINGS: Final = (".md", ".txt", ".tex", ".ipynb", ".docx", ".pdf")


def read_blocks(data: bytes, ending: str) -> tuple[Block, ...]:
    """Return the blocks of a file; raise `ReportError` with what to do if it cannot be read."""
    if len(data) > MAX_FILE_BYTES:
        raise ReportError(
            f"the file has {len(data) // 1_000_000} MB, at most {MAX_FILE_BYTES // 1_000_000} "
            "are read; remove images, logs and data"
        )
    match ending.lower():
        case ".docx":
            blocks = split_text(docx_to_markdown(data))
        case ".ipynb":
            blocks = split_notebook(_decode(data))
        case ".tex":
            blocks = split_tex(_decode(data))
        case ".pdf":
            blocks = split_pages(read_pdf(data))
        case ".md" | ".txt":
            blocks = split_text(_decode(data))
        case _:
            raise ReportError(
                f"files that end in {ending or 'nothing'} are not supported; save it as one of "
                f"{', '.join(FILE_ENDINGS)}"
            )
    return require_text_blocks(blocks)


def read_marked_answers(data: bytes, ending: str) -> dict[PartName, MarkedAnswer]:
    """Return the answers of a filled-in template by problem and part; {} for other files."""
    match ending.lower():
        case ".md" | ".txt" | ".tex":
            return find_marked_answers(_decode(data))
        case ".ipynb":
            return find_marked_answers(_decode(data), is_notebook=True)
        case _:
            return {}


def _decode(data: bytes) -> str:
    """Return text in UTF-8, or in UTF-16 if it starts with its mark."""
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ReportError("the file is not UTF-8; save it as UTF-8 text") from error
    if "\0" in text:
        raise ReportError("the file is not text, despite its name; export it again")
    return text
