"""Conventions that a text states against its question: names in order, counting, a statistic."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.errors import truncate_line

_NAME: Final = r"[^\W\d_](?:_\{?\w{1,3}\}?|[0-9])?"
NAME_TUPLE: Final = lazy_regex(rf"\(\s*({_NAME}(?:\s*,\s*{_NAME})+)\s*\)")
"""Symbols of values in order: ``(c_x, c_y, w, h)``."""
LABEL_TUPLE: Final = lazy_regex(rf"[\s$*]*{NAME_TUPLE.pattern}\s*(?:=|:|≈|is\s)")
FROM_ONE: Final = lazy_regex(
    r"(?<!\w)(?:count|start|index|number)\w*\s+(?:from|at|with)\s+(?:one|1)(?!\w)", re.IGNORECASE
)
FROM_ZERO: Final = lazy_regex(
    r"(?<!\w)(?:count|start|index|number)\w*\s+(?:from|at|with)\s+\$?(?:zero|0)(?!\w|\.[0-9])",
    re.IGNORECASE,
)
STATISTIC: Final = lazy_regex(
    r"\W*(?:the\s+)?(?P<name>variance|std|standard\s+deviation)\s*(?:=|:|≈|is\s)?\s*[-+]?\.?[0-9]",
    re.IGNORECASE,
)
STATISTIC_BEHIND: Final = lazy_regex(
    r"[0-9]\s+(?:is|are)\s+the\s+(?P<name>variance|std|standard\s+deviation)(?!\w)", re.IGNORECASE
)
ACRONYMS: Final = lazy_regex(r"[\s(]*([A-Z]{2}(?:\s*[,/]\s*[A-Z]{2})+)\)?\s*[:=]")
"""Acronyms before their values: ``TP, FP, FN: 3, 1, 2``."""
SPREADS: Final = ("variance", "std", "standard deviation")
SUBSCRIPT_SIGNS: Final = lazy_regex(r"[\s_{}]")


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
    if (acronyms := ACRONYMS.match(text)) and not _keeps_order(question, acronyms[1]):
        raise AnswerError(
            f"The names '{truncate_line(acronyms[1])}' are in a different order in the question.",
            expected="the values in the order of the question, without names",
            position=acronyms.start(1),
        )
    named = STATISTIC.match(text) or STATISTIC_BEHIND.search(text)
    if named and _is_other_spread(named["name"], question):
        raise AnswerError(
            f"The question does not ask for the {truncate_line(named['name'])}.",
            expected="the value that the question asks for",
            position=named.start("name"),
        )


def names_other_order(question: str, names: Sequence[str]) -> bool:
    """Return whether *question* lists as many symbols as *names*, but other ones or reordered."""
    listed = [row for row in _find_name_tuples(question) if len(row) == len(names)]
    return bool(listed) and tuple(names) not in listed


def _keeps_order(question: str, acronyms: str) -> bool:
    """Return whether *question* has the *acronyms* in this order, or not all of them."""
    names = re.findall(r"[A-Z]{2}", acronyms)
    matches = [re.search(rf"(?<!\w){name}(?!\w)", question) for name in names]
    starts = [match.start() for match in matches if match]
    return len(starts) < len(names) or starts == sorted(starts)


@lru_cache(maxsize=1024)
def _find_name_tuples(question: str) -> tuple[tuple[str, ...], ...]:
    return tuple(
        tuple(SUBSCRIPT_SIGNS.sub("", names).split(",")) for names in NAME_TUPLE.findall(question)
    )


def _is_other_spread(name: str, question: str) -> bool:
    """Return whether *name* is a variance and *question* asks for a deviation, or the reverse."""
    flat = " ".join(name.lower().split())
    last = question.lower().rpartition(". ")[2]
    spreads = [spread for spread in SPREADS if spread in last]
    if flat not in SPREADS or not spreads:
        return False
    return (flat == "variance") != ("variance" in spreads)
