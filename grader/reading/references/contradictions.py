"""Values in an answer that contradict each other, or the names that the answer gives them."""

import re
from typing import Final

from grader.errors import AnswerError
from grader.reading.grammar.vocabulary import STEM_LETTERS

_NUMBER: Final = r"[-−]?[0-9]+(?:\.[0-9]+)?"
NAMED: Final = re.compile(
    rf"(?<![^\W_])(?P<name>[^\W\d_][^\W_]{{0,11}}(?:[²³]|\^[23])?)\s*(?:=|:|is(?!\w))\s*(?P<value>{_NUMBER})(?![\w.,]*[0-9])"
)
TUPLE_BEHIND: Final = re.compile(
    rf"(?::|=>|→|⇒|so|=)\s*[(\[]\s*(?P<cells>{_NUMBER}(?:\s*,\s*{_NUMBER})+)\s*[)\]][\s.]*\Z"
)
"""An array at the end, behind the names of its cells."""
CASES: Final = re.compile(
    rf"\W*(?P<name>[^\W\d_])\s*=\s*(?P<value>{_NUMBER})\s+(?:for|if|with)\s[^,;]*[,;]\s*"
    rf"(?P<again>[^\W\d_])\s*=\s*(?P<other>{_NUMBER})\s+(?:for|if|with)\s[^,;]*"
)
"""Two values of one symbol in different cases."""
TWO_SHAPES: Final = re.compile(
    r"\W*(?P<shape>[0-9]+(?:\s*[×x]\s*[0-9]+)+)[)\]]?\s*[,;]?\s*(?:so|thus|hence|therefore)\s+[(\[]?"
    r"(?P<other>[0-9]+(?:\s*[×x]\s*[0-9]+)+)[)\]]?[\s.]*"
)
NAME_CHAIN: Final = re.compile(
    r"[^\W\d_]\w{0,11}(?:\s*(?:→|⇒|->|=>)\s*[^\W\d_]\w{0,11}){1,5}\s*[:=]\s*[(\[]?\s*[-0-9]"
)
"""Names with arrows in front of an array, which give its cells an order of their own."""
ONE_ITEM: Final = re.compile(
    r"(?<=[^\W_])\s+(?:for|of|per)\s+(?:one|an?|a\s+single|1)\s+(?P<noun>image|sample|example|input|text|sentence)(?![^\W_])",
    re.IGNORECASE,
)
BATCH: Final = re.compile(r"(?<!\w)(?:mini-?)?batch(?!\w|\s+norm)", re.IGNORECASE)
TWO_COUNTS: Final = re.compile(
    r"[^0-9()=]*(?P<value>[0-9][0-9.,]*)\s*(?P<noun>[^\W\d_]{4,})\s*[,(]\s*(?:=\s*|i\.e\.\s*)?"
    r"(?P<other>[0-9][0-9.,]*)\s*(?P<thing>[^\W\d_]{4,})\s*\)?[\s.]*",
    re.IGNORECASE,
)
"""Two counts of different things."""
DOWNWARD: Final = re.compile(
    r"(?<![\w.])(?P<first>[0-9]{1,4})\s*(?:to|down\s+to|…|\.\.\.?)\s*(?P<last>[0-9]{1,4})\s*[:=]\s*\["
)
"""A range in front of an array."""
TOTAL_OF_SHARES: Final = re.compile(
    rf"(?<![\w.]){_NUMBER}\s+(?:in\s+total|altogether|in\s+all)[\s,;(]+(?:[0-9]+/)?{_NUMBER}\s+(?:on|per|for|at)\s+(?:each|every|either)(?!\w)",
    re.IGNORECASE,
)
SHARES_OF_TOTAL: Final = re.compile(
    r"[0-9]\s+(?:on|at)\s+(?:each|every|either)\s[^\W\d_]+\s*[,;]\s*(?:so\s+|i\.e\.\s+)?[0-9]+\s+(?:[^\W\d_]+\s+)?"
    r"(?:in\s+total|altogether|in\s+all)(?!\w)",
    re.IGNORECASE,
)
ASKED_TOTAL: Final = re.compile(
    r"(?<!\w)(?:total|together|altogether|in\s+all|all|both|many)(?!\w)", re.IGNORECASE
)
SQUARED_EXTENT: Final = re.compile(
    r"(?:²|\^2|\*\*2)\s*=\s*[0-9]+\s+(?:[^\W\d_]+\s+)?(?:wide|high|tall|long)(?!\w)", re.IGNORECASE
)
"""A square of a side that is called a length."""
CHANGED: Final = re.compile(
    r".*[-+*/×·)0-9]\s*=\s*(?P<result>[0-9]+)\s*[,;]?\s*(?:so|thus|hence|therefore)\s+(?P<value>[0-9]+)[\s.]*"
    r"|\s*(?P<first>[0-9]+)\s*[,;]?\s*(?:so|thus|hence|therefore)\s[^=]*=\s*(?P<last>[0-9]+)[\s.]*",
    re.DOTALL,
)
"""A whole number, and another one concluded from it without a computation."""
CONTINUED: Final = re.compile(
    r"\s*[0-9][0-9,.]*\s*[,;]\s+(?:then\s+)?(?:divided|multiplied|times|minus|plus)(?!\w).*[0-9]",
    re.DOTALL,
)
"""A value alone, and a computation with it."""

