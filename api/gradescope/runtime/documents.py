"""Answers in Markdown documents and Jupyter notebooks."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from api.gradescope.runtime.answer_sheet import AnswerSheet, UploadError
from grader.reading.json_text import has_more_containers

# No pattern has a lazy repeat: it would try a long run of spaces again from each of them.
HEADING_PATTERN: Final = re.compile(r" {0,3}#{1,6}\s+(.*)")
FENCE_PATTERN: Final = re.compile(r"\s*(?:```[^`]*|~~~[^~]*)$")
COMMENT_START, COMMENT_END = "<!--", "-->"
INLINE_CODE_PATTERN: Final = re.compile(r"(`+)([^`\n]+)\1")
CELL_MARKER_PATTERN: Final = re.compile(r"\s*(?:%%answer|#\s*answer:?)\s+(\S.*)")
"""First line of a notebook's cell that is an answer."""
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


class MarkdownReader:
    """Reader of Markdown: below the heading of a part stands the answer.

    A heading with the name of a problem says whose parts follow. Any other heading ends an answer.
    """

    def __init__(self, sheet: AnswerSheet) -> None:
        self._sheet = sheet
        self._problem = ""
        self._target: tuple[str, str] | None = None
        self._lines: list[str] = []

    def feed(self, text: str) -> None:
        """Read a document, or a piece of one; an answer may go on in the next piece."""
        in_fence = False
        for line in drop_comments(text).splitlines():
            if FENCE_PATTERN.match(line):
                in_fence = not in_fence
            elif not in_fence and (heading := HEADING_PATTERN.match(line)):
                self._begin(_drop_closing_marks(heading[1]))
            else:
                self._lines.append(line)
        if in_fence:
            self._sheet.note(OPEN_FENCE)

    def close(self) -> None:
        """End the last answer."""
        if self._target is not None:
            text = "\n".join(self._lines).strip()
            code = INLINE_CODE_PATTERN.fullmatch(text)
            self._sheet.add(self._target, code[2] if code else text)
        self._target, self._lines = None, []

    def find_part(self, label: str) -> tuple[str, str] | None:
        """Return the problem and part that *label* names below the latest headings."""
        return self._sheet.find_part(label, self._problem) or self._sheet.find_part(label)

    def _begin(self, heading: str) -> None:
        self.close()
        self._target = self.find_part(heading)
        if self._target is not None:
            self._problem = self._target[0]
        elif problem := self._sheet.find_problem(heading):
            self._problem = problem
        elif self._sheet.suggest_part(heading):
            self._sheet.note_unknown(heading, "An answer below a heading")


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


def _drop_closing_marks(heading: str) -> str:
    """Return a heading without the ``#`` that may close it: ``first`` for ``first ##``."""
    return heading.rstrip().rstrip("#").rstrip()


def read_markdown(text: str, sheet: AnswerSheet) -> None:
    """Add the answers of a Markdown document to *sheet*."""
    reader = MarkdownReader(sheet)
    reader.feed(text)
    reader.close()


def read_notebook(text: str, sheet: AnswerSheet) -> None:
    """Add the answers of a Jupyter notebook to *sheet*; raise `UploadError` if it is none.

    An answer is Markdown below the heading of its part, or a cell that begins with ``%%answer
    PART`` or ``# answer: PART``. What cells have printed is not read, and no cell is run: a note
    names each cell with ``--python``.
    """
    reader = MarkdownReader(sheet)
    for kind, source in _iterate_cells(text):
        first_line, _, rest = source.lstrip("\n").partition("\n")
        marker = CELL_MARKER_PATTERN.match(first_line)
        if kind == "markdown" and not (marker and first_line.lstrip().startswith("%%")):
            reader.feed(source)
        elif marker and "--python" in (words := marker[1].split()):
            part = " ".join(word for word in words if word != "--python")
            sheet.note(PYTHON_CELL.format(part=part))
        elif marker:
            label = marker[1].rstrip()
            target = reader.find_part(label)
            if target is None:
                sheet.note_unknown(label, "A cell of the notebook")
            else:
                sheet.add(target, rest.strip())
    reader.close()


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
