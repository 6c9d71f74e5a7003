"""Refusal of words around a value whose loss would change its meaning."""

from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.errors import missing_log_base_error, truncate_line
from grader.reading.screening.qualifiers import HARMLESS
from grader.reading.wording.meaning_words import CHANGING, SCALING

NOT_FINITE: Final = frozenset({"nan", "inf", "infinity", "infinite"})
WORD: Final = lazy_regex(r"[^\W\d_]+")


def refuse_meaning_changing_words(words: str, position: int) -> None:
    """Raise `AnswerError` if dropping *words* would change the meaning of a value."""
    for word in WORD.findall(HARMLESS.sub(" ", words.lower())):
        if word in NOT_FINITE:
            raise AnswerError(
                f"'{word}' is not a finite number.", expected="a number", position=position
            )
        if word == "log":
            raise missing_log_base_error(position)
        if CHANGING.fullmatch(word) or SCALING.fullmatch(word):
            raise changed_meaning_error(word, position)


def changed_meaning_error(word: str, position: int) -> AnswerError:
    """Return the error for a *word* that changes the value."""
    return AnswerError(
        f"The word '{truncate_line(word)}' changes what the answer means.",
        expected="the value alone",
        position=position,
    )