MAX_CHARACTERS: Final = 500
"""Length of a text above which contradictions are not looked for."""


def refuse_contradictions(text: str, question: str) -> None:
    """Raise `AnswerError` if *text* gives its value in two ways that do not fit together.

    >>> refuse_contradictions("x is 1 and y is 2: (1, 2)", "Where is the corner?")
    >>> refuse_contradictions("x is 2 and y is 1: (1, 2)", "Where is the corner?")
    Traceback (most recent call last):
    grader.errors.AnswerError: Two parts of the answer contradict each other. Expected one value, \
as the question asks for it.
    """
    if len(text) > MAX_CHARACTERS:
        return
    position = (
        _find_exchanged_names(text)
        or _find_name_chain(text, question)
        or _find_other_amount(text, question)
        or _find_changed_conclusion(text)
    )
    if position is not None:
        raise AnswerError(
            "Two parts of the answer contradict each other.",
            expected="one value, as the question asks for it",
            position=position - 1,
        )


def _find_exchanged_names(text: str) -> int | None:
    """Return one more than the place of an array whose cells do not follow their names."""
    array = TUPLE_BEHIND.search(text)
    if array is not None:
        values = [match["value"] for match in NAMED.finditer(text, 0, array.start())]
        cells = re.findall(_NUMBER, array["cells"])
        if values != cells and sorted(values) == sorted(cells):
            return array.start() + 1
    shapes = TWO_SHAPES.fullmatch(text)
    if shapes is not None:
        sizes = [re.findall(r"[0-9]+", shapes[name]) for name in ("shape", "other")]
        if len(sizes[0]) == len(sizes[1]) and sizes[0] != sizes[1]:
            return shapes.start("other") + 1
    cases = CASES.fullmatch(text)
    if cases and cases["name"] == cases["again"] and cases["value"] != cases["other"]:
        return cases.start("again") + 1
    downward = DOWNWARD.search(text)
    if downward and int(downward["first"]) > int(downward["last"]):
        return downward.start() + 1
    return None


def _find_name_chain(text: str, question: str) -> int | None:
    """Return one more than the place of names with arrows in an order that is not asked for."""
    chain = NAME_CHAIN.match(text.lstrip(" $("))
    if chain is None:
        return None
    names = re.findall(r"[^\W\d_]\w*", chain[0].lower())
    lowered = question.lower()
    places = [lowered.find(name[:STEM_LETTERS]) for name in names]
    in_order = -1 not in places and places == sorted(places) and min(map(len, names)) > 1
    return None if in_order else 1


def _find_other_amount(text: str, question: str) -> int | None:
    """Return one more than the place of words for another amount than the question asks for."""
    one_item = ONE_ITEM.search(text)
    if one_item and BATCH.search(question) and one_item["noun"].lower() not in question.lower():
        return one_item.start() + 1
    one_of_batch = ONE_ITEM.search(question)
    if one_item and BATCH.search(question) and not one_of_batch:
        return one_item.start() + 1
    counts = TWO_COUNTS.fullmatch(text)
    if counts is not None:
        words = re.findall(r"[^\W\d_]+", question.lower())
        noun, thing = (counts[name].lower()[:STEM_LETTERS] for name in ("noun", "thing"))
        named = [any(word.startswith(stem) for word in words) for stem in (noun, thing)]
        if named == [False, True]:
            return counts.start("noun") + 1
    total = TOTAL_OF_SHARES.search(text) or SHARES_OF_TOTAL.search(text)
    if total and not ASKED_TOTAL.search(question):
        return total.start() + 1
    extent = SQUARED_EXTENT.search(text)
    return extent.start() + 1 if extent else None


def _find_changed_conclusion(text: str) -> int | None:
    """Return one more than the place of a conclusion that no computation leads to."""
    if CONTINUED.match(text):
        return 1
    changed = CHANGED.fullmatch(text)
    if changed is None:
        return None
    pair = ("result", "value") if changed["result"] else ("first", "last")
    first, last = (changed[name] for name in pair)
    return None if first == last else changed.start(pair[1]) + 1
