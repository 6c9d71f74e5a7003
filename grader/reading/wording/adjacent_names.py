"""Names beside a value: of another value, ``12 for n = 3``, or of the same, ``12, n = 12``."""

import re
from collections.abc import Sequence
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.evaluation import evaluate_tokens
from grader.reading.grammar.tokens import CLOSERS, OPENERS, Token, ends_with_operand
from grader.reading.units.magnitudes import is_scale_word
from grader.reading.units.unit_names import parse_unit
from grader.reading.wording.meaning_words import CHANGING, PART, SCALING

LINKS: Final = frozenset({"=", "⇒"})
LINK_STARTS: Final = LINKS | {":"}
"""Signs after which a value may begin."""
CONSEQUENCE_WORDS: Final = frozenset({"so", "hence", "thus", "therefore"})
EQUATING_WORDS: Final = frozenset({"i.e", "ie"})
"""Words between two forms of the same value."""
THEREFORE_WORDS: Final = CONSEQUENCE_WORDS | EQUATING_WORDS
"""Words after a value that mean the same as ``⇒`` if only another value follows."""
CONCLUDING_WORDS: Final = THEREFORE_WORDS | {
    "answer",
    "result",
    "total",
    "altogether",
    "final",
    "finally",
}
"""Words of a label which mark the value after it as the final one."""
LEADING_WORDS: Final = CONCLUDING_WORDS | {
    "the",
    "value",
    "is",
    "are",
    "there",
    "we",
    "get",
    "have",
    "it",
    "about",
}
"""Words between ``so`` and the value that name no other value."""
PAUSE_SIGNS: Final = frozenset({",", ";", "."})
CONDITION_WORDS: Final = PAUSE_SIGNS | {
    *("for", "when", "if", "where", "with", "at", "using", "assuming", "given", "since", "because"),
    *("as", "and", "or", "@", "für", "bei", "mit", "wenn", "falls", "und", "oder", "wobei"),
    *("pour", "avec", "si", "où", "con", "para", "cuando", "donde"),
}
"""Separators of a value and the name of another one: ``12 for n = 3``, ``12, n = 3``."""
SETTING_NAME: Final = lazy_regex(
    r"[^\W\d_]|.*[\d_].*|strides?|padding|pad|dilation|batch|kernel|groups|epochs?", re.IGNORECASE
)
"""A word that names a separate value: a letter, ``s_1``, or a setting of a layer."""
MAX_NAME_TOKENS: Final = 3
UNCOUNTED_WORDS: Final = (
    LEADING_WORDS | CONDITION_WORDS | {"in", "by", "of", "out", "per", "on", "after", "was"}
)
"""Words after a number that name nothing to count."""
VALUE_STARTS: Final = frozenset({"+", "-", "frac"})
ORDINALS: Final = frozenset({"st", "nd", "rd", "th", "D", "d"})
MAX_ITEM_NUMBER: Final = 10
OPERATOR_SIGNS: Final = frozenset({"+", "-", "*", "**", "/", "//", "×", "·"})


def starts_with_dash(tokens: Sequence[Token]) -> bool:
    """Return whether *tokens* start with a sign and a space: a dash, or a minus sign."""
    return tokens[0].text in {"-", "+"} and any(tokens[0].end < two.start for two in tokens[1:2])


def may_name_value(token: Token) -> bool:
    """Return whether *token* is a word that may name a value, or a sign that a value follows."""
    if token.kind in {"word", "text"}:
        return not is_scale_word(token) and parse_unit(token.text) is None
    return token.kind == "symbol" and token.text in LINK_STARTS


def ends_with_other_name(label: Sequence[Token], *, first: bool) -> bool:
    """Return whether *label* is a value and then the name of another: ``12 for n``, ``3 s``.

    In the *first* link ``4 n`` may be a product. ``layer 2, n`` is a name.
    """
    *value, name = label or (None,)
    if not value or name is None or not SETTING_NAME.fullmatch(name.text):
        return False
    if name.kind == "name":
        return value[-1].text in PAUSE_SIGNS and any(map(_is_computation, value))
    if name.kind != "word":
        return False
    if not first and ends_with_operand(value) and value[-1].end < name.start:
        return may_name_value(name) and (value[-1].kind == "number" or value[-1].text == "|")
    unlabeled = _strip_leading_words(value)
    if unlabeled[-1].text in PAUSE_SIGNS and _is_count(unlabeled):
        return False
    return _begins_with_value(unlabeled) and _ends_with_condition(unlabeled[-MAX_NAME_TOKENS:])


