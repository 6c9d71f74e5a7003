"""Arrays without brackets: LaTeX, Word's equations, and bare rows from a spreadsheet or CSV."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.arrays.cells import NestedCells, split_cells, split_cells_at
from grader.reading.grammar.errors import quote_span

MAX_MATRICES: Final = 128
LINE: Final = lazy_regex(r"[^\n]+")
ITEM: Final = lazy_regex(r"[ \t]*[-*·][ \t]+(?=\S)")
RULE: Final = lazy_regex(r"[\s:+-]*\|[\s|:+-]*")
BLANK_LINES: Final = lazy_regex(r"\n[ \t\r]*\n\s*")

ENVIRONMENT: Final = lazy_regex(r"\\(begin|end)\s*\{([A-Za-z]*)\*?\}")
MATRICES: Final = frozenset({"matrix", "bmatrix", "pmatrix", "Bmatrix", "smallmatrix"})
WITH_COLUMNS: Final = frozenset({"array", "tabular"})
COLUMNS: Final = lazy_regex(r"\s*(?:\[[a-z]\]\s*)?\{(?:[^{}]|\{[^{}]*\})*\}")
"""Vertical position and column specification after the beginning of an ``array``."""
OPTION: Final = lazy_regex(r"\s*\[[a-z]\]")
"""Column alignment of ``bmatrix*``."""
LINEAR: Final = lazy_regex(r"(?:[■█⒨ⓢⓈ]|\\[pbB]?matrix(?![A-Za-z]))\s*([({])")
"""A matrix on one line, as in Word's equations, ``■(1&2@3&4)``, and in plain TeX."""
LINEAR_CLOSER: Final = {"(": lazy_regex(r"[()]"), "{": lazy_regex(r"[{}]")}
LATEX_ROW: Final = lazy_regex(
    r"\\\\(?:\s*\[[^\[\]]*\])?|\\(?:cr|newline|tabularnewline)(?![A-Za-z])"
)
LINEAR_ROW: Final = lazy_regex(rf"@|{LATEX_ROW.pattern}")
OUTSIDE: Final = lazy_regex(r"[\s,;.()\[\]|{}\\]*")
SEPARATOR: Final = lazy_regex(r"[,;]|\\\\")


class MatrixSpan(NamedTuple):
    """Position of one matrix in a text, of its contents, and the pattern between its rows."""

    start: int
    content_start: int
    content_end: int
    end: int
    row_separator: re.Pattern[str]


def has_typeset_matrices(text: str, start: int) -> bool:
    """Return whether the array after *start* has a form that `parse_typeset_matrices` reads."""
    if text.isascii() and "\\" not in text:
        return False
    return "\\begin" in text[start:] or LINEAR.search(text, start) is not None


def parse_typeset_matrices(text: str, start: int) -> list[list[NestedCells]]:
    r"""Return the rows of each ``\begin{bmatrix} ... \end{bmatrix}``, or of each ``■(1&2@3&4)``."""
    blocks: list[list[NestedCells]] = []
    after = start
    find_matrices = _find_latex_matrices if "\\begin" in text[start:] else _find_linear_matrices
    for block in find_matrices(text, start):
        _check_text_between(text, after, block.start, first=not blocks)
        lines = _split_at_pattern(text, block.content_start, block.content_end, block.row_separator)
        blocks.append([split_cells_at(text, *line, "&") for line in lines])
        after = block.end
    _check_text_between(text, after, len(text), first=True)
    return blocks


def parse_bare_lines(text: str, start: int, *, blocks: bool) -> list[NestedCells]:
    """Return the cells of bare rows, one per line; with *blocks*, blank lines separate matrices."""
    if blocks:
        parts = list(_split_at_pattern(text, start, len(text), BLANK_LINES))
        if len(parts) > 1:
            return [list(_split_bare_rows(text, *part)) for part in parts]
    return list(_split_bare_rows(text, start, len(text)))


