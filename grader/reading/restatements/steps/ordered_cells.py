"""Cells whose names, computation or place tell which is which: ``IoU13 = 0.2``, ``top left 9``."""

import re
from itertools import pairwise
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.vocabulary import STEM_LETTERS
from grader.reading.restatements.rewriting import Rewriting, describe_dropped
from grader.reading.restatements.steps.functions import compute_function_value
from grader.reading.restatements.working.final_values import weighs_or_retracts_value
from grader.reading.screening.qualifiers import refuse_qualifiers

_NUMBER: Final = r"[-+−]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:/[0-9]+)?"
PAIRED_CELL: Final = lazy_regex(
    rf"(?P<name>[^\W\d_]{{0,8}})[_({{\s]*(?P<first>[0-9])[\s,_&/-]*(?P<second>[0-9])[)}}]*\s*[=:]\s*(?P<value>{_NUMBER})"
)
"""A cell with the numbers of two things: ``IoU13 = 0.2``, ``(1, 3): 0.2``."""
ASKED_PAIR: Final = lazy_regex(r"(?<![\w.])([0-9])\s+(?:and|with)\s+([0-9])(?![\w.]*[0-9])")
FILLING: Final = lazy_regex(r"(?:[\s,;.$]|\band\b)*")
EQUAL_TUPLES: Final = lazy_regex(
    r"(?P<head>[^=]*(?:=[^=(\[]*)*)(?P<left>[(\[][^=]*[)\]])\s*[=≈]\s*(?P<right>[(\[][^=()\[\]]*[)\]])[\s.]*",
    re.DOTALL,
)
"""An array of computations and the array of their results, at the end of a text."""
OPERATION: Final = lazy_regex(r"[0-9)]\s*[-+*/×·^−]\s*[0-9(]|[^\W\d_]{2,}\s*\(")
CORNER: Final = lazy_regex(
    rf"(?P<row>top|upper|bottom|lower)[\s-]+(?P<column>left|right)\s*(?:=|:|is)?\s*(?P<value>{_NUMBER})",
    re.IGNORECASE,
)
TOP_ROWS: Final = lazy_regex(
    rf"\s*(?:the\s+)?(?:top|upper|first)\s+row\s*(?:=|:|is)?\s*(?P<top>{_NUMBER}(?:[\s,]+{_NUMBER})+)[\s,;.]*(?:and\s+)?"
    rf"(?:the\s+)?(?:bottom|lower|second)\s+row\s*(?:=|:|is)?\s*(?P<bottom>{_NUMBER}(?:[\s,]+{_NUMBER})+)[\s.]*",
    re.IGNORECASE,
)
ENDS: Final = lazy_regex(
    r"(?:[^\W\d_]+\s){0,3}(?P<low>-?[0-9]{1,6})\s*(?:\.\.\.?|…|–|\s(?:to|through)\s(?:[^\W\d_]+\s)?)\s*(?P<high>-?[0-9]{1,6})"
    r"\s*(?:[,(]\s*(?P<count>[0-9]{1,6})\s+[^\W\d_]+\s*\)?)?[\s.]*",
    re.IGNORECASE,
)
ASKED_ENDS: Final = lazy_regex(r"first\s+and\s+(?:the\s+)?last", re.IGNORECASE)
CELL_BREAK: Final = lazy_regex(r"\s*[|\t]\s*|,\s*|\s{2,}")
RULE: Final = lazy_regex(r"[\s|:+-]*")
ORDER_NOTE: Final = ("The values were read in the order of their names.",)
CORNERS: Final = (("top", "left"), ("top", "right"), ("bottom", "left"), ("bottom", "right"))
MIN_CELLS: Final = 2
MIN_ROWS: Final = 3


def order_paired_cells(text: str, question: str) -> Rewriting | None:
    """Return the values of pairs that the *question* asks for in the same order.

    >>> order_paired_cells("IoU13 = 0.2, IoU45 = 0.5", "The pairs 1 and 3, and 4 and 5?").text
    '[0.2, 0.5]'
    >>> order_paired_cells("IoU45 = 0.5, IoU13 = 0.2", "The pairs 1 and 3, and 4 and 5?")
    """
    cells = list(PAIRED_CELL.finditer(text))
    pairs = [(cell["first"], cell["second"]) for cell in cells]
    if len(pairs) < MIN_CELLS or pairs != ASKED_PAIR.findall(question):
        return None
    rest = PAIRED_CELL.sub("", text)
    if len({cell["name"] for cell in cells}) > 1 or not FILLING.fullmatch(rest):
        return None
    return Rewriting(f"[{', '.join(cell['value'] for cell in cells)}]", ORDER_NOTE, "")


