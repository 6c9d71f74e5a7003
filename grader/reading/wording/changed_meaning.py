"""Refusal of words around a value whose loss would change its meaning."""

import re
from typing import Final

from grader.errors import AnswerError
from grader.reading.grammar.errors import shortened, without_base
from grader.reading.wording.changing_words import CHANGING, SCALING

__all__ = ["WORD", "changes_value", "refuse_changing"]

NOT_FINITE: Final = frozenset({"nan", "inf", "infinity", "infinite"})
WORD: Final = re.compile(r"[^\W\d_]+")


def refuse_changing(words: str, position: int) -> None:
    """Raise `AnswerError` if dropping *words* would change the meaning of a value."""
    for word in WORD.findall(words.lower()):
        if word in NOT_FINITE:
            raise AnswerError(
                f"'{word}' is not a finite number.", expected="a number", position=position
            )
        if word == "log":
            raise without_base(position)
        if CHANGING.fullmatch(word) or SCALING.fullmatch(word):
            raise changes_value(word, position)


def changes_value(word: str, position: int) -> AnswerError:
    """Return the error for a *word* that changes the value."""
    return AnswerError(
        f"The word '{shortened(word)}' changes what the answer means.",
        expected="the value alone",
        position=position,
    )
