"""Percent signs in an answer that is a percentage, with or without a sign."""

from collections.abc import Sequence
from typing import Final

from grader.errors import AnswerError
from grader.reading.grammar.cursor import PRIMARY_KINDS, PRIMARY_SIGNS
from grader.reading.grammar.parser import PERCENTS
from grader.reading.grammar.tokens import Token

HUNDRED_PERCENT: Final = 100


def detect_percent_sign(tokens: Sequence[Token]) -> bool:
    """Return whether the value has a percent sign, as in ``(88.9%)``; ``7 % 2`` has none.

    Raises `AnswerError` for a bare 100 beside a percentage, ``100 - 11.1%``, because it may be in
    percent too. The 100 in ``(100)%`` and in ``(100/3)%`` is not bare; in ``(100 - 14%)%`` it is.
    """
    sign_indexes = [index for index in range(len(tokens)) if _is_percent_sign(tokens, index)]
    for index, token in enumerate(tokens):
        bare = (
            token.kind == "number"
            and token.value == HUNDRED_PERCENT
            and not _is_covered_by_percent_sign(tokens, index, sign_indexes)
        )
        if sign_indexes and bare:
            raise AnswerError(
                "100 next to a percentage can mean 100 or 100%.",
                expected="the percent sign after each number, or after none",
                position=token.start,
            )
    return bool(sign_indexes)


def _is_covered_by_percent_sign(
    tokens: Sequence[Token], index: int, sign_indexes: Sequence[int]
) -> bool:
    """Return whether one of *sign_indexes* follows a token, or brackets that contain it.

    It does not count if those brackets contain another sign.
    """
    if index + 1 in sign_indexes:
        return True
    depth = 0
    for end in range(index + 1, len(tokens)):
        depth += (tokens[end].text == "(") - (tokens[end].text == ")")
        if depth < 0:
            depth = 0
            if end + 1 in sign_indexes:
                opened = _find_opening(tokens, end)
                return not any(opened < sign < end for sign in sign_indexes)
    return False


def _find_opening(tokens: Sequence[Token], closing: int) -> int:
    """Return the index of the bracket that the one at *closing* closes."""
    depth = 0
    for index in range(closing, 0, -1):
        depth += (tokens[index].text == ")") - (tokens[index].text == "(")
        if depth == 0:
            return index
    return 0


def _is_percent_sign(tokens: Sequence[Token], index: int) -> bool:
    """Return whether the token at *index* is a percent sign, and not the remainder operator."""
    if tokens[index].text not in PERCENTS:
        return False
    after = tokens[index + 1] if index + 1 < len(tokens) else None
    return after is None or not (after.kind in PRIMARY_KINDS or after.text in PRIMARY_SIGNS)
