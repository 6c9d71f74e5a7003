"""Values in an answer that contradict each other, or the names that the answer gives them."""

import re
from fractions import Fraction
from typing import Final, NamedTuple

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.errors import truncate_line
from grader.reading.grammar.vocabulary import STEM_LETTERS, SUPERSCRIPTS
from grader.reading.references.counted_nouns import mean_same_things
from grader.reading.references.listed_names import find_named_places, is_listed_otherwise
from grader.reading.references.selections import find_asking_sentence

_NUMBER: Final = r"[-−]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
NAMED: Final = lazy_regex(
    rf"(?<![^\W_])(?P<name>[^\W\d_][^\W_]{{0,11}}(?:[²³]|\^[23])?)\s*(?:=|:|is(?!\w))\s*(?P<value>{_NUMBER})(?![\w.,]*[0-9])"
)
TUPLE_BEHIND: Final = lazy_regex(
    rf"(?<=[\s,;:=→⇒>])[(\[]\s*(?P<cells>{_NUMBER}(?:\s*,\s*{_NUMBER})+)\s*[)\]][\s.]*\Z"
)
"""An array at the end, behind the names of its cells."""
CASES: Final = lazy_regex(
    rf"\W*(?P<name>[^\W\d_])\s*=\s*(?P<value>{_NUMBER})\s+(?:for|if|with)\s[^,;]*[,;]\s*"
    rf"(?P<again>[^\W\d_])\s*=\s*(?P<other>{_NUMBER})\s+(?:for|if|with)\s[^,;]*"
)
"""Two values of one symbol in different cases."""
TWO_SHAPES: Final = lazy_regex(
    r"\W*(?P<shape>[0-9]+(?:\s*[×x]\s*[0-9]+)+)[)\]]?\s*[,;]?\s*(?:so|thus|hence|therefore)\s+[(\[]?"
    r"(?P<other>[0-9]+(?:\s*[×x]\s*[0-9]+)+)[)\]]?[\s.]*"
)
NAME_CHAIN: Final = lazy_regex(
    r"[^\W\d_]\w{0,11}(?:\s*(?:→|⇒|->|=>)\s*[^\W\d_]\w{0,11}){1,5}\s*[:=]\s*[(\[]?\s*[-0-9]"
)
"""Names joined by arrows before an array; they state the order of its axes."""
_ITEM: Final = r"image|picture|photo|sample|example|instance|input|text|sentence|document"
ONE_ITEM: Final = lazy_regex(
    rf"(?<=[^\W_])\s+(?:for|of|per)\s+(?:one|an?|a\s+single|1)\s+(?P<noun>{_ITEM})(?![^\W_])",
    re.IGNORECASE,
)
SEVERAL_ITEMS: Final = lazy_regex(
    r"(?<!\w)(?:mini-?)?batch(?!\w|\s+norm)"
    rf"|(?<!\w)(?:[0-9][0-9,]*|all|both|two|three|four|five|six|eight|ten)\s+(?:the\s+|these\s+)?(?:{_ITEM})s(?!\w)",
    re.IGNORECASE,
)
ASKED_ITEM: Final = lazy_regex(
    rf"(?<!\w)(?:per|each|every|(?:does|do|has|is|for|of)\s+(?:one|an?|1|a\s+single))\s+(?:single\s+)?(?P<noun>{_ITEM})(?!\w)",
    re.IGNORECASE,
)
"""The one thing of which a question asks for the amount."""
TWO_COUNTS: Final = lazy_regex(
    r"[^0-9()=]*(?P<value>[0-9][0-9.,]*)\s*(?P<noun>[^\W\d_]{4,})\s*[,(]\s*(?:=\s*|i\.e\.\s*)?"
    r"(?P<other>[0-9][0-9.,]*)\s*(?P<thing>[^\W\d_]{4,})\s*\)?[\s.]*",
    re.IGNORECASE,
)
"""Two counts of different things."""
DOWNWARD: Final = lazy_regex(
    r"(?<![\w.])(?P<first>[0-9]{1,4})\s*(?:to|down\s+to|…|\.\.\.?)\s*(?P<last>[0-9]{1,4})\s*[:=]\s*\["
)
"""A range in front of an array."""
TOTAL_OF_SHARES: Final = lazy_regex(
    rf"(?<![\w.]){_NUMBER}\s+(?:in\s+total|altogether|in\s+all)[\s,;(]+(?:[0-9]+/)?{_NUMBER}\s+(?:on|per|for|at)\s+(?:each|every|either)(?!\w)",
    re.IGNORECASE,
)
SHARES_OF_TOTAL: Final = lazy_regex(
    r"[0-9]\s+(?:on|at)\s+(?:each|every|either)\s[^\W\d_]+\s*[,;]\s*(?:so\s+|i\.e\.\s+)?[0-9]+\s+(?:[^\W\d_]+\s+)?"
    r"(?:in\s+total|altogether|in\s+all)(?!\w)",
    re.IGNORECASE,
)
ASKED_TOTAL: Final = lazy_regex(
    r"(?<!\w)(?:total|together|altogether|in\s+all|all|both|many)(?!\w)", re.IGNORECASE
)
SQUARED_EXTENT: Final = lazy_regex(
    r"(?:\A|(?<=[^\W\d_]\s)|[=,;:]\s*)(?:[0-9]+|\([^()]*\))\s*(?:²|\^2|\*\*2)\s*=\s*[0-9]+\s+"
    r"(?:[^\W\d_]+\s+)?(?:wide|high|tall|long)(?!\w)",
    re.IGNORECASE,
)
"""A square of a side that is called a length."""
_NOUNS: Final = r"(?:\s[^\W\d_]{3,}){0,2}"
CHANGED: Final = lazy_regex(
    rf"(?P<working>.*[-+*/×·)0-9]\s*=\s*(?P<result>[0-9]+)(?P<noun>{_NOUNS}))\s*[,;]?\s*(?:so|thus|hence|therefore)\s+"
    rf"(?P<value>[0-9]+)(?P<thing>{_NOUNS})[\s.]*",
    re.DOTALL,
)
"""The result of a computation, and another whole number concluded from it."""
SOLVED: Final = r"(?:\^|\*\*|/|÷|√|sqrt)\s*[({{]?\s*{}(?![0-9.])"
"""A number of a computation that its result may determine: an exponent, a divisor, a root of it."""
RECOMPUTED: Final = lazy_regex(
    r"\s*(?P<first>[0-9]+)\s*[,;]?\s*(?:(?:so|thus|hence|therefore)\s[^=]*|[,;]\s[^0-9=]*[^\W\d_](?P<sum>[^=]*))=\s*(?P<last>[0-9]+)[\s.]*"
)
"""A whole number alone, and an equation with another result."""
CONTINUED: Final = lazy_regex(
    r"\s*(?P<first>[0-9][0-9,.]*?)\s*[,;(]\s*(?:(?:then|and)\s+)?(?P<operation>divided|multiplied|times|minus|plus)(?!\w)"
    r"(?P<rest>.*)",
    re.DOTALL,
)
"""A value alone, and a computation with it."""
NEUTRAL: Final = {"plus": "0", "minus": "0", "times": "1", "divided": "1", "multiplied": "1"}
"""The number with which an operation changes nothing."""
LABELS: Final = lazy_regex(r"[(\[]\s*[^\W\d_]\w*(?:\s*,\s*[^\W\d_]\w*)+\s*[)\]]\s*[=:≈]?\s*\Z")
"""Names of the cells directly in front of an array."""

