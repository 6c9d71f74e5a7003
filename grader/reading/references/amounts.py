"""Amounts of another sort than the question asks for: a total beside a difference, for example."""

import re
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.errors import truncate_line

RATIO: Final = lazy_regex(r"how\s+many\s+times", re.IGNORECASE)
PERCENT_SIGN: Final = lazy_regex(r"[0-9]\s?%")
MORE_OR_LESS: Final = lazy_regex(r"(?<=[0-9]\s)(?:fewer|less|more)(?!\w)", re.IGNORECASE)
"""Words of a difference, beside a question about a ratio."""
DIFFERENCE: Final = lazy_regex(
    r"(?:on|at)\s+each\s+(?:side|end)|how\s+(?:many|much)\s+(?:more|less|fewer|smaller|larger)|by\s+how\s+(?:many|much)",
    re.IGNORECASE,
)
"""A question about a difference, whose answer is no total."""
TOTAL: Final = lazy_regex(
    r"(?<!\w)(?:altogether|in\s+(?:total|sum|all)|overall|summed)(?!\w)", re.IGNORECASE
)
ASKED_SAVING: Final = lazy_regex(
    r"(?<!\w)(?:sav(?:e|es|ed|ings?)|reduc\w*)(?!\w)"
    r"|(?:how\s+(?:many|much)|by\s+what)[^.?]{0,80}(?:fewer|less|lower|smaller)",
    re.IGNORECASE,
)
"""A question about a saving."""
SAVED: Final = lazy_regex(
    r"(?<!\w)(?:sav(?:e|es|ed|ings?)|fewer|less|reduc\w*|lower|smaller)(?!\w)", re.IGNORECASE
)
"""Words of a saving beside a value."""
NEEDED: Final = lazy_regex(
    r"(?<!\w)(?:needs?|takes?|uses?|requires?|costs?|keeps?)\s[^0-9=]{0,60}[0-9.,]+\s?(?:%|percent)"
    r"|(?<!\w)ha(?:s|ve)\s[^0-9=]{0,60}[0-9.,]+\s?(?:%|percent)\s+of(?!\w)",
    re.IGNORECASE,
)
"""The share that is still needed, beside a question about the share that is saved."""


def refuse_other_amount(text: str, question: str) -> None:
    """Raise `AnswerError` if *text* states another sort of amount than *question* asks for.

    >>> refuse_other_amount("it saves 94 %", "What share of the weights is saved?")
    >>> refuse_other_amount("it needs 6 %", "What share of the weights is saved?")
    Traceback (most recent call last):
    grader.errors.AnswerError: 'needs 6 %' changes the meaning of the value. Expected the value \
that the question asks for, without this remark.
    """
    match = None
    if DIFFERENCE.search(question):
        match = TOTAL.search(text)
    if RATIO.search(question):
        match = match or PERCENT_SIGN.search(text)
        match = match or ("times" not in text and MORE_OR_LESS.search(text)) or None
    if ASKED_SAVING.search(question) and not SAVED.search(text):
        match = match or NEEDED.search(text)
    if match:
        raise AnswerError(
            f"'{truncate_line(match[0])}' changes the meaning of the value.",
            expected="the value that the question asks for, without this remark",
            position=match.start(),
        )
