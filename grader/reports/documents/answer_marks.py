"""Marked answers of a template: reading them is exact, because marks name each part.

A template has the lines ``<!-- answer PROBLEM.PART -->`` and ``<!-- end -->`` around each answer.
In TeX they are comments, ``% answer PROBLEM.PART`` and ``% end``. In a notebook the first line of a
cell names the part, and the answer is the rest of the cell, or what its code printed.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reports.blocks import MAX_BLOCK_CHARACTERS, Location, check_size
from grader.reports.documents.notebooks import join_source, printed_text

START_MARK: Final = lazy_regex(
    r"[ \t]*(?:<!--|%|\#)[ \t]*answer[ \t]+(?P<problem>[a-z0-9-]{1,80})\.(?P<part>\w{1,80})"
    r"[ \t]*(?:-->)?[ \t]*"
)
END_MARK: Final = lazy_regex(r"[ \t]*(?:<!--|%|\#)[ \t]*end[ \t]*(?:-->)?[ \t]*")
MARKDOWN_MARKS: Final = ("<!-- answer {problem}.{part} -->", "<!-- end -->")
TEX_MARKS: Final = ("% answer {problem}.{part}", "% end")

PartName = tuple[str, str]
"""Names of a problem and of its part."""


@dataclass(frozen=True, slots=True)
class MarkedAnswer:
    """Text between the marks of a part, "" if it was left empty, and its location."""

    text: str
    location: Location


def find_marked_answers(text: str, *, is_notebook: bool = False) -> dict[PartName, MarkedAnswer]:
    r"""Return the answers of a document that have marks, by problem and part.

    A part that is marked twice with different answers is left out, and so is one without an end.

    >>> marked = find_marked_answers("<!-- answer conv.side -->\n64\n<!-- end -->")
    >>> {name: (answer.text, str(answer.location)) for name, answer in marked.items()}
    {('conv', 'side'): ('64', 'line 2')}
    """
    if not is_notebook:  # most of a notebook may be images
        check_size(text)
    marked = _read_notebook(text) if is_notebook else _read_lines(text.splitlines())
    answers: dict[PartName, MarkedAnswer] = {}
    repeated: set[PartName] = set()
    for name, answer in marked:
        if name in answers and answers[name].text and answer.text not in {"", answers[name].text}:
            repeated.add(name)
        if name not in answers or not answers[name].text:
            answers[name] = answer
    return {name: answer for name, answer in answers.items() if name not in repeated}


def _read_lines(lines: list[str]) -> Iterator[tuple[PartName, MarkedAnswer]]:
    name: PartName | None = None
    start = 0
    for index, line in enumerate(lines):
        if mark := START_MARK.fullmatch(line):
            name, start = (mark["problem"], mark["part"]), index + 1
        elif name is not None and END_MARK.fullmatch(line):
            yield name, _build_answer(lines[start:index], first_line=start + 1)
            name = None


def _build_answer(lines: list[str], *, first_line: int, cell: int | None = None) -> MarkedAnswer:
    """Return the answer in *lines* without blank lines around it."""
    blank = next((index for index, line in enumerate(lines) if line.strip()), 0)
    text = "\n".join(lines).strip("\n").rstrip()
    return MarkedAnswer(text[:MAX_BLOCK_CHARACTERS], Location(first_line + blank, cell=cell))


def _read_notebook(text: str) -> Iterator[tuple[PartName, MarkedAnswer]]:
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError):
        return
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    for number, cell in enumerate(cells if isinstance(cells, list) else (), 1):
        if isinstance(cell, dict):
            yield from _read_cell(cell, number)


def _read_cell(cell: dict[str, object], number: int) -> Iterator[tuple[PartName, MarkedAnswer]]:
    lines = join_source(cell.get("source")).splitlines()
    mark = START_MARK.fullmatch(lines[0]) if lines else None
    if mark is None:
        return
    if cell.get("cell_type") == "code":
        outputs = cell.get("outputs")
        printed = [printed_text(output) for output in outputs] if isinstance(outputs, list) else []
        answer = "\n".join(filter(None, printed)).splitlines()
    else:
        answer = [line for line in lines[1:] if not END_MARK.fullmatch(line)]
    yield (mark["problem"], mark["part"]), _build_answer(answer, first_line=2, cell=number)