JOINT: Final = lazy_regex(r"(?:[\s,;:=→⇒>(]|(?<!\w)(?:so|thus|hence|therefore)(?=\s*\Z))+\Z")
"""The signs and words between two parts."""
MAX_CHARACTERS: Final = 500
"""Length of a text above which contradictions are not looked for."""


class Contradiction(NamedTuple):
    """Two parts of a text that do not fit together; *first* is empty if it is the question."""

    first: str
    second: str
    position: int


def refuse_contradictions(text: str, question: str) -> None:
    """Raise `AnswerError` if *text* gives its value in two ways that do not fit together.

    >>> refuse_contradictions("x is 1 and y is 2: (1, 2)", "Where is the corner?")
    >>> refuse_contradictions("x is 2 and y is 1: (1, 2)", "Where is the corner?")
    Traceback (most recent call last):
    grader.errors.AnswerError: 'x is 2 and y is 1' and '(1, 2)' contradict each other. Expected \
one value, as the question asks for it.
    """
    if len(text) > MAX_CHARACTERS:
        return
    contradiction = (
        _find_exchanged_names(text, question)
        or _find_exchanged_values(text)
        or _find_name_chain(text, question)
        or _find_other_amount(text, question)
        or _find_changed_conclusion(text)
    )
    if contradiction is None:
        return
    second = truncate_line(contradiction.second)
    raise AnswerError(
        f"'{truncate_line(contradiction.first)}' and '{second}' contradict each other."
        if contradiction.first
        else f"'{second}' contradicts the question.",
        expected="one value, as the question asks for it",
        position=contradiction.position,
    )


def _split_at(text: str, position: int) -> Contradiction:
    """Return the parts of *text* before and from *position* on, without what joins them."""
    first = JOINT.sub("", text[:position].lstrip())
    second = text[position:].strip(" .,;:=→⇒>")
    second = second if "(" in second else second.rstrip(" )")
    return Contradiction(first, second, position)


