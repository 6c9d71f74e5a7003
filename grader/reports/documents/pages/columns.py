"""Columns of text on a page, which are read one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Final

from grader.lazy_regex import lazy_regex
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
OVERFULL: Final = 0.5
"""How far a line of the left column may reach into the right one, as a share of its width."""
INDENT: Final = 2.0
"""Distance of the start of such a line from that of its column, as a multiple of the font size."""
PARAGRAPH_GAP: Final = 1.7
"""Distance of two lines from which a paragraph ends, as a multiple of the font size."""
SHORT_LINE: Final = 0.85
"""Width of the last line of a paragraph, as a share of its column."""
MIN_ROWS: Final = 3
"""Minimum number of questions that stand beside their answers."""
QUESTION: Final = lazy_regex(r"(?:Q|Question|Task|Problem)?\s?\(?(?:\d{1,2}|[a-h])[.):]|Q\d{1,2}\b")


@dataclass(slots=True)
class _Line:
    """Glyphs on one baseline, from left to right, and their indices in the order of the file."""

    glyphs: list[Glyph]
    indices: list[int]

    @property
    def baseline(self) -> float:
        """The baseline of its first glyph."""
        return self.glyphs[0].baseline

    def is_crossing(self, left: float, right: float) -> bool:
        """Return whether a glyph lies between *left* and *right*."""
        return any(glyph.left < right and glyph.right > left for glyph in self.glyphs)

    def split_at(self, middle: float, *, is_crossing: bool) -> tuple[list[Glyph], list[Glyph]]:
        """Return the glyphs of the left and of the right column.

        In a crossing line, glyphs that follow each other in the file are in the same column.
        """
        sides: tuple[list[Glyph], list[Glyph]] = ([], [])
        is_right, before = False, -1
        for index, glyph in sorted(zip(self.indices, self.glyphs, strict=True), key=_first):
            if not is_crossing or index != before + 1:
                is_right = glyph.left > middle
            sides[is_right].append(glyph)
            before = index
        return sides


def _first(pair: tuple[int, Glyph]) -> int:
    return pair[0]


@dataclass(frozen=True, slots=True)
class _Row:
    """Glyphs of a line in the *left* and the *right* column.

    It *spans* both, or the line of the left column is too long.
    """

    left: list[Glyph]
    right: list[Glyph]
    spans: bool
    is_overfull: bool = False


def split_columns(page: PageGlyphs) -> list[tuple[PageGlyphs, bool]]:
    """Return the parts of a page in reading order, each with whether it is the whole page.

    A line across the whole width, such as a title, is a separate part.
    """
    lines = _find_lines(page.glyphs)
    gutter = _find_gutter(lines)
    if gutter is None:
        return [(page, True)]
    parts: list[list[Glyph]] = [[]]
    for spans, run in groupby(_split_lines(lines, *gutter), lambda row: row.spans):
        rows = list(run)
        if spans or not _has_columns(rows, sum(gutter) / 2, page.rules):
            parts[-1] += [glyph for row in rows for glyph in row.left + row.right]
        else:
            parts += [*_order_columns(rows), []]
    filled = [part for part in parts if part]
    if len(filled) == 1:
        return [(page, True)]
    return [(_extract_region(page, part), False) for part in filled]


def _split_lines(lines: Sequence[_Line], left: float, right: float) -> list[_Row]:
    """Return the lines as rows; *left* and *right* are the edges of the gap between the columns.

    A line that reaches into the right column spans both, unless it is a line of the left column
    that is too long.
    """
    middle = (left + right) / 2
    crossing = [line.is_crossing(left, right) for line in lines]
    free = [
        glyph
        for line, crosses in zip(lines, crossing, strict=True)
        if not crosses
        for glyph in line.glyphs
    ]
    sides = [[glyph for glyph in free if (glyph.left > middle) == side] for side in (False, True)]
    if not all(sides):
        return [
            _Row(line.glyphs, [], crosses) for line, crosses in zip(lines, crossing, strict=True)
        ]
    start, column = min(glyph.left for glyph in sides[0]), min(glyph.left for glyph in sides[1])
    end = column + OVERFULL * (max(glyph.right for glyph in sides[1]) - column)
    rows = []
    for line, crosses in zip(lines, crossing, strict=True):
        first, second = line.split_at(middle, is_crossing=crosses)
        reach = max((glyph.right for glyph in first), default=start)
        starts_column = bool(first) and first[0].left <= start + INDENT * first[0].size
        overlaps = bool(second) and reach > min(glyph.left for glyph in second)
        is_overfull = starts_column and (overlaps or reach <= end)
        rows.append(_Row(first, second, crosses and not is_overfull, crosses and is_overfull))
    return rows


def _order_columns(rows: Sequence[_Row]) -> list[list[Glyph]]:
    """Return the glyphs of two columns in reading order.

    That is one column after the other, or each question of the left column with its answer.
    """
    starts = _find_questions(rows) or [0]
    bands = [rows[start:end] for start, end in pairwise([*starts, len(rows)])]
    return [
        [glyph for row in band for glyph in (row.right if side else row.left)]
        for band in bands
        for side in (False, True)
    ]


def _find_questions(rows: Sequence[_Row]) -> list[int]:
    """Return the rows where questions start on the left beside their answers, [] if none do.

    Each answer starts on the line of its question, after the end of a paragraph.
    """
    lefts = [index for index, row in enumerate(rows) if row.left]
    starts = lefts[:1] + [
        index
        for before, index in pairwise(lefts)
        if _is_apart(rows[before].left, rows[index].left)
        or QUESTION.match(_write(rows[index].left))
    ]
    rights = [row.right for row in rows if row.right]
    end = max(glyph.right for line in rights for glyph in line)
    start = min(glyph.left for line in rights for glyph in line)
    if (
        len(starts) < MIN_ROWS
        or starts[0] != 0
        or any(QUESTION.match(_write(line)) for line in rights)
    ):
        return []
    for index in starts:
        before = next((rows[at].right for at in range(index - 1, -1, -1) if rows[at].right), None)
        is_short = before is not None and (
            max(glyph.right for glyph in before) <= start + SHORT_LINE * (end - start)
        )
        after = rows[index].right
        if not after or not (before is None or is_short or _is_apart(before, after)):
            return []
    return starts


def _is_apart(before: Sequence[Glyph], after: Sequence[Glyph]) -> bool:
    """Return whether there is a gap between two lines of a column."""
    return before[0].baseline - after[0].baseline >= PARAGRAPH_GAP * before[0].size


def _write(glyphs: Sequence[Glyph]) -> str:
    return "".join(glyph.text for glyph in sorted(glyphs, key=lambda glyph: glyph.left)[:12])


def _find_lines(glyphs: Sequence[Glyph]) -> list[_Line]:
    """Return the glyphs that are not spaces in lines, from top to bottom."""
    lines: list[_Line] = []
    visible = enumerate(glyph for glyph in glyphs if glyph.text.strip())
    for index, glyph in sorted(visible, key=lambda pair: (-pair[1].baseline, pair[1].left)):
        if lines and lines[-1].baseline - glyph.baseline <= SAME_LINE * glyph.size:
            lines[-1].glyphs.append(glyph)
            lines[-1].indices.append(index)
        else:
            lines.append(_Line([glyph], [index]))
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


def _has_columns(rows: Sequence[_Row], middle: float, rules: Sequence[Rule]) -> bool:
    """Return whether lines without a glyph in the middle are two columns of running text.

    The rows of a table are none: a rule crosses the middle, or the cells are narrow.
    """
    high, low = (
        max(row.left or row.right, key=lambda g: g.baseline).baseline for row in (rows[0], rows[-1])
    )
    if any(rule.left < middle < rule.right and low <= rule.height <= high for rule in rules):
        return False
    sides: list[list[tuple[float, float]]] = [[], []]
    for row in (row for row in rows if not row.is_overfull):
        for glyphs, spans in zip((row.left, row.right), sides, strict=True):
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
