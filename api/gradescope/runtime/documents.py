"""Answers in Markdown documents and Jupyter notebooks."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from api.gradescope.runtime.answer_sheet import AnswerSheet, UploadError
from grader.reading.json_text import has_more_containers

# No pattern has a lazy repeat: it would try a long run of spaces again from each of them.
HEADING_PATTERN: Final = re.compile(r" {0,3}#{1,6}\s+(.*)")
FENCE_PATTERN: Final = re.compile(r"\s*+(`{3,}+(?=[^`]*$)|~{3,}+(?=[^~]*$))(.*)")
COMMENT_START, COMMENT_END = "<!--", "-->"
INLINE_CODE_PATTERN: Final = re.compile(r"(`+)([^`\n]+)\1")
CELL_MARKER_PATTERN: Final = re.compile(
    r"\s*(?:%%answer\s|#+\s*answer[:\s])\s*(\S.*)", re.IGNORECASE
)
"""First line of a notebook's cell that is an answer."""
HEADING_MARKER_PATTERN: Final = re.compile(r"\s*answer[:\s]\s*(\S.*)", re.IGNORECASE)
"""Heading that names its part as a comment in a cell does."""
CELL_OPTIONS: Final = ("--check", "--draft", "--python")
"""Options of the cell magic in the client for notebooks."""
OPEN_FENCE: Final = (
    "A code fence (``` or ~~~) is not closed, so the headings after it were read as text. Close it."
)
MAX_CONTAINERS: Final = 100_000
"""Maximum number of lists and objects in a notebook: about 10 MB of memory."""
LARGE_NOTEBOOK: Final = (
    f"The notebook has more than {MAX_CONTAINERS:,} lists and objects, most of them in the output "
    "of cells. Clear the output in Jupyter, save the notebook and upload it again."
)
PYTHON_CELL: Final = "{part}: `--python` cells cannot be graded here; write the value."
UPLOADED_CELL: Final = "{part}: the cell with `{option}` counts, because an upload submits it."
LATER_CELL: Final = (
    "{part}: the answer ends with its cell, and the text of later cells was left out. Write the "
    "whole answer into one cell."
)


class MarkdownReader:
    """Reader of Markdown: below the heading of a part stands the answer.

    A heading with the name of a problem says whose parts follow. Any other heading ends an answer.
    """

    def __init__(self, sheet: AnswerSheet) -> None:
        self._sheet = sheet
        self._problem = ""
        self._target: tuple[str, str] | None = None
        self._lines: list[str] = []
        self._ended: tuple[str, str] | None = None

    def feed(self, text: str) -> None:
        """Read a document, or a piece of one; an answer may go on in the next piece."""
        fence = ""
        for line in drop_comments(text).splitlines():
            mark = FENCE_PATTERN.match(line)
            if fence and mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
            elif mark and not fence:
                fence = mark[1]
            elif not fence and (heading := HEADING_PATTERN.match(line)):
                self._begin_answer(_strip_closing_hashes(heading[1]))
            else:
                self._lines.append(line)
        if fence:
            self._sheet.add_note(OPEN_FENCE)

    def end_cell(self) -> None:
        """End the answer with its cell, unless nothing but its heading has been read."""
        ended = self._target or self._ended
        if any(line.strip() for line in self._lines):
            self.close()
            self._ended = ended

    def close(self) -> None:
        """End the last answer."""
        text = "\n".join(self._lines).strip()
        if self._target is not None:
            code = INLINE_CODE_PATTERN.fullmatch(text)
            self._sheet.add_answer(self._target, code[2] if code else text)
        elif self._ended is not None and text:
            self._sheet.add_note(LATER_CELL.format(part="/".join(self._ended)))
        self._target, self._lines = None, []

    def find_part(self, label: str) -> tuple[str, str] | None:
        """Return the problem and part that *label* names below the latest headings."""
        return self._sheet.find_part(label, self._problem) or self._sheet.find_part(label)

    def _begin_answer(self, heading: str) -> None:
        self.close()
        self._ended = None
        self._target = self.find_part(heading)
        if self._target is None and (marker := HEADING_MARKER_PATTERN.match(heading)):
            heading = marker[1]
            self._target = self.find_part(heading)
        if self._target is not None:
            self._problem = self._target[0]
        elif problem := self._sheet.find_problem(heading):
            self._problem = problem
        elif self._sheet.suggest_part(heading):
            self._sheet.add_unknown_name_note(heading, "An answer below a heading")