def keep_computed_cells(text: str, question: str) -> Rewriting | None:
    """Return the array at the end of *text* if the computations before it give its cells.

    >>> keep_computed_cells("the means are ((1 + 3)/2, 4/1) = (2, 4)", "").text
    '(2, 4)'
    >>> keep_computed_cells("the means are ((1 + 3)/2, 4/1) = (3, 4)", "")
    """
    del question
    match = EQUAL_TUPLES.fullmatch(text.strip(" $"))
    if match is None or weighs_or_retracts_value(text) or not OPERATION.search(match["left"]):
        return None
    start = _find_opening(text.strip(" $"), match.end("left"))
    left = _split_cells(text.strip(" $")[start + 1 : match.end("left") - 1])
    right = _split_cells(match["right"][1:-1])
    if len(left) != len(right) or len(right) < MIN_CELLS:
        return None
    for computation, result in zip(left, right, strict=True):
        value, typed = compute_function_value(computation), compute_function_value(result)
        step = 0 if "." not in result else 10.0 ** -len(result.partition(".")[2].strip())
        if value is None or typed is None or abs(value - typed) > step:
            return None
    head = re.split(r"[.,;:=]\s", text.strip(" $")[:start].rstrip(" :="))[-1]
    try:
        refuse_qualifiers("" if re.search("[0-9]", head) else head)
    except AnswerError:
        return None
    return Rewriting(match["right"], describe_dropped(text[:start]), match["right"])


def _find_opening(text: str, end: int) -> int:
    """Return the place of the bracket that closes before *end*."""
    depth = 0
    for index in range(end - 1, -1, -1):
        depth += (text[index] in ")]") - (text[index] in "([")
        if not depth:
            return index
    return 0


def _split_cells(text: str) -> list[str]:
    """Return the pieces of *text* between commas outside of brackets."""
    pieces, depth = [""], 0
    for character in text:
        depth += (character in "([") - (character in ")]")
        if character == "," and not depth:
            pieces.append("")
        else:
            pieces[-1] += character
    return [piece.strip() for piece in pieces]


def assemble_matrix_from_corners(text: str, question: str) -> Rewriting | None:
    """Return the rows of a matrix whose corners, or two rows, have the names of their places.

    >>> corners = "top left 9, top right 8, bottom left 7, bottom right 5"
    >>> assemble_matrix_from_corners(corners, "").text
    '[[9, 8], [7, 5]]'
    >>> assemble_matrix_from_corners("top row 9 8, bottom row 7 5", "").text
    '[[9, 8], [7, 5]]'
    """
    del question
    if rows := TOP_ROWS.fullmatch(text):
        cells = [", ".join(re.findall(_NUMBER, rows[name])) for name in ("top", "bottom")]
        return Rewriting(f"[[{cells[0]}], [{cells[1]}]]", ORDER_NOTE, "")
    corners = list(CORNER.finditer(text))
    names = {"upper": "top", "lower": "bottom"}
    values = {
        (names.get(corner["row"].lower(), corner["row"].lower()), corner["column"].lower()): (
            corner["value"]
        )
        for corner in corners
    }
    if len(corners) != len(CORNERS) or values.keys() != {*CORNERS}:
        return None
    if not FILLING.fullmatch(CORNER.sub("", text)):
        return None
    first, second, third, fourth = (values[corner] for corner in CORNERS)
    return Rewriting(f"[[{first}, {second}], [{third}, {fourth}]]", ORDER_NOTE, "")


def extract_range_ends(text: str, question: str) -> Rewriting | None:
    """Return both ends of a range if the *question* asks for the first and the last number.

    >>> extract_range_ends("79 … 98 (20 pixels)", "What are the first and the last pixel?").text
    '[79, 98]'
    >>> extract_range_ends("79 … 98 (21 pixels)", "What are the first and the last pixel?")
    """
    match = ENDS.fullmatch(text.strip()) if ASKED_ENDS.search(question) else None
    if match is None or weighs_or_retracts_value(text):
        return None
    low, high = int(match["low"]), int(match["high"])
    if low > high or (match["count"] and int(match["count"]) != high - low + 1):
        return None
    return Rewriting(f"[{low}, {high}]", ("This was read as both ends.",), text)


def drop_index_column(text: str, question: str) -> Rewriting | None:
    r"""Return the rows of a table without its header and a first column that counts up.

    The *question* must name the other columns in their order.

    >>> asked = "Give a matrix with one row (recall, precision) per rank."
    >>> drop_index_column("rank | recall | precision\n1 | 0 | 1\n2 | 3 | 1\n3 | 4 | 1", asked).text
    '0, 1\n3, 1\n4, 1'
    """
    lines = [line.strip(" |\t") for line in text.splitlines() if not RULE.fullmatch(line)]
    header, *rows = [CELL_BREAK.split(line) for line in lines] or [[]]
    if len(rows) < MIN_ROWS or len({len(row) for row in (header, *rows)}) != 1:
        return None
    indices = [row[0] for row in rows]
    starts = [[str(start + index) for index in range(len(rows))] for start in (0, 1)]
    lowered = question.lower()
    names = [name.lower() for name in header[1:]]
    places = [lowered.rfind(name[:STEM_LETTERS]) for name in names]
    in_order = -1 not in places and all(one < two for one, two in pairwise(places))
    if indices not in starts or len(names) < MIN_CELLS or not in_order:
        return None
    if not all(re.fullmatch(r"[^\W\d_]{3,}", name) for name in names):
        return None
    value = "\n".join(", ".join(row[1:]) for row in rows)
    return Rewriting(value, describe_dropped(" ".join(header)), "")
