"""Names in front of a list that give it another order: ``(n3, n2, n1) = (0, 2, 8)``."""

import re
from collections.abc import Sequence
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex

_NAME: Final = r"[^\W\d_]+_?\{?[0-9]*\}?"
HEADING: Final = lazy_regex(rf"[\s$(\[]*({_NAME}(?:\s*,\s*{_NAME})+)[\s)\]$]*(?:=|:)")
NAME_PARTS: Final = lazy_regex(r"([^\W\d_]+)_?\{?([0-9]*)")
_AXIS: Final = r"(?<![^\W_])(?:[xywh]|rows?|columns?|cols?|width|height)(?![^\W_])"
AXIS_NAME: Final = lazy_regex(_AXIS, re.IGNORECASE)
AXIS_LABEL: Final = lazy_regex(rf"({_AXIS})\s*[=:]", re.IGNORECASE)
AXES_HEADING: Final = lazy_regex(
    rf"{_AXIS}(?:\s*[,/|]\s*{_AXIS})+\s*[)\]]?\s*(?:=|:|is\b)", re.IGNORECASE
)
COLUMN_FIRST_NAMES: Final = frozenset({("x", "y"), ("j", "i")})
"""Pairs of names of which the first counts columns.

If the question has other names, it may ask for rows.
"""


def refuse_reordered_heading(text: str, names: Sequence[str]) -> None:
    """Raise `AnswerError` if the names before a list are in an unexpected order.

    *names* are the names in the question; the heading does not consist of these.
    """
    heading = HEADING.match(text)
    if heading is None:
        return
    name_parts = [
        (name.lower(), int(digits or 0)) for name, digits in NAME_PARTS.findall(heading[1])
    ]
    stems = tuple(stem for stem, _ in name_parts)
    numbers = [number for _, number in name_parts]
    if len(set(stems)) == 1:
        doubtful = numbers != sorted(numbers)
    else:
        first_letters = [stem[0] for stem in stems]
        expected_letters = [name.strip()[:1].lower() for name in names]
        doubtful = bool(names) and (
            stems in COLUMN_FIRST_NAMES
            or (
                first_letters != expected_letters
                and sorted(first_letters) == sorted(expected_letters)
            )
        )
    if doubtful:
        raise AnswerError(
            f"The names '{heading[1]}' may put the numbers in another order.",
            expected="the numbers alone, in the order of the question",
            position=heading.start(1),
        )


def refuse_other_axis_names(text: str, names: Sequence[str]) -> None:
    """Raise `AnswerError` if axes with other *names* than in the question label the numbers.

    >>> refuse_other_axis_names("(x, y) = (3, 5)", ("x", "y"))
    >>> refuse_other_axis_names("x = 3, y = 5", ("row", "column"))
    Traceback (most recent call last):
    grader.errors.AnswerError: The question has other names than 'x' and 'y'. Expected the numbers \
with the names of the question, or without names.
    """
    spellings = [word.strip().lower() for name in names for word in name.split("|")]
    if not names or not all(AXIS_NAME.fullmatch(name.split("|")[0].strip()) for name in names):
        return
    heading = AXES_HEADING.search(text)
    labels = AXIS_NAME.findall(heading[0]) if heading else AXIS_LABEL.findall(text)
    foreign = [
        label
        for label in labels
        if not any(
            word.startswith(label.lower()) or label.lower().startswith(word) for word in spellings
        )
    ]
    if len(foreign) == len(labels) > 1:
        raise AnswerError(
            f"The question has other names than '{foreign[0]}' and '{foreign[1]}'.",
            expected="the numbers with the names of the question, or without names",
        )
