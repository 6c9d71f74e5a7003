"""Names beside a value: of another value, ``12 for n = 3``, or of the same, ``12, n = 12``."""

import re
from collections.abc import Sequence
from typing import Final

from grader.errors import AnswerError
from grader.reading.grammar.computing import computed
from grader.reading.grammar.tokens import CLOSERS, OPENERS, Token, ends_operand
from grader.reading.units.magnitudes import is_scale
from grader.reading.units.unit_names import unit_named
from grader.reading.wording.changing_words import CHANGING, PART, SCALING

__all__ = [
    "CONCLUDING",
    "CUTTING",
    "LEADING",
    "LINKS",
    "PAUSES",
    "SO",
    "is_again",
    "is_beside",
    "is_dash",
    "is_item",
    "may_be_other",
]

LINKS: Final = frozenset({"=", "⇒"})
CUTTING: Final = LINKS | {":"}
"""The signs behind which a value may begin."""
SO: Final = frozenset({"so", "hence", "thus", "therefore"})
"""Words behind a value that mean the same as ``⇒`` where another value alone follows."""
CONCLUDING: Final = SO | {"answer", "result", "total", "altogether", "final", "finally"}
"""Words of a label by which the value behind it is the one that all the others led to."""
LEADING: Final = CONCLUDING | {"the", "value", "is", "are", "there", "we", "get", "have"}
"""Words between ``so`` and the value that name no other value."""
PAUSES: Final = frozenset({",", ";", "."})
CONDITIONS: Final = PAUSES | {
    *("for", "when", "if", "where", "with", "at", "using", "assuming", "given", "since", "because"),
    *("as", "and", "or", "@", "für", "bei", "mit", "wenn", "falls", "und", "oder", "wobei"),
    *("pour", "avec", "si", "où", "con", "para", "cuando", "donde"),
}
"""What stands between a value and the name of another one: ``12 for n = 3``, ``12, n = 3``."""
SETTING: Final = re.compile(
    r"[^\W\d_]|.*[\d_].*|strides?|padding|pad|dilation|batch|kernel|groups|epochs?", re.IGNORECASE
)
"""A word that names a value of its own: a letter, ``s_1``, or the setting of a layer."""
LONGEST_NAME: Final = 3
TOLD: Final = LEADING | CONDITIONS | {"in", "by", "of", "out", "per", "on", "after", "was"}
"""Words behind a number that are nothing to count."""
FIRST: Final = frozenset({"+", "-", "frac"})
ORDINALS: Final = frozenset({"st", "nd", "rd", "th", "D", "d"})
MOST_ITEMS: Final = 10
SIGNS: Final = frozenset({"+", "-", "*", "**", "/", "//", "×", "·"})


def is_dash(tokens: Sequence[Token]) -> bool:
    """Return whether *tokens* start with a sign and a space: a dash, or a minus sign."""
    return tokens[0].text in {"-", "+"} and any(tokens[0].end < two.start for two in tokens[1:2])


def may_be_other(token: Token) -> bool:
    """Return whether *token* is a word that may name a value, or a sign that a value follows."""
    if token.kind in {"word", "text"}:
        return not is_scale(token) and unit_named(token.text) is None
    return token.kind == "symbol" and token.text in CUTTING


def is_beside(label: Sequence[Token], *, first: bool) -> bool:
    """Return whether *label* is a value and then the name of another: ``12 for n``, ``3 s``.

    In the *first* link ``4 n`` may be a product. ``layer 2, n`` is a name.
    """
    *value, name = label or (None,)
    if not value or name is None or not SETTING.fullmatch(name.text):
        return False
    if name.kind == "name":
        return value[-1].text in PAUSES and any(map(_computes, value))
    if name.kind != "word":
        return False
    if not first and ends_operand(value) and value[-1].end < name.start:
        return may_be_other(name) and (value[-1].kind == "number" or value[-1].text == "|")
    said = _unlabelled(value)
    if said[-1].text in PAUSES and _counts(said):
        return False
    return _begins_with_value(said) and _is_condition(said[-LONGEST_NAME:])


