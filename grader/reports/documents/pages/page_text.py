"""Text of pages: rows joined to paragraphs and tables, and cut into blocks with their pages."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reports.blocks import MAX_CHARACTERS, Block, ReportError
from grader.reports.documents.pages.arrays import join_arrays
from grader.reports.documents.pages.columns import split_columns
from grader.reports.documents.pages.glyph_characters import to_piece
from grader.reports.documents.pages.page_glyphs import PageGlyphs, Piece, has_wide_gap, join_pieces
from grader.reports.documents.pages.rows import Row, build_rows, write_pieces
from grader.reports.documents.pages.stacked_formulas import join_stacked
from grader.reports.documents.text_lines import split_text

MAX_PAGE_GLYPHS: Final = 30_000
COLUMN_GAP: Final = 1.3
"""Smallest gap between the columns of a table, as a multiple of the font size."""
EDGE_GAP: Final = 0.3
"""Smallest gap between the columns of a table whose edges are known."""
CELL_GAP: Final = 0.45
"""Gap that is more than a space, as a multiple of the font size."""
UNCLEAR_COLUMNS: Final = "the PDF does not say where a column of the table ends"
EDGE_TOLERANCE, EDGE_SHARE, MIN_ROWS = 0.15, 0.8, 3
"""Tolerance for the start of the cells of a column, minimum share of rows, and minimum rows."""
LINE_PITCH: Final = 1.75
FULL_ROW: Final = 0.12
HEADING_SIZE: Final = 1.12
MAX_HEADING_LENGTH: Final = 100
MARGIN: Final = 0.2
"""Share of a page at its top and bottom where its number may stand."""
MAX_INDENT: Final = 12
ALONE: Final = 1.9
"""Distance of a page's number from the next row, as a multiple of the font size."""
PAGE_NUMBER: Final = lazy_regex(
    r"(?:page\s*)?[-–]?\s*\d{1,3}\s*[-–]?(?:\s*(?:/|of)\s*\d{1,3})?", re.IGNORECASE
)
COMPOUND_LABEL: Final = (
    r"(?!\d{1,2}[a-h]\s+[a-z])"
    r"(?:Q?\d{1,2}\.?\(?[a-h]\)?\.?\(?[ivx]{0,4}\)?[.):]?|[IVX]{1,4}\.\d{1,2}[.):]?)"
)
"""Label of several pieces; ``2d convolution`` is none."""
STARTS_ITEM: Final = lazy_regex(
    rf"(?:\(?[0-9a-zA-Z]{{1,3}}[.):]|[-•*▪◦–]|Q\d|\d+\.\d+|{COMPOUND_LABEL})\s|="
)
ITEM_MARK: Final = lazy_regex(rf"[-•*▪◦–]|\(?\w{{1,4}}[.):]|{COMPOUND_LABEL}")
"""Mark or label of a list, which is no column of a table."""
DIGIT: Final = lazy_regex(r"\d")
WORD_CUT: Final = lazy_regex(r"[a-z]-$")
TOO_MANY_GLYPHS: Final = (
    f"a page has more than {MAX_PAGE_GLYPHS:,} characters; submit the answers without data"
)


@dataclass(slots=True)
class TextLine:
    """A line of the text of a page; *doubt* says what is unclear about it."""

    text: str
    doubt: str = ""


THIN_SPACE: Final = lazy_regex(r"(?<=\d) (?=,\d{3}(?!\d))")
"""Space that LibreOffice sets within ``1,024 ,000``; a list has its space after the comma."""
LOST_RELATION: Final = lazy_regex(r"(?<![^\s$])¿\s*(?=[-(\d\\])")
"""What LibreOffice writes for a relation that has nothing before it."""
LOST_SIGN: Final = "the file does not say which sign precedes the value"


def split_pages(pages: Iterable[PageGlyphs]) -> list[Block]:
    """Return the blocks of a document whose pages have positioned glyphs."""
    blocks: list[Block] = []
    count = 0
    columns = [
        (number, is_whole, build_page_rows(part))
        for number, page in enumerate(pages, 1)
        for part, is_whole in split_columns(page)
    ]
    left = min((row.left for _, _, rows in columns for row in rows), default=0)
    for number, is_whole, rows in columns:
        start = left if is_whole else min((row.left for row in rows), default=0)
        lines = _write_rows(rows, start) if rows else []
        text = "\n".join(line.text for line in lines)
        count += len(text)
        if count > MAX_CHARACTERS:
            raise ReportError(f"the document has more than {MAX_CHARACTERS:,} characters")
        doubts = [line.doubt for line in lines for _ in line.text.split("\n")]
        blocks += _place_blocks(split_text(text, is_joined=True), doubts, number)
    return blocks


