"""Remarks in brackets beside a value, ``36 (second layer)``: dropped, with a note.

A remark that retracts the value, scales it or leads to another value is refused.
"""

import re
from collections.abc import Sequence
from typing import Final

from grader.errors import AnswerError
from grader.reading.grammar.equation_chains import LINKS
from grader.reading.grammar.errors import quote_span
from grader.reading.grammar.tokens import OPENERS, Token, ends_with_operand
from grader.reading.wording.meaning_checks import WORD, changed_meaning_error
from grader.reading.wording.meaning_words import EASTERN, HEDGE, SCALING, TIMES_BEFORE, TOTAL
from grader.values import Number, magnitude

OPERATOR_SIGNS: Final = frozenset({"+", "-", "*", "**", "/", "//", "×", "·", "frac", "%", "mod"})
VALUES: Final = frozenset({"number", "name"})
REMARKS: Final = frozenset({"(", "[", "{"})
SYMBOL_LIKE: Final = re.compile(r"[^\W\d_]|.*[\d_].*")
EASTERN_TEXT: Final = re.compile(rf"(?:{EASTERN})+")
FAR_DIVISOR: Final = 20
"""Divisor of a value; a number that differs by more than a 20th is not a rounding of it."""


def _refuse_doubtful_remark(group: Sequence[Token], words: frozenset[str]) -> None:
    """Raise `AnswerError` if the remark *group* retracts, replaces or scales the value."""
    counts = any(token.kind == "number" for token in group)
    for token in group:
        if token.kind not in words:
            continue
        if doubt := HEDGE.search(token.text.lower()):
            raise changed_meaning_error(doubt[0], token.start)
        scales = [word for word in WORD.findall(token.text.lower()) if SCALING.fullmatch(word)]
        if scales and not counts:
            raise changed_meaning_error(scales[0], token.start)


def _refuse_other_value(
    group: Sequence[Token], preceding: Sequence[Token], words: frozenset[str]
) -> None:
    """Raise `AnswerError` if the remark *group* leads to another value: ``36 (144 total)``."""
    numbers: list[Number] = [token.value for token in group if token.kind == "number"]
    values: list[Number] = [token.value for token in preceding if token.kind == "number"]
    if not numbers or len(values) != 1:
        return
    remark_words = [
        word for token in group if token.kind in words for word in token.text.lower().split()
    ]
    goes_on = group[1].text.lower() in TIMES_BEFORE
    value = values[0]
    other = all(FAR_DIVISOR * magnitude(number - value) > magnitude(value) for number in numbers)
    describes_value = group[1].text.lower() in TOTAL and group[2].text in {",", ";"}
    if goes_on or (other and not describes_value and TOTAL.intersection(remark_words)):
        raise AnswerError(
            "The remark in brackets leads to another value.",
            expected="one value, without the way to another",
            position=group[0].start,
        )


def strip_remarks(
    tokens: Sequence[Token], text: str, words: frozenset[str]
) -> tuple[list[Token], list[str]]:
    """Return the tokens outside remarks such as ``(second layer)``, and a note on each remark."""
    if not any(token.kind in words or token.text in LINKS for token in tokens):
        return list(tokens), []
    remaining: list[Token] = []
    notes: list[str] = []
    index = 0
    begun = False
    while index < len(tokens):
        begun = begun or tokens[index].kind in VALUES
        end = _find_group_end(tokens, index)
        after_word = begun and bool(remaining) and remaining[-1].kind in words
        if end and (after_word or _is_remark(tokens[index : end + 1], remaining, words)):
            _refuse_doubtful_remark(tokens[index : end + 1], words)
            _refuse_other_value(tokens[index : end + 1], remaining, words)
            notes.append(f"{quote_span(text, tokens[index].start, tokens[end].end)} was ignored.")
            index = end + 1
        else:
            remaining.append(tokens[index])
            index += 1
    return remaining, notes


def _find_group_end(tokens: Sequence[Token], index: int) -> int:
    """Return the index at which the bracket opened at *index* closes.

    Return 0 if no bracket opens there, or if another is nested in it.
    """
    if tokens[index].kind != "symbol" or tokens[index].text not in REMARKS:
        return 0
    for end in range(index + 1, len(tokens)):
        if tokens[end].text == OPENERS[tokens[index].text]:
            return end
        if tokens[end].text in OPENERS:
            return 0
    return 0


def _is_remark(group: Sequence[Token], preceding: Sequence[Token], words: frozenset[str]) -> bool:
    """Return whether the bracket *group* after *preceding* is a remark, not a computation."""
    signs = {token.text for token in group if token.kind == "symbol"}
    if signs & LINKS:
        return ends_with_operand(preceding) and group[1].text not in OPERATOR_SIGNS
    word_tokens = [token for token in group if token.kind in words]
    if all(looks_like_variable(token) for token in word_tokens) or (
        signs & OPERATOR_SIGNS and not _is_sum_of_words(group, words)
    ):
        return False
    glued = bool(preceding) and preceding[-1].end == group[0].start
    return not glued or len(word_tokens) > 1 or " " in word_tokens[0].text


def _is_sum_of_words(group: Sequence[Token], words: frozenset[str]) -> bool:
    """Return whether *group* is a sum of words, ``(weights + biases)``."""
    inner = group[1:-1]
    named = all(token.kind in words and not looks_like_variable(token) for token in inner[::2])
    return named and all(token.text in {"+", "&"} for token in inner[1::2])


def looks_like_variable(token: Token) -> bool:
    """Return whether a word looks like a variable: ``k``, ``R_2``, ``conv1``."""
    return SYMBOL_LIKE.fullmatch(token.text) is not None and not EASTERN_TEXT.fullmatch(token.text)
