"""Percent signs in an answer that is a percentage, with the sign or without it."""

from collections.abc import Sequence
from typing import Final

from grader.errors import AnswerError
from grader.reading.grammar.parser import PERCENTS, PRIMARY_KINDS, PRIMARY_SIGNS
from grader.reading.grammar.tokens import Token

__all__ = ["is_in_percent"]

WHOLE: Final = 100


def is_in_percent(tokens: Sequence[Token]) -> bool:
    """Tell whether a percent sign stands in the value, as in ``(88.9%)``; ``7 % 2`` has none.

    A bare 100 beside one, ``100 - 11.1%``, is an `AnswerError`: it may be in percent too. That in
    ``(100)%`` and in ``(100/3)%`` is not bare; that in ``(100 - 14%)%`` is.
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
    """Tell whether one of the *signed* places is behind a token or brackets that hold it.

    Not so where another one stands in the brackets.
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
    """Return where the bracket opens that closes at *closed*."""
    depth = 0
    for place in range(closed, 0, -1):
        depth += (tokens[place].text == ")") - (tokens[place].text == "(")
        if depth == 0:
            return place
    return 0


def _is_sign(tokens: Sequence[Token], at: int) -> bool:
    """Tell whether the token at *at* is a percent sign and not the sign of a remainder."""
    if tokens[at].text not in PERCENTS:
        return False
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    return after is None or not (after.kind in PRIMARY_KINDS or after.text in PRIMARY_SIGNS)
