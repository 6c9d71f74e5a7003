r"""Arrays without brackets: LaTeX environments, and bare rows from a spreadsheet or CSV."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from grader.errors import AnswerError
from grader.reading.cells import Grid, cells_between, cells_in
from grader.reading.refusals import quoted

__all__ = ["in_environments", "in_lines"]

MAX_BLOCKS: Final = 128
LINE: Final = re.compile(r"[^\n]+")
ITEM: Final = re.compile(r"[ \t]*[-*·][ \t]+(?=\S)")
RULE: Final = re.compile(r"[\s:+-]*\|[\s|:+-]*")
BLANK_LINES: Final = re.compile(r"\n[ \t\r]*\n\s*")

ENVIRONMENT: Final = re.compile(r"\\(begin|end)\s*\{([A-Za-z]*)\*?\}")
MATRICES: Final = frozenset({"matrix", "bmatrix", "pmatrix", "Bmatrix", "smallmatrix", "array"})
COLUMNS: Final = re.compile(r"\s*(?:\[[a-z]\]\s*)?\{[^{}]*\}")
LATEX_ROW: Final = re.compile(r"\\\\(?:\s*\[[^\[\]]*\])?|\\cr(?![A-Za-z])")
OUTSIDE: Final = re.compile(r"[\s,;.()\[\]|{}\\]*")
SEPARATOR: Final = re.compile(r"[,;]|\\\\")


def in_environments(text: str, start: int) -> list[list[Grid]]:
    r"""Return the rows of each ``\begin{bmatrix} ... \end{bmatrix}`` behind *start* of *text*."""
    blocks: list[list[Grid]] = []
    after = start
    for begin, end in _environments(text, start):
        _check_outside(text, after, begin.start(), first=not blocks)
        inside = begin.end()
        if begin[2] == "array" and (columns := COLUMNS.match(text, inside)):
            inside = columns.end()
        lines = _pieces(text, inside, end.start(), LATEX_ROW)
        blocks.append([cells_between(text, *line, "&") for line in lines])
        after = end.end()
    _check_outside(text, after, len(text), first=True)
    return blocks


def in_lines(text: str, start: int, *, blocks: bool) -> list[Grid]:
    """Return the cells of bare rows, a line each; with *blocks* blank lines separate matrices."""
    if blocks:
        parts = list(_pieces(text, start, len(text), BLANK_LINES))
        if len(parts) > 1:
            return [list(_rows(text, *part)) for part in parts]
    return list(_rows(text, start, len(text)))


def _rows(text: str, start: int, end: int) -> Iterator[Grid]:
    lines = [line.span() for line in LINE.finditer(text, start, end) if line[0].strip()]
    lines = [line for line in lines if not RULE.fullmatch(text, *line)]
    if len(lines) == 1:
        lines = [(at, stop) for at, stop in _cut(text, *lines[0], ";") if text[at:stop].strip()]
    items = [ITEM.match(text, *line) for line in lines]
    if len(lines) > 1 and all(items):
        lines = [(item.end(), line[1]) for item, line in zip(items, lines, strict=True) if item]
    for first, last in lines:
        stop = first + len(text[first:last].rstrip(" \t\r;"))
        if text.find(";", first, stop) >= 0:
            yield cells_between(text, first, stop, ";")
        else:
            yield cells_in(text, first, stop)


def _cut(text: str, start: int, end: int, mark: str) -> Iterator[tuple[int, int]]:
    while (cut := text.find(mark, start, end)) >= 0:
        yield start, cut
        start = cut + 1
    yield start, end


def _pieces(text: str, start: int, end: int, mark: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Yield the pieces between the marks that are not blank."""
    for cut in mark.finditer(text, start, end):
        if text[start : cut.start()].strip():
            yield start, cut.start()
        start = cut.end()
    if text[start:end].strip():
        yield start, end


def _environments(text: str, start: int) -> Iterator[tuple[re.Match[str], re.Match[str]]]:
    """Yield the beginning and the end of each matrix, or raise `AnswerError`."""
    marks = list(islice(ENVIRONMENT.finditer(text, start), 2 * MAX_BLOCKS + 1))
    if len(marks) > 2 * MAX_BLOCKS:
        raise AnswerError(
            f"There are more than {MAX_BLOCKS} matrices.", expected="fewer", position=start
        )
    for at in range(0, len(marks), 2):
        begin, end = marks[at], marks[min(at + 1, len(marks) - 1)]
        if begin[1] != "begin" or end[1] != "end" or begin[2] != end[2]:
            missing = "end" if begin[1] == "begin" else "beginning"
            raise AnswerError(
                f"{begin[0]} has no {missing}.",
                expected=r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}",
                position=begin.start(),
            )
        if begin[2] not in MATRICES:
            raise AnswerError(
                f"{begin[0]} is not a matrix.",
                expected=r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}",
                position=begin.start(),
            )
        yield begin, end


def _check_outside(text: str, start: int, end: int, *, first: bool) -> None:
    """Refuse anything beside a matrix but punctuation, and two matrices with nothing between."""
    between = text[start:end]
    if OUTSIDE.fullmatch(between) and (first or SEPARATOR.search(between)):
        return
    found = f"{quoted(text, start, end)} beside" if between.strip() else "A product with"
    raise AnswerError(
        f"{found} a matrix cannot be read.", expected="one matrix alone", position=start
    )