def _place_blocks(blocks: Sequence[Block], doubts: Sequence[str], page: int) -> list[Block]:
    """Return blocks with their page and the doubts of their lines."""
    placed = []
    for block in blocks:
        start = block.location.line - 1
        end = start + block.text.count("\n") + 1
        doubt = next(filter(None, doubts[start:end]), "")
        location = replace(block.location, page=page)
        text = THIN_SPACE.sub("", block.text)
        if LOST_RELATION.search(text):
            text, doubt = LOST_RELATION.sub("= ", text, count=1), doubt or LOST_SIGN
        placed.append(replace(block, text=text, location=location, doubt=doubt))
    return placed


def build_page_rows(page: PageGlyphs) -> list[Row]:
    """Return the rows of a page without its number; fractions and arrays are single pieces."""
    if len(page.glyphs) > MAX_PAGE_GLYPHS:
        raise ReportError(TOO_MANY_GLYPHS)
    pieces = [piece for glyph in page.glyphs if (piece := to_piece(glyph)) is not None]
    pieces = join_stacked(pieces, page.rules, write_pieces)
    rows = build_rows(join_arrays(pieces, write_pieces))
    return _drop_page_number(rows, page)


def _drop_page_number(rows: Sequence[Row], page: PageGlyphs) -> list[Row]:
    """Return the rows without a number that stands alone at the bottom or the top."""
    remaining = list(rows)
    for index, beside in ((-1, -2), (0, 1)):
        row = remaining[index] if remaining else None
        if row is None or MARGIN < row.baseline / max(page.height, 1) < 1 - MARGIN:
            continue
        distance = (
            abs(row.baseline - remaining[beside].baseline) if len(remaining) > 1 else math.inf
        )
        if PAGE_NUMBER.fullmatch(row.text.strip()) and distance >= ALONE * row.size:
            del remaining[index]
    return remaining


def _write_rows(rows: Sequence[Row], left: float) -> list[TextLine]:
    """Return the lines of rows, from top to bottom; *left* is where the text of all pages starts.

    The lines are paragraphs, headings, formulas, and the rows of tables.
    """
    body = _body_size(rows)
    right = max(row.right for row in rows)
    width = right - left
    lines: list[TextLine] = []
    index = 0
    before: Row | None = None
    while index < len(rows):
        table = _take_table(rows, index)
        if table:
            lines += [TextLine(""), *_write_table(table), TextLine("")]
            index += len(table)
            before = None
            continue
        row = rows[index]
        index += 1
        if before is not None and lines and _is_continuation(before, row, right - FULL_ROW * width):
            _append_row_to_paragraph(lines[-1], row)
        else:
            lines.append(_write_row(row, body, row.left - left))
        before = row
    return lines


