"""Remarks in brackets beside a value, ``36 (second layer)``: dropped, with a note.

A remark that retracts the value, scales it or leads to another value is refused.
"""

import re
from collections.abc import Sequence
from typing import Final

from grader.errors import AnswerError
from grader.reading.grammar.equation_chains import LINKS
from grader.reading.grammar.errors import quoted
from grader.reading.grammar.tokens import OPENERS, Token, ends_operand
from grader.reading.wording.changed_meaning import WORD, changes_value
from grader.reading.wording.changing_words import EASTERN, HEDGE, SCALING, TIMES_BEFORE, TOTAL
from grader.values import Number, magnitude

__all__ = ["PLAIN", "SIGNS", "is_symbol", "without_remarks"]

SIGNS: Final = frozenset({"+", "-", "*", "**", "/", "//", "×", "·", "frac", "%", "mod"})
VALUES: Final = frozenset({"number", "name"})
REMARKS: Final = frozenset({"(", "[", "{"})
SYMBOL_LIKE: Final = re.compile(r"[^\W\d_]|.*[\d_].*")
PLAIN: Final = re.compile(rf"(?:{EASTERN})+")
FAR: Final = 20
"""Of how many parts of a value one lies between it and another value, not its rounding."""


def _refuse_doubt(group: Sequence[Token], words: frozenset[str]) -> None:
    """Raise `AnswerError` if the remark *group* retracts, replaces or scales the value."""
    counts = any(token.kind == "number" for token in group)
    for token in group:
        if token.kind not in words:
            continue
        if doubt := HEDGE.search(token.text.lower()):
            raise changes_value(doubt[0], token.start)
        scales = [word for word in WORD.findall(token.text.lower()) if SCALING.fullmatch(word)]
        if scales and not counts:
            raise changes_value(scales[0], token.start)


def _refuse_another(group: Sequence[Token], kept: Sequence[Token], words: frozenset[str]) -> None:
    """Raise `AnswerError` if the remark *group* leads to another value: ``36 (144 total)``."""
    numbers: list[Number] = [token.value for token in group if token.kind == "number"]
    values: list[Number] = [token.value for token in kept if token.kind == "number"]
    if not numbers or len(values) != 1:
        return
    said = [word for token in group if token.kind in words for word in token.text.lower().split()]
    goes_on = group[1].text.lower() in TIMES_BEFORE
    value = values[0]
    other = all(FAR * magnitude(number - value) > magnitude(value) for number in numbers)
    said_of_it = group[1].text.lower() in TOTAL and group[2].text in {",", ";"}
    if goes_on or (other and not said_of_it and TOTAL.intersection(said)):
        raise AnswerError(
            "The remark in brackets leads to another value.",
            expected="one value, without the way to another",
            position=group[0].start,
        )


def without_remarks(
    tokens: Sequence[Token], text: str, words: frozenset[str]
) -> tuple[list[Token], list[str]]:
    """Return the tokens outside remarks such as ``(second layer)``, and a note on each remark."""
    if not any(token.kind in words or token.text in LINKS for token in tokens):
        return list(tokens), []
    kept: list[Token] = []
    notes: list[str] = []
    at = 0
    begun = False
    while at < len(tokens):
        begun = begun or tokens[at].kind in VALUES
        end = _group_end(tokens, at)
        after_word = begun and bool(kept) and kept[-1].kind in words
        if end and (after_word or _is_remark(tokens[at : end + 1], kept, words)):
            _refuse_doubt(tokens[at : end + 1], words)
            _refuse_another(tokens[at : end + 1], kept, words)
            notes.append(f"{quoted(text, tokens[at].start, tokens[end].end)} was ignored.")
            at = end + 1
        else:
            kept.append(tokens[at])
            at += 1
    return kept, notes


def _group_end(tokens: Sequence[Token], at: int) -> int:
    """Return the index at which the bracket opened at *at* closes.

    Return 0 if no bracket opens there, or if another is nested in it.
    """
    if tokens[at].kind != "symbol" or tokens[at].text not in REMARKS:
        return 0
    for end in range(at + 1, len(tokens)):
        if tokens[end].text == OPENERS[tokens[at].text]:
            return end
        if tokens[end].text in OPENERS:
            return 0
    return 0


def _is_remark(group: Sequence[Token], kept: Sequence[Token], words: frozenset[str]) -> bool:
    """Return whether the bracket *group* after *kept* is a remark and not part of a computation."""
    signs = {token.text for token in group if token.kind == "symbol"}
    if signs & LINKS:
        return ends_operand(kept) and group[1].text not in SIGNS
    said = [token for token in group if token.kind in words]
    if all(is_symbol(token) for token in said) or (signs & SIGNS and not _names_sum(group, words)):
        return False
    glued = bool(kept) and kept[-1].end == group[0].start
    return not glued or len(said) > 1 or " " in said[0].text


def _names_sum(group: Sequence[Token], words: frozenset[str]) -> bool:
    """Return whether *group* is a sum of words, ``(weights + biases)``."""
    inner = group[1:-1]
    named = all(token.kind in words and not is_symbol(token) for token in inner[::2])
    return named and all(token.text in {"+", "&"} for token in inner[1::2])


def is_symbol(token: Token) -> bool:
    """Return whether a word looks like a variable: ``k``, ``R_2``, ``conv1``."""
    return SYMBOL_LIKE.fullmatch(token.text) is not None and not PLAIN.fullmatch(token.text)