def _find_exchanged_names(text: str, question: str) -> Contradiction | None:
    """Return an array whose cells follow neither their names nor the *question*."""
    array = TUPLE_BEHIND.search(text)
    if array is None:
        return None
    named = [
        (match["name"], _to_fraction(match["value"]))
        for match in NAMED.finditer(text, 0, array.start())
    ]
    cells = [_to_fraction(cell) for cell in re.findall(_NUMBER, array["cells"])]
    expected = [value for _, value in named]
    if sorted(expected) != sorted(cells):
        return None
    values = dict(named)
    if labels := LABELS.search(text, 0, array.start()):
        names = re.findall(r"\w+", labels[0])
        if not values.keys() >= {*names}:
            return None  # a label without a value to compare
        if is_listed_otherwise(names, question):
            return Contradiction("", labels[0].strip(" =:≈"), labels.start())
        expected = [values[name] for name in names]
    elif None not in (places := find_named_places([*values], question)):
        names = [name for _, name in sorted(zip(places, values, strict=True))]
        expected = [values[name] for name in names]
    return None if cells == expected else _split_at(text, array.start())


def _to_fraction(number: str) -> Fraction:
    return Fraction(number.replace("−", "-"))


def _find_exchanged_values(text: str) -> Contradiction | None:
    """Return a second shape or case, or a range, that the first value denies."""
    shapes = TWO_SHAPES.fullmatch(text)
    if shapes is not None:
        sizes = [re.findall(r"[0-9]+", shapes[name]) for name in ("shape", "other")]
        if len(sizes[0]) == len(sizes[1]) and sizes[0] != sizes[1]:
            return _split_at(text, shapes.start("other"))
    cases = CASES.fullmatch(text)
    if cases and cases["name"] == cases["again"] and cases["value"] != cases["other"]:
        return _split_at(text, cases.start("again"))
    downward = DOWNWARD.search(text)
    if downward and int(downward["first"]) > int(downward["last"]):
        return _split_at(text, text.index("[", downward.start()))
    return None


def _find_name_chain(text: str, question: str) -> Contradiction | None:
    """Return names with arrows in an order that the *question* does not ask for."""
    chain = NAME_CHAIN.match(text.lstrip(" $("))
    if chain is None:
        return None
    names = re.findall(r"[^\W\d_]\w*", chain[0])
    places = find_named_places(names, question)
    ordered = sorted(place for place in places if place is not None)
    return None if places == ordered else Contradiction("", chain[0].rstrip(" :=([-0123456789"), 0)


def _find_other_amount(text: str, question: str) -> Contradiction | None:
    """Return words for another amount than the *question* asks for."""
    one_item = ONE_ITEM.search(text)
    if one_item and SEVERAL_ITEMS.search(question):
        asked_item = ASKED_ITEM.search(find_asking_sentence(question))
        if asked_item is None or not mean_same_things(asked_item["noun"], one_item["noun"]):
            return Contradiction("", one_item[0].strip(), one_item.start())
    counts = TWO_COUNTS.fullmatch(text)
    if counts is not None:
        equal = counts["value"].rstrip(".,") == counts["other"].rstrip(".,")
        words = re.findall(r"[^\W\d_]+", question.lower())
        noun, thing = (counts[name].lower()[:STEM_LETTERS] for name in ("noun", "thing"))
        named = [any(word.startswith(stem) for word in words) for stem in (noun, thing)]
        same = equal and mean_same_things(counts["noun"], counts["thing"])
        if named == [False, True] and not same:
            return _split_at(text, counts.start("other"))
    total = TOTAL_OF_SHARES.search(text) or SHARES_OF_TOTAL.search(text)
    if total and not ASKED_TOTAL.search(question):
        return Contradiction("", total[0].strip(), total.start())
    extent = SQUARED_EXTENT.search(text)
    if extent is not None:
        return _split_at(text, text.index("=", extent.start() + 1))
    return None


def _find_changed_conclusion(text: str) -> Contradiction | None:
    """Return a conclusion to which no computation leads."""
    if continued := CONTINUED.fullmatch(text):
        numbers = re.findall(r"[0-9]+(?:[.,][0-9]+)*", continued["rest"])
        first = continued["first"].rstrip(".,")
        neutral = NEUTRAL[continued["operation"].lower()]
        if numbers and not (numbers[0] == neutral and {*numbers[1:]} <= {first}):
            return _split_at(text, continued.start("operation"))
    if recomputed := RECOMPUTED.fullmatch(text):
        operands = re.findall(_NUMBER, recomputed["sum"] or "")
        if recomputed["first"] not in {recomputed["last"], *operands}:
            return _split_at(text, recomputed.end("first"))
    changed = CHANGED.fullmatch(text)
    if changed is None or changed["value"] == changed["result"]:
        return None
    noun, thing = changed["noun"].strip().lower(), changed["thing"].strip().lower()
    if thing and noun == thing:
        return _split_at(text, changed.start("value"))
    if thing:
        return None  # another unit, or what the result is divided into
    working = re.sub("[⁰-⁹]+", lambda power: f"^{power[0].translate(SUPERSCRIPTS)}", text)
    if re.search(SOLVED.format(changed["value"]), working[: working.rindex("=")]):
        return None
    return _split_at(text, changed.start("value"))
