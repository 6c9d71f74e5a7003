"""Conventions that a text states against its question: names in order, counting, a statistic."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from grader.errors import AnswerError
from grader.reading.grammar.errors import truncate_line

_NAME: Final = r"[^\W\d_](?:_\{?\w{1,3}\}?|[0-9])?"
NAME_TUPLE: Final = re.compile(rf"\(\s*({_NAME}(?:\s*,\s*{_NAME})+)\s*\)")
"""Symbols of values in order: ``(c_x, c_y, w, h)``."""
LABEL_TUPLE: Final = re.compile(rf"[\s$*]*{NAME_TUPLE.pattern}\s*(?:=|:|≈|is\s)")
FROM_ONE: Final = re.compile(
    r"(?<!\w)(?:count|start|index|number)\w*\s+(?:from|at|with)\s+(?:one|1)(?!\w)", re.IGNORECASE
)
FROM_ZERO: Final = re.compile(
    r"(?<!\w)(?:count|start|index|number)\w*\s+(?:from|at|with)\s+\$?(?:zero|0)(?!\w|\.[0-9])",
    re.IGNORECASE,
)
STATISTIC: Final = re.compile(
    r"\W*(?:the\s+)?(?P<name>variance|std|standard\s+deviation|median|average|mean)\s*(?:=|:|≈|is\s)?\s*[-+]?\.?[0-9]",
    re.IGNORECASE,
)
SPREADS: Final = ("variance", "std", "standard deviation")
SUBSCRIPT_SIGNS: Final = re.compile(r"[\s_{}]")


def refuse_other_convention(text: str, question: str, context: str) -> None:
    """Raise `AnswerError` if *text* states another convention than *question* and *context*.

    >>> refuse_other_convention("(x, y, w, h) = (1, 2, 3, 4)", "Which box $(x, y, w, h)$?", "")
    >>> refuse_other_convention("(x, y, w, h) = (1, 2, 3, 4)", "Which $(x_1, y_1, x_2, y_2)$?", "")
    Traceback (most recent call last):
    grader.errors.AnswerError: '(x, y, w, h)' are not the names in the question. Expected the \
values in the order of the question.
    """
    label = LABEL_TUPLE.match(text)
    if label and names_other_order(question, SUBSCRIPT_SIGNS.sub("", label[1]).split(",")):
        raise AnswerError(
            f"'({truncate_line(label[1])})' are not the names in the question.",
            expected="the values in the order of the question",
            position=label.start(1),
        )
    if (counting := FROM_ONE.search(text)) and FROM_ZERO.search(f"{question} {context}"):
        raise AnswerError(
            f"'{truncate_line(counting[0])}' is not how the problem counts.",
            expected="numbers counted from 0",
            position=counting.start(),
        )
    if (named := STATISTIC.match(text)) and _asks_for_other_spread(named["name"], question):
        raise AnswerError(
            f"The question does not ask for the {truncate_line(named['name'])}.",
            expected="the value that the question asks for",
            position=named.start("name"),
        )


def names_other_order(question: str, names: Sequence[str]) -> bool:
    """Return whether *question* lists as many symbols as *names*, but others, or in other order."""
    listed = [row for row in _find_name_tuples(question) if len(row) == len(names)]
    return bool(listed) and tuple(names) not in listed


@lru_cache(maxsize=1024)
def _find_name_tuples(question: str) -> tuple[tuple[str, ...], ...]:
    return tuple(
        tuple(SUBSCRIPT_SIGNS.sub("", names).split(",")) for names in NAME_TUPLE.findall(question)
    )


def _asks_for_other_spread(name: str, question: str) -> bool:
    """Return whether *question* asks for a standard deviation and *name* is a variance, or so."""
    flat = " ".join(name.lower().split())
    last = question.lower().rpartition(". ")[2]
    asked = [spread for spread in SPREADS if spread in last]
    if flat not in SPREADS or not asked:
        return False
    return (flat == "variance") != ("variance" in asked)
