"""Percent signs in an answer that is a percentage, with or without a sign."""

from collections.abc import Sequence
from typing import Final

from grader.errors import AnswerError
from grader.reading.grammar.parser import PERCENTS, PRIMARY_KINDS, PRIMARY_SIGNS
from grader.reading.grammar.tokens import Token

__all__ = ["is_in_percent"]

WHOLE: Final = 100


def is_in_percent(tokens: Sequence[Token]) -> bool:
    """Return whether the value has a percent sign, as in ``(88.9%)``; ``7 % 2`` has none.

    Raises `AnswerError` for a bare 100 beside a percentage, ``100 - 11.1%``, because it may be in
    percent too. The 100 in ``(100)%`` and in ``(100/3)%`` is not bare; in ``(100 - 14%)%`` it is.
    """
    signed = [at for at in range(len(tokens)) if _is_sign(tokens, at)]
    for at, token in enumerate(tokens):
        bare = token.kind == "number" and token.value == WHOLE and not _has_sign(tokens, at, signed)
        if signed and bare:
            raise AnswerError(
                "100 beside a percentage can be read as 100 or as 100%.",
                expected="the percent sign behind each number, or behind none",
                position=token.start,
            )
    return bool(signed)


def _has_sign(tokens: Sequence[Token], at: int, signed: Sequence[int]) -> bool:
    """Return whether one of the *signed* positions follows a token, or brackets that contain it.

    It does not count if those brackets contain another sign.
    """
    if at + 1 in signed:
        return True
    depth = 0
    for place in range(at + 1, len(tokens)):
        depth += (tokens[place].text == "(") - (tokens[place].text == ")")
        if depth < 0:
            depth = 0
            if place + 1 in signed:
                opened = _opening(tokens, place)
                return not any(opened < sign < place for sign in signed)
    return False


def _opening(tokens: Sequence[Token], closed: int) -> int:
    """Return the index of the bracket that the one at *closed* closes."""
    depth = 0
    for place in range(closed, 0, -1):
        depth += (tokens[place].text == ")") - (tokens[place].text == "(")
        if depth == 0:
            return place
    return 0


def _is_sign(tokens: Sequence[Token], at: int) -> bool:
    """Return whether the token at *at* is a percent sign, and not the remainder operator."""
    if tokens[at].text not in PERCENTS:
        return False
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    return after is None or not (after.kind in PRIMARY_KINDS or after.text in PRIMARY_SIGNS)
