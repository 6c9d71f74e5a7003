"""Columns of text on a page, which are read one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from grader.reports.documents.pages.page_glyphs import Glyph, PageGlyphs, Rule

GUTTER: Final = 0.75
"""Width of the smallest gap between columns, as a multiple of the font size."""
MIDDLE: Final = (0.35, 0.65)
"""Where the gap may be, as a share of the width of the text."""
SAME_LINE: Final = 0.3
MIN_LINES, MIN_OTHER_LINES = 8, 3
"""Minimum number of lines of the longer column, and of the shorter one."""
FULL_LINE, FULL_LINES = 0.7, 0.2
"""Width of a full line as a share of its column, and the minimum share of such lines."""
COLUMN_WIDTH: Final = 0.38
"""Width of the narrowest column, as a share of the width of the text; cells are narrower."""
MIN_LINE_GLYPHS: Final = 5


@dataclass(slots=True)
class _Line:
    """Glyphs on one baseline, from left to right."""

    glyphs: list[Glyph]

    def is_crossing(self, left: float, right: float) -> bool:
        """Return whether a glyph lies between *left* and *right*."""
        return any(glyph.left < right and glyph.right > left for glyph in self.glyphs)


def split_columns(page: PageGlyphs) -> list[tuple[PageGlyphs, bool]]:
    """Return the parts of a page in reading order, each with whether it is the whole page.

    A line across the whole width, such as a title, is a separate part.
    """
    lines = _find_lines(page.glyphs)
    gutter = _find_gutter(lines)
    if gutter is None:
        return [(page, True)]
    left, right = gutter
    middle = (left + right) / 2
    parts: list[list[Glyph]] = [[]]
    for is_crossing, run in groupby(lines, lambda line: line.is_crossing(left, right)):
        run_lines = list(run)
        columns = [
            [glyph for line in run_lines for glyph in line.glyphs if (glyph.left > middle) == side]
            for side in (False, True)
        ]
        if is_crossing or not _has_columns(run_lines, middle, page.rules):
            parts[-1] += [glyph for column in columns for glyph in column]
        else:
            parts += [*columns, []]
    filled = [part for part in parts if part]
    if len(filled) == 1:
        return [(page, True)]
    return [(_extract_region(page, part), False) for part in filled]


def _find_lines(glyphs: Sequence[Glyph]) -> list[_Line]:
    """Return the glyphs that are not spaces in lines, from top to bottom."""
    lines: list[_Line] = []
    visible = [glyph for glyph in glyphs if glyph.text.strip()]
    for glyph in sorted(visible, key=lambda glyph: (-glyph.baseline, glyph.left)):
        if lines and lines[-1].glyphs[0].baseline - glyph.baseline <= SAME_LINE * glyph.size:
            lines[-1].glyphs.append(glyph)
        else:
            lines.append(_Line([glyph]))
    return lines


def _find_gutter(lines: Sequence[_Line]) -> tuple[float, float] | None:
    """Return the left and right of the gap in the middle that the fewest lines cross."""
    glyphs = [glyph for line in lines for glyph in line.glyphs]
    if not glyphs:
        return None
    sizes = sorted(glyph.size for glyph in glyphs)
    gap = GUTTER * sizes[len(sizes) // 2]
    start, end = min(glyph.left for glyph in glyphs), max(glyph.right for glyph in glyphs)
    first, last = (int(start + share * (end - start)) for share in MIDDLE)
    length = max(last - first, 0)
    counts = [0] * length
    for line in lines:
        is_covered = bytearray(length)
        for glyph in line.glyphs:
            low = max(int(glyph.left - gap) + 1 - first, 0)
            high = min(int(glyph.right) + 1 - first, length)
            if low < high:
                is_covered[low:high] = b"\1" * (high - low)
        counts = [count + covered for count, covered in zip(counts, is_covered, strict=True)]
    if not counts or min(counts) > len(lines) / 2:
        return None
    free = [index for index, count in enumerate(counts) if count == min(counts)]
    center = free[len(free) // 2] + first
    return center, center + gap


def _has_columns(lines: Sequence[_Line], middle: float, rules: Sequence[Rule]) -> bool:
    """Return whether lines without a glyph in the middle are two columns of running text.

    The rows of a table are none: a rule crosses the middle, or the cells are narrow.
    """
    high, low = lines[0].glyphs[0].baseline, lines[-1].glyphs[0].baseline
    if any(rule.left < middle < rule.right and low <= rule.height <= high for rule in rules):
        return False
    sides: list[list[tuple[float, float]]] = [[], []]
    for line in lines:
        for side, spans in enumerate(sides):
            glyphs = [glyph for glyph in line.glyphs if (glyph.left > middle) == bool(side)]
            if len(glyphs) >= MIN_LINE_GLYPHS:
                edges = min(glyph.left for glyph in glyphs), max(glyph.right for glyph in glyphs)
                spans.append(edges)
    counts = sorted(map(len, sides))
    if counts[0] < MIN_OTHER_LINES or counts[1] < MIN_LINES:
        return False
    starts = [min(left for left, _ in spans) for spans in sides]
    ends = [max(right for _, right in spans) for spans in sides]
    for spans, start, end in zip(sides, starts, ends, strict=True):
        full = sum(right - left >= FULL_LINE * (end - start) for left, right in spans)
        is_narrow = end - start < COLUMN_WIDTH * (ends[1] - starts[0])
        if is_narrow or full < FULL_LINES * len(spans):
            return False
    return True


def _extract_region(page: PageGlyphs, glyphs: Sequence[Glyph]) -> PageGlyphs:
    """Return a part of a page: some glyphs with the rules above, below and between them."""
    left, right = min(glyph.left for glyph in glyphs), max(glyph.right for glyph in glyphs)
    size = glyphs[0].size
    low = min(glyph.bottom for glyph in glyphs) - size
    high = max(glyph.top for glyph in glyphs) + size
    rules = tuple(
        rule
        for rule in page.rules
        if left <= (rule.left + rule.right) / 2 <= right and low <= rule.height <= high
    )
    return replace(page, glyphs=tuple(glyphs), rules=rules)