def drop_comments(text: str) -> str:
    """Return *text* without HTML comments; text after a comment that is not closed stays.

    >>> drop_comments("6<!-- rows -->4 <!-- open")
    '64 <!-- open'
    """
    pieces, end = [], 0
    while (start := text.find(COMMENT_START, end)) >= 0:
        closing = text.find(COMMENT_END, start + len(COMMENT_START))
        if closing < 0:
            break  # no later comment is closed either
        pieces.append(text[end:start])
        end = closing + len(COMMENT_END)
    return "".join((*pieces, text[end:]))


def _strip_closing_hashes(heading: str) -> str:
    """Return a heading without the ``#`` that may close it: ``first`` for ``first ##``."""
    return heading.rstrip().rstrip("#").rstrip()


def add_markdown_answers(text: str, sheet: AnswerSheet) -> None:
    """Add the answers of a Markdown document to *sheet*."""
    reader = MarkdownReader(sheet)
    reader.feed(text)
    reader.close()


def add_notebook_answers(text: str, sheet: AnswerSheet) -> None:
    """Add the answers of a Jupyter notebook to *sheet*; raise `UploadError` if it is none.

    An answer is Markdown below the heading of its part, in the cell of the heading or else in the
    next Markdown cell, or a cell that begins with ``%%answer PART`` or ``# answer: PART``. What
    cells have printed is not read, and no cell is run: a note names each cell with ``--python``.
    """
    reader = MarkdownReader(sheet)
    for kind, source in _iterate_cells(text):
        marked = _split_marked_cell(source, is_markdown=kind == "markdown")
        if marked is not None:
            _add_marked_cell(*marked, reader, sheet)
        elif kind == "markdown":
            reader.feed(source)
            reader.end_cell()
    reader.close()


def _split_marked_cell(source: str, *, is_markdown: bool) -> tuple[str, str] | None:
    """Return what stands after the marker of a cell, and the lines below; None without a marker.

    Blank lines may stand above the marker, and comments too, except in Markdown, where a line with
    ``#`` is a heading.
    """
    lines = source.split("\n")
    for number, line in enumerate(lines, 1):
        marker = CELL_MARKER_PATTERN.match(line)
        is_comment = not is_markdown and line.lstrip().startswith("#")
        if marker and (is_comment or line.lstrip().startswith("%%")):
            return marker[1], "\n".join(lines[number:])
        if line.strip() and not is_comment:
            break
    return None


def _add_marked_cell(marked: str, text: str, reader: MarkdownReader, sheet: AnswerSheet) -> None:
    """Add the *text* of a cell as the answer to the part that its marker names."""
    words = marked.split()
    options = [word for word in words if word in CELL_OPTIONS]
    label = " ".join(word for word in words if word not in CELL_OPTIONS).strip("\"'")
    target = reader.find_part(label)
    if "--python" in options:
        sheet.add_note(PYTHON_CELL.format(part=label))
    elif target is None:
        sheet.add_unknown_name_note(label, "A cell of the notebook")
    else:
        sheet.add_answer(target, text.strip())
        for option in options:
            sheet.add_note(UPLOADED_CELL.format(part="/".join(target), option=option))


def _iterate_cells(text: str) -> Iterator[tuple[str, str]]:
    """Yield the kind and the source of each cell of a notebook."""
    if has_more_containers(text, MAX_CONTAINERS):
        raise UploadError(LARGE_NOTEBOOK)
    try:
        data: Any = json.loads(text)
        cells = data["cells"]
        for cell in cells:
            source = cell["source"]
            yield str(cell["cell_type"]), source if isinstance(source, str) else "".join(source)
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise UploadError(
            "The notebook cannot be read as a Jupyter notebook of format 4. Save it in Jupyter and "
            "upload it again."
        ) from error
