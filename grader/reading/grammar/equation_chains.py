"""Chains of equations: in ``a = b = c`` the last link counts, and only it must be readable."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grader.errors import AnswerError
from grader.reading.grammar.ambiguous_signs import refuse_augmented_assignment, refuse_label_dash
from grader.reading.grammar.errors import SEVERAL_VALUES, quote_span
from grader.reading.grammar.tokens import CLOSERS, OPENERS, Token, ends_with_operand
from grader.reading.units.magnitudes import is_scale_word
from grader.reading.wording.adjacent_names import (
    CONCLUDING_WORDS,
    EQUATING_WORDS,
    LEADING_WORDS,
    LINK_STARTS,
    LINKS,
    PAUSE_SIGNS,
    THEREFORE_WORDS,
    ends_with_other_name,
    may_name_value,
    repeats_value,
    starts_with_dash,
    starts_with_item_number,
    strip_trailing_words,
)

__all__ = [
    "CHAIN_NOTE",
    "LINKS",
    "LINK_STARTS",
    "OPTIONAL_NAME",
    "ValueTokens",
    "extract_last_link",
]

OPTIONAL_NAME: Final = r"(?:(?!None\b)[A-Za-z][A-Za-z0-9_]{0,40} ?= ?)?"
"""One word and the sign after it, or nothing; the rest reads as it does alone."""
JOINING_WORDS: Final = frozenset({"and", "und"})
APPROXIMATE_SIGNS: Final = frozenset({"≈", "≃", "≅", r"\approx", r"\simeq", r"\cong"})
"""Signs which indicate that the value after them is rounded."""
CHAIN_NOTE: Final = "The last value of the chain counts."


@dataclass(frozen=True, slots=True)
class ValueTokens:
    """Tokens of a value, and notes on how it was found.

    *unrounded* holds the tokens of nearby values that this value may round, such as the previous
    link. *approximate* is true if the sign before the value, such as ``≈``, says that it is
    rounded.
    """

    tokens: list[Token]
    notes: tuple[str, ...] = ()
    unrounded: tuple[tuple[Token, ...], ...] = ()
    approximate: bool = False


def extract_last_link(tokens: Sequence[Token], text: str) -> ValueTokens:
    """Return the tokens after the last ``=``, ``:``, ``⇒`` or ``, so`` outside brackets.

    Raises `AnswerError` for two separate equations, such as ``k = 5, p = 2``.
    """
    if not any(token.text in LINK_STARTS or _is_therefore(token) for token in tokens):
        return ValueTokens(list(tokens))
    cuts = _find_link_boundaries(tokens, text)
    cut = cuts[-1] if cuts else 0
    if 0 < cut == len(tokens):
        sign = tokens[-1]
        raise AnswerError(
            f"Nothing follows the last {quote_span(text, sign.start, sign.end)}.",
            expected="a value",
            position=sign.start,
        )
    notes = (CHAIN_NOTE,) if _is_chain(tokens, cuts) else ()
    approximate = (
        bool(cuts) and text[tokens[cut - 1].start : tokens[cut - 1].end] in APPROXIMATE_SIGNS
    )
    return ValueTokens(list(tokens[cut:]), notes, _previous_link(tokens, cuts), approximate)


def _previous_link(tokens: Sequence[Token], cuts: Sequence[int]) -> tuple[tuple[Token, ...], ...]:
    """Return the link before the last one; none after a colon, which only follows a name."""
    if not cuts or tokens[cuts[-1] - 1].text == ":":
        return ()
    return (tuple(tokens[cuts[-2] if len(cuts) > 1 else 0 : cuts[-1] - 1]),)


def _find_link_boundaries(tokens: Sequence[Token], text: str) -> list[int]:
    """Return the positions at which links start, except the first."""
    cuts: list[int] = []
    depth = 0
    worded = False  # whether a word follows the last cut
    equals = max((index for index, token in enumerate(tokens) if token.text == "="), default=-1)
    conclusion = _find_concluding_word(tokens)
    for index, token in enumerate(tokens):
        if token.kind != "symbol":
            worded = worded or token.kind in {"word", "text"}
            if index == conclusion and not depth:
                cuts.append(index + 1)
                worded = False
            continue
        depth = max(0, depth + (token.text in OPENERS) - (token.text in CLOSERS))
        if depth:
            continue
        start = cuts[-1] if cuts else 0
        refuse_augmented_assignment(tokens, index, text)
        named = worded and not _may_be_ratio(tokens, index)
        is_label = token.text == ":" and (named or _follows_variable(tokens, start, index))
        if is_label and _contains_value(tokens[start:index], first=not cuts):
            raise _several_values_error(token)
        second = worded and token.text in LINK_STARTS
        if second and _names_second_value(tokens[start:index], first=not cuts):
            raise _several_values_error(token)
        before = tokens[start:index]
        names_other = token.text == "=" and (
            ends_with_other_name(before, first=not cuts)
            or (bool(cuts) and _names_value_directly(before, token))
        )
        if names_other and not repeats_value(tokens[start:index], tokens[index + 1 :], text):
            raise _several_values_error(token)
        if is_label or token.text in LINKS:
            if is_label:
                refuse_label_dash(tokens, index, text)
            cuts.append(index + 1)
            worded = False
        elif cuts and token.text in ",;" and index < equals and ends_with_operand(before[-1:]):
            raise _several_values_error(token)
    return cuts


def _is_therefore(token: Token) -> bool:
    return token.kind == "word" and token.text.lower() in THEREFORE_WORDS


def _find_concluding_word(tokens: Sequence[Token]) -> int | None:
    """Return the position of the last ``so``, if a value precedes it and only a value follows.

    Return None if nearby words may name another value: ``63, so 64 with padding``.
    """
    index = max((index for index, token in enumerate(tokens) if _is_therefore(token)), default=0)
    before = tokens[max(0, index - 1) : index]
    if before and before[0].text in JOINING_WORDS:
        before = tokens[max(0, index - 2) : index - 1]
    if not before or not (before[0].text in PAUSE_SIGNS or ends_with_operand(before)):
        return None
    start = index + 1
    while start < len(tokens) and (tokens[start].text.lower() in LEADING_WORDS | {",", "."}):
        start += 1
    value = tokens[start:]
    equates = tokens[index].text.lower() in EQUATING_WORDS
    if equates or any(token.text in LINKS for token in tokens[:index]):
        value = strip_trailing_words(value)
    alone = bool(value) and not starts_with_dash(value) and not any(map(may_name_value, value))
    return index if alone else None


def _several_values_error(token: Token) -> AnswerError:
    return AnswerError(SEVERAL_VALUES, expected="one value", position=token.start)


def _contains_value(label: Sequence[Token], *, first: bool) -> bool:
    """Return whether *label* contains a value, as in ``85 depth:`` or in ``85; second:``.

    Before the *first* link ``3 layers`` starts with a value; ``layer 2`` and ``2nd layer`` are
    names.
    """
    words = [token for token in label if token.kind in {"word", "text"}]
    if not words or any(CONCLUDING_WORDS & set(word.text.lower().split()) for word in words):
        return False
    if first:
        signed = label[0].text in {"-", "+"} and label[0].end == label[1].start
        label = label[1:] if signed else label
        return label[0].kind == "number" and not starts_with_item_number(label)
    values = [
        index
        for index, token in enumerate(label)
        if token.kind == "number" or _is_whole_variable(label, index)
    ]
    return bool(values) and label[values[0]].start < words[-1].start


def _names_second_value(label: Sequence[Token], *, first: bool) -> bool:
    """Return whether *label* names a second value: ``acc 0.73, loss`` or ``0.73 and loss``."""
    words = [
        token
        for index, token in enumerate(label)
        if token.kind in {"word", "text"} and not _belongs_to_number(label, index)
    ]
    if not words or any(CONCLUDING_WORDS & set(word.text.lower().split()) for word in words):
        return False
    if first:
        between = (token for token in label if words[0].start < token.start < words[-1].start)
        return any(token.kind == "number" and (token.last_place or 0) < 0 for token in between)
    return any(
        token.kind == "word" and token.text in JOINING_WORDS and ends_with_operand(label[:index])
        for index, token in enumerate(label)
    )


def _belongs_to_number(tokens: Sequence[Token], index: int) -> bool:
    """Return whether the word at *index* scales the number before it, or calls a bracket."""
    token, after = tokens[index], tokens[index + 1 : index + 2]
    if after and after[0].text == "(" and after[0].start == token.end:
        return True
    return index > 0 and tokens[index - 1].kind == "number" and is_scale_word(token)


def _names_value_directly(label: Sequence[Token], sign: Token) -> bool:
    """Return whether *label* is a value and then a word, as between ``acc=0.9 loss=0.3``.

    A unit names a value only if the *sign* touches it, as in ``params=5 macs=9``.
    """
    *value, word = label or (None,)
    if not value or word is None or word.kind not in {"word", "text"}:
        return False
    apart = value[-1].end < word.start
    names = may_name_value(word) or word.end == sign.start
    return (
        apart
        and names
        and ends_with_operand(value)
        and word.text.lower() not in CONCLUDING_WORDS
        and not is_scale_word(word)
    )


def _is_whole_variable(tokens: Sequence[Token], index: int) -> bool:
    """Return whether the token at *index* is a variable, and not the first letter of a word."""
    token, after = tokens[index], tokens[index + 1 : index + 2]
    return token.kind == "name" and not (after and after[0].start == token.end)


def _follows_variable(tokens: Sequence[Token], start: int, index: int) -> bool:
    """Return whether the colon at *index* follows a single variable, as in ``N: K + 1``."""
    if index != start + 1 or index + 1 == len(tokens) or tokens[start].kind != "name":
        return False
    return tokens[start].end == tokens[index].start and tokens[index].end < tokens[index + 1].start


def _may_be_ratio(tokens: Sequence[Token], index: int) -> bool:
    """Return whether the colon at *index* may form a ratio, as in ``ratio 1:3`` or ``1 : 3``."""
    before, colon, after = (*tokens[max(0, index - 1) : index + 2], None, None)[:3]
    if before is None or after is None or colon is None:
        return False
    numbers = before.kind == after.kind == "number"
    return numbers and (before.end == colon.start) == (colon.end == after.start)


def _is_chain(tokens: Sequence[Token], cuts: Sequence[int]) -> bool:
    """Return whether a value, and not just a label such as ``R_2``, precedes the last link."""
    before = tokens[: cuts[-1]] if cuts else ()
    if before and _is_therefore(before[-1]):
        return True
    if not any(token.kind == "number" for token in before):
        return False
    return len(cuts) > 1 or not any(token.kind in {"word", "text"} for token in before)
