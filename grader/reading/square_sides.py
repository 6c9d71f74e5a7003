"""Side of a square, typed as ``29 × 29``, ``29²`` or ``29 × 29 = 841``."""

import re
from collections.abc import Sequence
from typing import Final

from grader.display.text import to_text
from grader.errors import AnswerError
from grader.reading.grammar.characters import clean_text
from grader.reading.grammar.equation_chains import extract_last_link
from grader.reading.grammar.evaluation import evaluate_tokens
from grader.reading.grammar.tokens import CLOSERS, OPENERS, Token, tokenize
from grader.reading.numbers import MAX_TEXT, WORD_KINDS
from grader.reading.result import Reading
from grader.reading.wording.surrounding_words import strip_surrounding_words
from grader.values import Number

SIGN: Final = re.compile(r"[x×X*·^²]|\*\*|times|by|cdot")
FACTOR_SIGNS: Final = frozenset({"×", "*", "·"})
SQUARED: Final = 2


def read_square_side(typed: str) -> Reading[Number] | None:
    """Return the side n of a square typed as n×n, n² or n×n = n²; None for any other text.

    >>> read_square_side("13 + 4·4 = 29 × 29 pixels").value
    29
    """
    if not SIGN.search(typed):
        return None
    text = clean_text(typed, limit=MAX_TEXT)
    link = extract_last_link(tokenize(text, grouping=False), text)
    value = strip_surrounding_words(link.tokens, text, words=WORD_KINDS)
    side, notes = _find_side(value.tokens, text), (*link.notes, *value.notes)
    if side is None and len(value.tokens) == 1:
        side = _find_side_before(link.unrounded, value.tokens[0].value, text)
        notes = value.notes
    if side is None or side != int(side):
        return None
    side_text = to_text(side)
    return Reading(side, side_text, (*notes, f"{side_text}×{side_text} stands for {side_text}."), 1)


def _find_side_before(links: Sequence[Sequence[Token]], area: Number, text: str) -> Number | None:
    """Return the side of the square in one of *links* whose area is *area*."""
    for link in links:
        try:
            value = strip_surrounding_words(link, text, words=WORD_KINDS)
        except AnswerError:
            continue
        side = _find_side(value.tokens, text)
        if side is not None and side * side == area:
            return side
    return None


def _find_side(tokens: Sequence[Token], text: str) -> Number | None:
    """Return the value of both factors if *tokens* are a product of two equal ones."""
    try:
        match [token.text for token in tokens]:
            case [_, _] if tokens[1].kind == "power" and tokens[1].value == SQUARED:
                return evaluate_tokens(tokens[:1], text)
            case [_, "**", "2"]:
                return evaluate_tokens(tokens[:1], text)
        depth, cuts = 0, []
        for index, token in enumerate(tokens):
            depth += (token.text in OPENERS) - (token.text in CLOSERS)
            if not depth and token.kind == "symbol" and token.text not in CLOSERS:
                cuts.append(index)
        if len(cuts) != 1 or tokens[cuts[0]].text not in FACTOR_SIGNS:
            return None
        left, right = tokens[: cuts[0]], tokens[cuts[0] + 1 :]
        side = evaluate_tokens(left, text) if left and right else None
        return side if side is not None and side == evaluate_tokens(right, text) else None
    except AnswerError:
        return None
