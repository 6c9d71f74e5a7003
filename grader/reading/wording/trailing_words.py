"""Words after a formula: what it counts, ``… pixels``, and clauses, ``… where S is the stride``.

In a formula any word could be a variable, so only these few are dropped, and only if none of them
is declared. A clause that rounds, limits or changes the formula is refused.
"""

import re
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.equation_chains import LINK_STARTS
from grader.reading.grammar.errors import truncate_line
from grader.reading.grammar.tokens import tokenize
from grader.reading.variable_names import NameMatcher
from grader.reading.wording.meaning_checks import refuse_meaning_changing_words

_BEHIND: Final = r"(?<=[^\s+\-*/×·÷=(\[{,;:^_])"
_COUNTED: Final = (
    r"pixels?|parameters?|params|weights|operations|multiplications|additions|values|numbers|MACs?|FLOPs?"
    r"|elements|entries|cells|bytes|steps|iterations|updates"
)
"""Things that formulas of this field count.

``channels`` and the like could be factors of a product.
"""
_TOTAL: Final = r"in\s+total|altogether|overall"
_MORE: Final = rf"{_COUNTED}|{_TOTAL}|wide|high|and|learnable|trainable"
COUNTED: Final = lazy_regex(
    rf"{_BEHIND}\s+(?P<words>(?:{_COUNTED}|{_TOTAL}|(?:learnable|trainable)\s+(?:{_COUNTED}))"
    rf"(?:\s+(?:{_MORE})){{0,6}})\s*[.!$]*\s*\Z"
)
REMARK: Final = lazy_regex(
    r"(?<=[\w)\]}])(?P<words>[ \t]+(?:\((?:[^\W\d_]{2,}[\s+,&-]*)+\)|#[ \t][^\n]*))\s*\Z"
)
"""Words in brackets or a comment behind the formula."""
INTRODUCTION: Final = lazy_regex(
    r"\A\s*(?:(?:the|my|its|our)\s+)?(?:[^\W\d_]{3,}\s+){0,3}(?:is|are|equals|gives)\s+(?=\S)",
    re.IGNORECASE,
)
"""Words before a formula, up to the verb: ``The answer is``."""
CLAUSE: Final = lazy_regex(
    rf"{_BEHIND}[,;:.$]{{0,3}}\s+(?P<words>(?P<opener>where|assuming|if|when|unless|for|with)\s.*)\Z",
    re.DOTALL,
)
LETTERS: Final = lazy_regex(r"[^\W\d_]+")
LIMITING: Final = lazy_regex(
    r"(?:round|floor|ceil|truncat|integer|whole)[a-z]*|up|down|if|when|unless|for|with"
)
"""Words of a clause that state how the result is rounded, or when it holds."""


def find_trailing_words(text: str, names: NameMatcher) -> tuple[int, str]:
    """Return where the formula in *text* ends, and a note on the words after it.

    >>> find_trailing_words("2*K + 1 pixels", NameMatcher(("K",)))
    (7, "'pixels' was ignored.")
    """
    remark = REMARK.search(text)
    if remark and set(LETTERS.findall(remark["words"])).isdisjoint(names.declared):
        refuse_meaning_changing_words(remark["words"], remark.start())
        return remark.start(), f"'{truncate_line(remark['words'].strip())}' was ignored."
    clause = CLAUSE.search(text)
    if clause is not None and clause["opener"] not in names.declared:
        end, counted = _find_counted_words(text, clause.start(), names)
        if _ends_formula(text, end, names):
            _refuse_limiting_words(clause["words"], clause.start())
            words = f"{counted} {clause['words']}".strip()
            return end, f"'{truncate_line(words)}' was ignored."
    end, counted = _find_counted_words(text, len(text), names)
    return end, f"'{truncate_line(counted)}' was ignored." if counted else ""


def find_introduction(text: str, names: NameMatcher) -> tuple[int, str]:
    """Return where the formula in *text* begins, and a note on the words before it.

    >>> find_introduction("The answer is 2*K", NameMatcher(("K",)))
    (14, "'The answer is' was ignored.")
    """
    words = INTRODUCTION.match(text)
    if words is None or not set(LETTERS.findall(words[0])).isdisjoint(names.declared):
        return 0, ""
    refuse_meaning_changing_words(words[0], 0)
    return words.end(), f"'{truncate_line(words[0].strip())}' was ignored."


def _find_counted_words(text: str, end: int, names: NameMatcher) -> tuple[int, str]:
    """Return where *text* ends before the words for the counted thing, and these words."""
    counted = COUNTED.search(text, 0, end)
    if counted is None or not set(LETTERS.findall(counted["words"])).isdisjoint(names.declared):
        return end, ""
    return counted.start(), counted["words"]


def _ends_formula(text: str, end: int, names: NameMatcher) -> bool:
    """Return whether a formula ends at *end*, and not a label such as ``Cost with bias = …``."""
    words = False
    for token in tokenize(text, 0, end, names=names):
        words = token.text not in LINK_STARTS and (words or token.kind in {"word", "unknown"})
    return not words


def _refuse_limiting_words(words: str, position: int) -> None:
    for word in LETTERS.findall(words.lower()):
        if LIMITING.fullmatch(word):
            raise AnswerError(
                f"The word '{truncate_line(word)}' changes what the formula means.",
                expected="the formula alone, with floor(...) or ceil(...) where it rounds",
                position=position,
            )
    refuse_meaning_changing_words(words, position)
