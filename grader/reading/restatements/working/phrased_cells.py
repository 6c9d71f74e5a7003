"""Values that a phrase distinguishes: ``2 at the start, 3 at the end``."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.equations.numbers import refuse_false_equations
from grader.reading.grammar.vocabulary import STEM_LETTERS
from grader.reading.restatements.rewriting import Rewriting
from grader.reading.restatements.working.final_values import weighs_or_retracts_value

NUMBER: Final = lazy_regex(
    r"(?<![\w.])[-+−]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:/[0-9]+)?(?![\w.]*[0-9])"
)
SEPARATOR: Final = lazy_regex(
    r"[,;\n](?![^()\[\]]*[)\]])|\s+and\s+|(?<=[0-9])\s*/\s*(?=[^\W\d_]{3})"
)
"""A comma outside of brackets, a line end, ``and``, or a slash before a word."""
WORD: Final = lazy_regex(r"[^\W\d_]{2,}")
INDEXED: Final = lazy_regex(r"(?<!\w)(?P<stem>[^\W\d_]{1,12})[ _#]?(?P<index>[0-9]{1,2})(?![\w.])")
"""A name with its number, such as ``n_2``."""
OTHER: Final = lazy_regex(r"[^\w\s().,\[\]:=−+/*×·-]")
JOINING: Final = frozenset(
    {
        *("the", "at", "on", "in", "of", "and", "is", "are", "to", "with", "for", "by"),
        *("from", "it", "its", "there", "then", "a", "an", "each", "side"),
    }
)
"""Words that do not distinguish one cell from another."""
ORDERS: Final = (
    ("before", "after"),
    ("start", "end"),
    ("beginning", "end"),
    ("left", "right"),
    ("top", "bottom"),
    ("above", "below"),
    ("front", "back"),
    ("first", "last"),
    ("first", "second", "third", "fourth", "fifth"),
)
"""Words that always have this order."""
REMARK: Final = lazy_regex(r"\((?:[^()0-9]|(?<=[^\W\d_])_?[0-9])*\)")
"""Words in brackets, without a number that stands alone."""
FRACTION: Final = lazy_regex(r"(?<![\w./*+×·-] )(?<![\w./*+×·-])[0-9]+/[0-9]+(?!\s*[-+*/×·])")
OPERATION: Final = lazy_regex(r"[0-9)]\s*[-+*/×·]\s*[0-9(]")
_CELL: Final = r"([-+−]?[0-9]+(?:\.[0-9]+)?)"
_PAIR: Final = rf"\(\s*{_CELL}\s*,\s*{_CELL}\s*\)"
CORNERS: Final = lazy_regex(rf"\s*(?:from\s+)?{_PAIR}\s*(?:,|;|and|to|→|-)\s*{_PAIR}[\s.]*")
CENTER: Final = lazy_regex(
    rf"\s*(?:the\s+)?cent(?:er|re)\s*(?:=|:|at|is)?\s*{_PAIR}[\s,;]*(?:and\s+)?width\s*(?:=|:|is)?\s*{_CELL}"
    rf"[\s,;]*(?:and\s+)?height\s*(?:=|:|is)?\s*{_CELL}[\s.]*",
    re.IGNORECASE,
)
ASKED_CORNERS: Final = lazy_regex(r"x_1,\s*y_1,\s*x_2,\s*y_2")
ASKED_CENTER: Final = lazy_regex(r"(?:c_x|x),\s*(?:c_y|y),\s*w,\s*h")
MIN_CELLS: Final = 2


def order_phrased_cells(text: str, question: str) -> Rewriting | None:
    """Return the numbers of *text* if the phrases beside them have a known order.

    >>> order_phrased_cells("2 at the start, 3 at the end", "").text
    '[2, 3]'
    >>> order_phrased_cells("3 at the end, 2 at the start", "")
    """
    if OTHER.search(text) or weighs_or_retracts_value(text):
        return None
    text = REMARK.sub(" ", text)
    items = [item.strip() for item in SEPARATOR.split(text.strip(" .")) if item.strip()]
    if len(items) < MIN_CELLS:
        return None
    indexed = [INDEXED.search(item) for item in items]
    if all(indexed) and len({match["stem"].lower() for match in indexed if match}) == 1:
        counted = [int(match["index"]) for match in indexed if match]
        if counted[0] > 1 or counted != [*range(counted[0], counted[0] + len(items))]:
            return None
        items = [INDEXED.sub(" ", item, count=1) for item in items]
    elif not _has_known_order(items, question):
        return None
    cells = [_find_results(item) for item in items]
    if len({len(group) for group in cells}) != 1 or not cells[0]:
        return None
    value = f"[{', '.join(cell for group in cells for cell in group)}]"
    return Rewriting(value, ("The values were read in the order of their names.",), "")


def _find_results(item: str) -> list[str]:
    """Return the numbers of a cell: of its last side if it is an equation that holds."""
    working, sign, result = item.rpartition("=")
    if not sign or not OPERATION.search(working):
        return [] if OPERATION.search(FRACTION.sub("1", item)) else NUMBER.findall(item)
    try:
        refuse_false_equations(item.rpartition(":")[2])
    except AnswerError:
        return []
    return NUMBER.findall(result)


def join_paired_cells(text: str, question: str) -> Rewriting | None:
    """Return the four numbers of a box that is given by two corners, or by center and size.

    >>> join_paired_cells("(1, 2) and (5, 6)", "The corners $(x_1, y_1, x_2, y_2)$?").text
    '[1, 2, 5, 6]'
    >>> join_paired_cells("center (1, 2), width 5, height 6", "Which box $(x, y, w, h)$?").text
    '[1, 2, 5, 6]'
    """
    corners, center = CORNERS.fullmatch(text), CENTER.fullmatch(text)
    match = corners or center
    if match is None or not (ASKED_CORNERS if corners else ASKED_CENTER).search(question):
        return None
    value = f"[{', '.join(match.groups())}]"
    return Rewriting(value, ("The values were read in the order of their names.",), "")


def _has_known_order(items: Sequence[str], question: str) -> bool:
    """Return whether the words of *items* always have this order, or have it in *question*."""
    words = [[word for word in WORD.findall(item.lower()) if word not in JOINING] for item in items]
    shared = set.intersection(*map(set, words))
    distinct = [[word for word in group if word not in shared] for group in words]
    if not all(distinct):
        return False
    firsts = [group[0] for group in distinct]
    if any(tuple(firsts) == order[: len(firsts)] for order in ORDERS):
        return True
    lowered = question.lower()
    places = [lowered.find(first[:STEM_LETTERS]) for first in firsts]
    known = all(word[:STEM_LETTERS] in lowered for group in distinct for word in group)
    return known and -1 not in places and all(one < two for one, two in pairwise(places))
