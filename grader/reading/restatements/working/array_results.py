"""An array with words behind it, with its size, or as the result of a sum."""

import re
from fractions import Fraction
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.restatements.rewriting import Rewriting, describe_dropped
from grader.reading.restatements.working.final_values import weighs_or_retracts_value
from grader.reading.screening.qualifiers import ACTIVATIONS, QUALIFIER

_NUMBER: Final = r"[-+−]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
WORDS_BEHIND: Final = lazy_regex(
    r"(?P<array>.*[\])])[\s,;]*(?P<words>(?:[^\W\d_]+(?:[\s-]+|(?=[.!]))){1,6}[^\W\d_]*)[.!\s]*",
    re.DOTALL,
)
SIZE_BEHIND: Final = lazy_regex(
    r"(?P<array>.*[\])])[\s,;]*\(?(?:an?|the|its\s+size\s+is|size|shape)?\s*"
    r"(?P<rows>[0-9]{1,4})\s*[×x]\s*(?P<columns>[0-9]{1,4})(?P<words>(?:\s+[^\W\d_]+){0,3})[\s.)]*",
    re.DOTALL,
)
SUM: Final = lazy_regex(
    rf"(?P<left>\[[^=]*\])\s*(?P<sign>[-+*×·])\s*(?P<number>{_NUMBER})\s*=\s*(?P<right>\[[^=]*\])[\s.]*",
    re.DOTALL,
)
LATER_STEP: Final = lazy_regex(
    r"(?<!\w)(?:then|next|afterwards|still|yet)(?!\w)"
    rf"|(?<!after )(?<!after the )(?<!\w)(?:{ACTIVATIONS})(?!\w)",
    re.IGNORECASE,
)
"""Words for a step that is not part of the array yet."""
CELL: Final = lazy_regex(rf"(?<![\w.]){_NUMBER}(?![\w.]*[0-9])")
SHAPE: Final = lazy_regex(r"[\[\],;\n]")


def drop_words_behind_array(text: str, question: str) -> Rewriting | None:
    """Return an array without the words behind it; they remain to be judged.

    >>> drop_words_behind_array("(1, 0, 2) after ReLU", "").text
    '(1, 0, 2)'
    """
    del question
    match = WORDS_BEHIND.fullmatch(text)
    if match is None or weighs_or_retracts_value(text):
        return None
    if LATER_STEP.search(match["words"]):
        return None
    array = match["array"].strip()
    return Rewriting(array, describe_dropped(match["words"]), text)


def drop_size_behind(text: str, question: str) -> Rewriting | None:
    """Return a matrix without its size behind it, if that is its size.

    >>> drop_size_behind("[[1, 2, 3], [4, 5, 6]], a 2×3 matrix", "").text
    '[[1, 2, 3], [4, 5, 6]]'
    >>> drop_size_behind("[[1, 2, 3], [4, 5, 6]], a 3×2 matrix", "")
    """
    del question
    match = SIZE_BEHIND.fullmatch(text)
    if match is None or weighs_or_retracts_value(text):
        return None
    array = match["array"].strip()
    rows, columns = int(match["rows"]), int(match["columns"])
    separated = len(re.findall(r"\]\s*[,;]?\s*\[|;", array)) + 1
    counted = (separated, len(CELL.findall(array)))
    if counted != (rows, rows * columns) or QUALIFIER.search(match["words"]):
        return None
    return Rewriting(array, describe_dropped(text[len(match["array"]) :]), array)


def keep_array_result(text: str, question: str) -> Rewriting | None:
    """Return the array after a sum or product of an array and a number, if it is the result.

    >>> keep_array_result("[[1, 2]] + 4 = [[5, 6]]", "").text
    '[[5, 6]]'
    >>> keep_array_result("[[1, 2]] + 4 = [[5, 7]]", "")
    """
    del question
    match = SUM.search(text)
    if match is None or match.end() != len(text) or not _is_empty_or_symbol(text[: match.start()]):
        return None
    number = _to_fraction(match["number"])
    left, right = (list(map(_to_fraction, CELL.findall(match[one]))) for one in ("left", "right"))
    outlines = [SHAPE.findall(match[one]) for one in ("left", "right")]
    results = [_apply_operator(cell, match["sign"], number) for cell in left]
    if results != right or outlines[0] != outlines[1]:
        return None
    value = match["right"].strip()
    return Rewriting(value, describe_dropped(text[: match.start("right")]), value)


def _is_empty_or_symbol(label: str) -> bool:
    """Return whether *label* is empty or one symbol with a sign."""
    return re.fullmatch(r"\s*(?:[^\W\d_]\w{0,3}\s*=)?\s*", label) is not None


def _apply_operator(cell: Fraction, sign: str, number: Fraction) -> Fraction:
    if sign == "+":
        return cell + number
    return cell - number if sign == "-" else cell * number


def _to_fraction(number: str) -> Fraction:
    return Fraction(number.replace("−", "-"))