def _body_size(rows: Sequence[Row]) -> float:
    """Return the size of most letters of a page."""
    sizes = sorted(size for row in rows for size in [row.size] * len(row.text))
    return sizes[len(sizes) // 2]


def _write_row(row: Row, body: float, indent: float) -> TextLine:
    """Return a row as a line, with spaces for its indentation."""
    text = row.text.strip()
    if any(piece.is_array for piece in row.pieces):
        text = f"$${text}$$"
    elif row.size >= HEADING_SIZE * body and len(text) <= MAX_HEADING_LENGTH and "=" not in text:
        text = f"# {text}"
    else:
        text = " " * min(MAX_INDENT, round(indent / body)) + text
    return TextLine(text, row.find_doubt())


def _append_row_to_paragraph(line: TextLine, row: Row) -> None:
    """Append a row to the paragraph that it continues, without the hyphen of a cut word."""
    text = row.text.strip()
    if WORD_CUT.search(line.text) and text[:1].islower():
        line.text = f"{line.text[:-1]}{text}"
    else:
        line.text = f"{line.text} {text}"
    line.doubt = line.doubt or row.find_doubt()


def _is_continuation(before: Row, row: Row, full: float) -> bool:
    """Return whether a row continues the paragraph of the row before it, which is full."""
    size = before.size
    return (
        before.right >= full
        and 0 < before.baseline - row.baseline <= LINE_PITCH * size
        and abs(row.size - size) <= 0.1 * size
        and abs(row.left - before.left) <= 3 * size
        and not any(piece.is_array for piece in (*before.pieces, *row.pieces))
        and not STARTS_ITEM.match(row.text.strip())
    )


def _split_columns(row: Row) -> list[list[Piece]]:
    """Return the pieces of a row between wide gaps."""
    cells: list[list[Piece]] = []
    end, gap = 0.0, COLUMN_GAP * row.size
    for piece in sorted(row.pieces, key=lambda piece: piece.left):
        if cells and piece.left - end <= gap:
            cells[-1].append(piece)
        else:
            cells.append([piece])
        end = max(end, piece.right) if len(cells[-1]) > 1 else piece.right
    if cells[1:] and ITEM_MARK.fullmatch(join_pieces(cells[0])):
        cells[:2] = [[*cells[0], *cells[1]]]
    return cells


def _take_table(rows: Sequence[Row], start: int) -> list[list[list[Piece]]]:
    """Return the cells of the rows of a table that starts at a row, [] if none does."""
    table: list[list[list[Piece]]] = []
    for row in rows[start:]:
        if any(piece.is_array for piece in row.pieces):
            break
        cells = _split_columns(row)
        if table and len(cells) != len(table[0]):
            starts = zip(*([cell[0].left for cell in line] for line in table), strict=True)
            cells = _split_at(row, [min(lefts) for lefts in starts])
        if len(cells) == 1 or (table and not _is_aligned(table[-1], cells)):
            break
        table.append(cells)
    return _refine_columns(rows[start : start + len(table)], table) if len(table) > 1 else []


def _refine_columns(rows: Sequence[Row], table: list[list[list[Piece]]]) -> list[list[list[Piece]]]:
    """Return a table with the columns whose cells start below each other after narrow gaps."""
    starts = [left for row in rows for left in _find_starts(row)]
    tolerance = EDGE_TOLERANCE * rows[0].size
    edges: list[float] = []
    for left in sorted(starts):
        count = sum(abs(left - other) <= tolerance for other in starts)
        if count >= max(MIN_ROWS, EDGE_SHARE * len(rows)) and (
            not edges or left - edges[-1] > rows[0].size
        ):
            edges.append(left)
    if len(edges) <= max(map(len, table)):
        return table
    refined = [_split_at(row, edges) for row in rows]
    return refined if len({len(cells) for cells in refined}) == 1 else table


def _find_starts(row: Row) -> list[float]:
    """Return the starts of the first piece, and of those after a gap wider than a space."""
    pieces = sorted(row.pieces, key=lambda piece: piece.left)
    gaps = (two.left - one.right for one, two in pairwise(pieces))
    return [pieces[0].left] + [
        piece.left
        for piece, gap in zip(pieces[1:], gaps, strict=True)
        if gap >= CELL_GAP * piece.size
    ]


def _split_at(row: Row, edges: Sequence[float]) -> list[list[Piece]]:
    """Return the pieces of a row in columns that start at *edges*, where there are gaps."""
    cells: list[list[Piece]] = [[]]
    for piece in sorted(row.pieces, key=lambda piece: piece.left):
        is_start = len(cells) < len(edges) and piece.left >= edges[len(cells)] - piece.size
        if cells[-1] and is_start and piece.left - cells[-1][-1].right >= EDGE_GAP * piece.size:
            cells.append([piece])
        else:
            cells[-1].append(piece)
    return cells


def _is_aligned(before: Sequence[Sequence[Piece]], cells: Sequence[Sequence[Piece]]) -> bool:
    """Return whether two rows have the same columns."""
    return len(before) == len(cells) and all(
        one[0].left <= two[-1].right + one[0].size and two[0].left <= one[-1].right + one[0].size
        for one, two in zip(before, cells, strict=True)
    )


def _write_table(table: Sequence[Sequence[Sequence[Piece]]]) -> list[TextLine]:
    """Return a table as Markdown; its first row is the header, unless it has values."""
    lines = []
    for cells in table:
        text = " | ".join(join_pieces(cell).replace("|", "/") for cell in cells)
        doubt = next((p.doubt for cell in cells for p in cell if p.doubt), "")
        doubt = doubt or (UNCLEAR_COLUMNS if any(map(has_wide_gap, cells)) else "")
        lines.append(TextLine(f"| {text} |", doubt))
    rule = TextLine("|" + "---|" * len(table[0]))
    if all(DIGIT.search(join_pieces(cell)) for cell in table[0][1:]):  # a value, and no title
        return [TextLine("|" + " |" * len(table[0])), rule, *lines]
    return [lines[0], rule, *lines[1:]]