def is_again(label: Sequence[Token], behind: Sequence[Token], text: str) -> bool:
    """Return whether *label* has the same value as the tokens *behind* it: ``36 + 4, n = 40``."""
    label = _unlabelled(label)
    value = _until(label, CONDITIONS)
    if any(token.kind == "number" for token in label[len(value) :]):
        return False
    one = _unworded(value)
    two = _unworded(_until(behind, LINKS | PAUSES))
    if _spelt(one) == _spelt(two):
        return bool(one)
    try:
        return computed(one, text) == computed(two, text)
    except AnswerError:
        return False


def _spelt(tokens: Sequence[Token]) -> list[tuple[str, str]]:
    return [(token.kind, token.text) for token in tokens]


def _until(tokens: Sequence[Token], ends: frozenset[str]) -> Sequence[Token]:
    """Return the tokens before the first of *ends* outside brackets."""
    depth = 0
    for at, token in enumerate(tokens):
        depth += (token.text in OPENERS) - (token.text in CLOSERS)
        if depth <= 0 and token.text.lower() in ends:
            return tokens[:at]
    return tokens


def _unlabelled(tokens: Sequence[Token]) -> Sequence[Token]:
    """Return *tokens* without leading words such as ``the result is``."""
    start = 0
    while start < len(tokens) - 1 and tokens[start].text.lower() in LEADING:
        start += 1
    return tokens[start:]


def _unworded(tokens: Sequence[Token]) -> Sequence[Token]:
    """Return *tokens* without trailing words that neither name nor scale a value."""
    while tokens and _is_thing(tokens[-1]):
        tokens = tokens[:-1]
    return tokens


def _is_thing(token: Token) -> bool:
    """Return whether *token* is a word that is not a unit, a setting or part of a number."""
    if token.kind not in {"word", "text"} or not may_be_other(token):
        return False
    return not any(known.fullmatch(token.text) for known in (SETTING, CHANGING, SCALING, PART))


def _counts(tokens: Sequence[Token]) -> bool:
    """Return whether *tokens* count things: ``2 layers``, ``3×3 conv``.

    ``5 MACs`` and ``5 in total`` are values.
    """
    at = 0
    while at < len(tokens) - 1 and (tokens[at].kind == "number" or tokens[at].text == "×"):
        at += 1
    said = {token.text.lower() for token in tokens[at:]}
    counted = at > 0 and tokens[at - 1].kind == "number" and _is_thing(tokens[at])
    return counted and tokens[at].text.lower() not in TOLD and not said & CONCLUDING


def _computes(token: Token) -> bool:
    return token.text in SIGNS or token.kind in {"number", "power"}


def _begins_with_value(tokens: Sequence[Token]) -> bool:
    """Return whether *tokens* start with a number, in brackets or not, that is no item number."""
    tokens = tokens[1:] if is_dash(tokens) else tokens
    at = 0
    while at < len(tokens) - 1 and _goes_before(tokens[at]):
        at += 1
    computes = any(token.text not in OPENERS for token in tokens[:at])
    return tokens[at].kind == "number" and (computes or not is_item(tokens[at:]))


def _goes_before(token: Token) -> bool:
    """Return whether *token* may precede the first number of a value."""
    return token.text in OPENERS or token.text in FIRST or token.kind == "function"


def _is_condition(tokens: Sequence[Token]) -> bool:
    """Return whether *tokens* end with a word such as ``for`` and only words after it."""
    for token in reversed(tokens):
        if token.text.lower() in CONDITIONS:
            return True
        if token.kind != "word" or token.text.lower() in SO:
            return False
    return False


def is_item(label: Sequence[Token]) -> bool:
    """Return whether *label* starts with an item number: ``1.``, ``1)``, ``2nd`` or ``2D``."""
    number, after = label[0], label[1] if len(label) - 1 else None
    if number.kind != "number" or after is None:
        return False
    if after.text in ORDINALS and after.start == number.end:
        return True
    return number.value < MOST_ITEMS and (number.text.endswith(".") or after.text == ")")