def _split_bare_rows(text: str, start: int, end: int) -> Iterator[NestedCells]:
    lines = [line.span() for line in LINE.finditer(text, start, end) if line[0].strip()]
    lines = [line for line in lines if not RULE.fullmatch(text, *line)]
    if len(lines) == 1 and text.find("&", *lines[0]) >= 0:
        lines = list(_split_at_pattern(text, *lines[0], LATEX_ROW))
    elif len(lines) == 1:
        lines = [
            (at, stop) for at, stop in _split_at_mark(text, *lines[0], ";") if text[at:stop].strip()
        ]
    items = [ITEM.match(text, *line) for line in lines]
    if len(lines) > 1 and all(items):
        lines = [(item.end(), line[1]) for item, line in zip(items, lines, strict=True) if item]
    for first, last in lines:
        stop = first + len(text[first:last].rstrip(" \t\r;"))
        if text.find(";", first, stop) >= 0:
            yield split_cells_at(text, first, stop, ";")
        else:
            yield split_cells(text, first, stop)


def _split_at_mark(text: str, start: int, end: int, mark: str) -> Iterator[tuple[int, int]]:
    while (cut := text.find(mark, start, end)) >= 0:
        yield start, cut
        start = cut + 1
    yield start, end


def _split_at_pattern(
    text: str, start: int, end: int, mark: re.Pattern[str]
) -> Iterator[tuple[int, int]]:
    """Yield the position of each nonblank piece between matches of *mark*."""
    for cut in mark.finditer(text, start, end):
        if text[start : cut.start()].strip():
            yield start, cut.start()
        start = cut.end()
    if text[start:end].strip():
        yield start, end


def _find_latex_matrices(text: str, start: int) -> Iterator[MatrixSpan]:
    """Yield each LaTeX environment that is a matrix, or raise `AnswerError`."""
    marks = list(islice(ENVIRONMENT.finditer(text, start), 2 * MAX_MATRICES + 1))
    _check_matrix_count(len(marks), 2 * MAX_MATRICES, start)
    for index in range(0, len(marks), 2):
        begin, end = marks[index], marks[min(index + 1, len(marks) - 1)]
        if begin[1] != "begin" or end[1] != "end" or begin[2] != end[2]:
            missing = "end" if begin[1] == "begin" else "beginning"
            raise AnswerError(
                f"{begin[0]} has no {missing}.",
                expected=r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}",
                position=begin.start(),
            )
        if begin[2] not in MATRICES | WITH_COLUMNS:
            raise AnswerError(
                f"{begin[0]} is not a matrix.",
                expected=r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}",
                position=begin.start(),
            )
        options = COLUMNS if begin[2] in WITH_COLUMNS else OPTION
        inside = match.end() if (match := options.match(text, begin.end())) else begin.end()
        yield MatrixSpan(begin.start(), inside, end.start(), end.end(), LATEX_ROW)


def _find_linear_matrices(text: str, start: int) -> Iterator[MatrixSpan]:
    """Yield each matrix in Word's linear format, or raise `AnswerError`."""
    marks = list(islice(LINEAR.finditer(text, start), MAX_MATRICES + 1))
    _check_matrix_count(len(marks), MAX_MATRICES, start)
    for mark in marks:
        depth = 1
        for bracket in LINEAR_CLOSER[mark[1]].finditer(text, mark.end()):
            depth += 1 if bracket[0] == mark[1] else -1
            if not depth:
                yield MatrixSpan(
                    mark.start(), mark.end(), bracket.start(), bracket.end(), LINEAR_ROW
                )
                break
        else:
            raise AnswerError(
                f"{mark[0]} is not closed.", expected="■(1&2@3&4)", position=mark.start()
            )


def _check_matrix_count(marks: int, max_marks: int, start: int) -> None:
    if marks > max_marks:
        raise AnswerError(
            f"There are more than {MAX_MATRICES} matrices.", expected="fewer", position=start
        )


def _check_text_between(text: str, start: int, end: int, *, first: bool) -> None:
    """Raise `AnswerError` for text other than punctuation beside a matrix, or adjacent matrices."""
    between = text[start:end]
    if OUTSIDE.fullmatch(between) and (first or SEPARATOR.search(between)):
        return
    subject = f"{quote_span(text, start, end)} beside" if between.strip() else "A product with"
    raise AnswerError(
        f"{subject} a matrix cannot be read.", expected="one matrix alone", position=start
    )