def repeats_value(label: Sequence[Token], behind: Sequence[Token], text: str) -> bool:
    """Return whether *label* has the same value as the tokens *behind* it: ``36 + 4, n = 40``."""
    label = _strip_leading_words(label)
    value = _take_until(label, CONDITION_WORDS)
    if any(token.kind == "number" for token in label[len(value) :]):
        return False
    left = strip_trailing_words(value)
    right = strip_trailing_words(_take_until(behind, LINKS | PAUSE_SIGNS))
    if _token_spellings(left) == _token_spellings(right):
        return bool(left)
    try:
        return evaluate_tokens(left, text) == evaluate_tokens(right, text)
    except AnswerError:
        return False


def _token_spellings(tokens: Sequence[Token]) -> list[tuple[str, str]]:
    return [(token.kind, token.text) for token in tokens]


def _take_until(tokens: Sequence[Token], ends: frozenset[str]) -> Sequence[Token]:
    """Return the tokens before the first of *ends* outside brackets."""
    depth = 0
    for index, token in enumerate(tokens):
        depth += (token.text in OPENERS) - (token.text in CLOSERS)
        if depth <= 0 and token.text.lower() in ends:
            return tokens[:index]
    return tokens


def _strip_leading_words(tokens: Sequence[Token]) -> Sequence[Token]:
    """Return *tokens* without leading words such as ``the result is``."""
    start = 0
    while start < len(tokens) - 1 and tokens[start].text.lower() in LEADING_WORDS:
        start += 1
    return tokens[start:]


def strip_trailing_words(tokens: Sequence[Token]) -> Sequence[Token]:
    """Return *tokens* without trailing words that neither name nor scale a value."""
    while tokens and _is_counted_thing(tokens[-1]):
        tokens = tokens[:-1]
    return tokens


def _is_counted_thing(token: Token) -> bool:
    """Return whether *token* is a word that is not a unit, a setting or part of a number."""
    if token.kind not in {"word", "text"} or not may_name_value(token):
        return False
    return not any(known.fullmatch(token.text) for known in (SETTING_NAME, CHANGING, SCALING, PART))


def _is_count(tokens: Sequence[Token]) -> bool:
    """Return whether *tokens* count things: ``2 layers``, ``3×3 conv``.

    ``5 MACs`` and ``5 in total`` are values.
    """
    index = 0
    while index < len(tokens) - 1 and (tokens[index].kind == "number" or tokens[index].text == "×"):
        index += 1
    words = {token.text.lower() for token in tokens[index:]}
    counted = index > 0 and tokens[index - 1].kind == "number" and _is_counted_thing(tokens[index])
    return (
        counted
        and tokens[index].text.lower() not in UNCOUNTED_WORDS
        and not words & CONCLUDING_WORDS
    )


def _is_computation(token: Token) -> bool:
    return token.text in OPERATOR_SIGNS or token.kind in {"number", "power"}


def _begins_with_value(tokens: Sequence[Token]) -> bool:
    """Return whether *tokens* start with a number, in brackets or not, that is no item number."""
    tokens = tokens[1:] if starts_with_dash(tokens) else tokens
    index = 0
    while index < len(tokens) - 1 and _may_precede_number(tokens[index]):
        index += 1
    computes = any(token.text not in OPENERS for token in tokens[:index])
    return tokens[index].kind == "number" and (
        computes or not starts_with_item_number(tokens[index:])
    )


def _may_precede_number(token: Token) -> bool:
    """Return whether *token* may precede the first number of a value."""
    return token.text in OPENERS or token.text in VALUE_STARTS or token.kind == "function"


def _ends_with_condition(tokens: Sequence[Token]) -> bool:
    """Return whether *tokens* end with a word such as ``for`` and only words after it."""
    for token in reversed(tokens):
        if token.text.lower() in CONDITION_WORDS:
            return True
        if token.kind != "word" or token.text.lower() in THEREFORE_WORDS:
            return False
    return False


def starts_with_item_number(label: Sequence[Token]) -> bool:
    """Return whether *label* starts with an item number: ``1.``, ``1)``, ``2nd`` or ``2D``."""
    number, after = label[0], label[1] if len(label) - 1 else None
    if number.kind != "number" or after is None:
        return False
    if after.text in ORDINALS and after.start == number.end:
        return True
    return number.value < MAX_ITEM_NUMBER and (number.text.endswith(".") or after.text == ")")
