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
"""Names joined by arrows before an array; they state the order of its axes."""
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
    r"(?P<base>[0-9]+|\))\s*(?:²|\^2|\*\*2)\s*=\s*(?P<square>[0-9]+)\s+"
    r"(?:[^\W\d_]+\s+)?(?:wide|high|tall|long)(?!\w)",
    re.IGNORECASE,
)
"""A square of a side that is called a length."""
CHANGED: Final = re.compile(
    r".*[-+*/×·)0-9]\s*=\s*(?P<result>[0-9]+)\s*[,;]?\s*(?:so|thus|hence|therefore)\s+(?P<value>[0-9]+)[\s.]*"
    r"|\s*(?P<first>[0-9]+)\s*[,;]?\s*(?:so|thus|hence|therefore)\s[^=]*=\s*(?P<last>[0-9]+)[\s.]*",
    re.DOTALL,
)
"""A whole number, and another one concluded from it without a computation."""
CONTINUED: Final = re.compile(
    r"\s*(?P<first>[0-9][0-9,.]*)\s*[,;]\s+(?:then\s+)?(?:divided|multiplied|times|minus|plus)(?!\w)"
    r".*?(?P<last>[0-9][0-9,.]*)[^0-9]*\Z",
    re.DOTALL,
)
"""A value alone, and a computation with it."""
LABELS: Final = re.compile(r"[(\[]\s*[^\W\d_]\w*(?:\s*,\s*[^\W\d_]\w*)+\s*[)\]]\s*\Z")
"""Names of the cells directly in front of an array."""

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
    positions = (
        _find_exchanged_names(text, question),
        _find_exchanged_values(text),
        _find_name_chain(text, question),
        _find_other_amount(text, question),
        _find_changed_conclusion(text),
    )
    position = next((place for place in positions if place is not None), None)
    if position is not None:
        raise AnswerError(
            "Two parts of the answer contradict each other.",
            expected="one value, as the question asks for it",
            position=position,
        )


def _find_exchanged_names(text: str, question: str) -> int | None:
    """Return the place of an array whose cells follow neither their names nor the *question*."""
    array = TUPLE_BEHIND.search(text)
    if array is None:
        return None
    named = [(match["name"], match["value"]) for match in NAMED.finditer(text, 0, array.start())]
    cells = re.findall(_NUMBER, array["cells"])
    expected = [value for _, value in named]
    if sorted(expected) != sorted(cells):
        return None
    values = dict(named)
    if labels := LABELS.search(text, 0, array.start()):
        names = re.findall(r"\w+", labels[0])
        if not values.keys() >= {*names}:
            return None  # a label without a value to compare
        expected = [values[name] for name in names]
    elif None not in (places := [_find_name(name, question) for name in values]):
        names = [name for _, name in sorted(zip(places, values, strict=True))]
        expected = [values[name] for name in names]
    return None if cells == expected else array.start()


def _find_exchanged_values(text: str) -> int | None:
    """Return the place of a second shape or case, or of a range, that the first value denies."""
    shapes = TWO_SHAPES.fullmatch(text)
    if shapes is not None:
        sizes = [re.findall(r"[0-9]+", shapes[name]) for name in ("shape", "other")]
        if len(sizes[0]) == len(sizes[1]) and sizes[0] != sizes[1]:
            return shapes.start("other")
    cases = CASES.fullmatch(text)
    if cases and cases["name"] == cases["again"] and cases["value"] != cases["other"]:
        return cases.start("again")
    downward = DOWNWARD.search(text)
    if downward and int(downward["first"]) > int(downward["last"]):
        return downward.start()
    return None


def _find_name_chain(text: str, question: str) -> int | None:
    """Return the place of names with arrows in an order that the *question* does not ask for."""
    chain = NAME_CHAIN.match(text.lstrip(" $("))
    if chain is None:
        return None
    names = re.findall(r"[^\W\d_]\w*", chain[0])
    places = [_find_name(name, question) for name in names]
    ordered = sorted(place for place in places if place is not None)
    return None if places == ordered else 0


def _find_name(name: str, question: str) -> int | None:
    """Return the place in *question* of a short name, or of a word that begins as *name* does."""
    end = r"(?![^\W_])" if len(name) < STEM_LETTERS else ""
    stem = re.escape(name[:STEM_LETTERS])
    match = re.search(rf"(?<![^\W_]){stem}{end}", question, re.IGNORECASE)
    return match.start() if match else None


def _find_other_amount(text: str, question: str) -> int | None:
    """Return the place of words for another amount than the *question* asks for."""
    one_item = ONE_ITEM.search(text)
    if one_item and BATCH.search(question) and not _asks_for_item(question, one_item["noun"]):
        return one_item.start()
    counts = TWO_COUNTS.fullmatch(text)
    if counts is not None and counts["value"].rstrip(".,") != counts["other"].rstrip(".,"):
        words = re.findall(r"[^\W\d_]+", question.lower())
        noun, thing = (counts[name].lower()[:STEM_LETTERS] for name in ("noun", "thing"))
        named = [any(word.startswith(stem) for word in words) for stem in (noun, thing)]
        if named == [False, True]:
            return counts.start("noun")
    total = TOTAL_OF_SHARES.search(text) or SHARES_OF_TOTAL.search(text)
    if total and not ASKED_TOTAL.search(question):
        return total.start()
    extent = SQUARED_EXTENT.search(text)
    if extent is None:
        return None
    is_square = extent["base"] == ")" or int(extent["base"]) ** 2 == int(extent["square"])
    return extent.start() if is_square else None


def _asks_for_item(question: str, noun: str) -> bool:
    """Return whether *question* asks for the amount of one *noun* of a batch."""
    item_in_question = (
        rf"(?<!\w)(?:per|each|every)\s+(?:single\s+)?{noun}(?!\w)[^.?]*(?:\?|\.?\s*\Z)"
    )
    named = noun.lower() in question.lower() and ONE_ITEM.search(question)
    return bool(named or re.search(item_in_question, question, re.IGNORECASE))


def _find_changed_conclusion(text: str) -> int | None:
    """Return the place of a conclusion to which no computation leads."""
    continued = CONTINUED.match(text)
    if continued and continued["first"].rstrip(".,") != continued["last"].rstrip(".,"):
        return 0
    changed = CHANGED.fullmatch(text)
    if changed is None:
        return None
    if changed["result"] is None:
        return None if changed["first"] == changed["last"] else changed.start("last")
    operands = re.findall(_NUMBER, text[: changed.end("result")])
    return None if changed["value"] in operands else changed.start("value")
