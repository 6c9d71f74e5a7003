"""Doubt in an answer: alternatives, ``16 or 128``, and reasons that take the value back."""

import re
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.errors import SEVERAL_VALUES
from grader.reading.screening.exclusions import excludes_noun
from grader.reading.screening.qualifiers import (
    OBJECT,
    QUALIFIER,
    is_used_by,
    qualifier_error,
)
from grader.reading.screening.reasons import strip_reason

ALTERNATIVE: Final = lazy_regex(r"(?<![^\W_])(?:or|oder|ou)(?![^\W_])", re.IGNORECASE)
_DECIMAL: Final = r"(?<![\w.])[0-9]{0,9}\.[0-9]{1,15}(?![\w.]*[0-9])"
OTHER_VALUE: Final = lazy_regex(
    rf"(?P<value>{_DECIMAL})\s*\((?:(?P<number>{_DECIMAL})\s+(?:in|for|at|on|with|after|before)\s[^()=]*"
    r"|(?:un)?squared\s*[:=]\s*[0-9.]+)\)"
)
"""A decimal and, in brackets, the one for something else."""
DIGIT: Final = lazy_regex(r"[0-9]")
DOUBTFUL_REASON: Final = lazy_regex(
    r"\?|(?<!\w)(?:guess\w*|ran\s+out|not\s+sure|unsure|no\s+idea|real\s+(?:value|answer)|maybe|perhaps)(?!\w)",
    re.IGNORECASE,
)
"""Words of a reason which say that the value is in doubt."""


def refuse_alternatives(text: str) -> None:
    """Raise `AnswerError` for ``2*8 = 16 or 2*64 = 128``, where one value is asked for."""
    text = strip_reason(text)[0]
    for match in ALTERNATIVE.finditer(text):
        if DIGIT.search(text, 0, match.start()) and DIGIT.search(text, match.end()):
            raise AnswerError(SEVERAL_VALUES, expected="one value", position=match.start())


def refuse_bracketed_value(text: str) -> None:
    """Raise `AnswerError` for ``0.02 (0.04 in epoch 70)`` and ``1.08 (squared: 0)``.

    >>> refuse_bracketed_value("0.02 (0.0227 before rounding)")
    >>> refuse_bracketed_value("0.02 (0.04 in epoch 70)")
    Traceback (most recent call last):
    grader.errors.AnswerError: The remark gives another value. Expected one value.
    """
    for match in OTHER_VALUE.finditer(text):
        number = match["number"]
        shorter, longer = sorted((match["value"], number or ""), key=len)
        rounds = bool(number) and abs(float(shorter) - float(longer)) <= 0.6 * 10.0 ** -len(
            shorter.partition(".")[2]
        )
        if not rounds:
            raise AnswerError(
                "The remark gives another value.", expected="one value", position=match.start()
            )


def refuse_qualified_reason(text: str, start: int, *, question: str, context: str) -> None:
    """Raise `AnswerError` if the reason from *start* on takes the value back or leaves a part out.

    >>> refuse_qualified_reason("7 because each counts once", 1, question="", context="")
    >>> refuse_qualified_reason("7 because I guess", 1, question="", context="")
    Traceback (most recent call last):
    grader.errors.AnswerError: 'guess' changes the meaning of the value. Expected the value that \
the question asks for, without this remark.
    """
    if doubt := DOUBTFUL_REASON.search(text, start):
        raise qualifier_error(doubt[0], doubt.start())
    for match in QUALIFIER.finditer(text, start):
        if match.lastgroup not in {"exclusion", "correction"}:
            continue
        following = OBJECT.match(text, match.end())
        noun = following[1] if following else ""
        if not excludes_noun(context, noun) and not is_used_by(question, match, noun):
            raise qualifier_error(text[match.start() : match.end()], match.start())
