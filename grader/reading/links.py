"""Chains of equations: of ``a = b = c`` the last link counts, and only it has to be readable."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grader.errors import AnswerError
from grader.reading.refusals import quoted
from grader.reading.tokens import CLOSERS, OPENERS, Token, ends_operand

__all__ = ["CHAIN_NOTE", "LINKS", "Found", "last_link"]

LINKS: Final = frozenset({"=", "⇒"})
CHAIN_NOTE: Final = "The last value of the chain counts."


@dataclass(frozen=True, slots=True)
class Found:
    """The tokens of a value, and sentences on what was decided to find it."""

    tokens: list[Token]
    notes: tuple[str, ...] = ()


def last_link(tokens: Sequence[Token], text: str) -> Found:
    """Return what stands behind the last ``=``, ``:`` or ``⇒`` outside brackets.

    Two equations side by side, ``k = 5, p = 2``, are an `AnswerError`.
    """
    cuts = _cuts(tokens)
    cut = cuts[-1] if cuts else 0
    if 0 < cut == len(tokens):
        sign = tokens[-1]
        raise AnswerError(
            f"Nothing stands after the last {quoted(text, sign.start, sign.end)}.",
            expected="a value",
            position=sign.start,
        )
    return Found(list(tokens[cut:]), (CHAIN_NOTE,) if _is_chain(tokens, cuts) else ())


def _cuts(tokens: Sequence[Token]) -> list[int]:
    """Return the places at which links begin, except the first."""
    cuts: list[int] = []
    depth = 0
    worded = False  # whether there is a word since the last cut
    equals = max((at for at, token in enumerate(tokens) if token.text == "="), default=-1)
    for at, token in enumerate(tokens):
        if token.kind != "symbol":
            worded = worded or token.kind in {"word", "text"}
            continue
        depth = max(0, depth + (token.text in OPENERS) - (token.text in CLOSERS))
        if depth:
            continue
        start = cuts[-1] if cuts else 0
        labels = token.text == ":" and (worded or _is_named(tokens, start, at))
        if labels or token.text in LINKS:
            cuts.append(at + 1)
            worded = False
        elif cuts and token.text in ",;" and at < equals and ends_operand(tokens[at - 1 : at]):
            raise AnswerError(
                "Several values are given.", expected="one value", position=token.start
            )
    return cuts


def _is_named(tokens: Sequence[Token], start: int, at: int) -> bool:
    """Tell whether the colon at *at* stands behind a variable alone, as in ``N: K + 1``."""
    if at != start + 1 or at + 1 == len(tokens) or tokens[start].kind != "name":
        return False
    return tokens[start].end == tokens[at].start and tokens[at].end < tokens[at + 1].start


def _is_chain(tokens: Sequence[Token], cuts: Sequence[int]) -> bool:
    """Tell whether a value stands before the last link, and not just a label such as ``R_2``."""
    before = tokens[: cuts[-1]] if cuts else ()
    if not any(token.kind == "number" for token in before):
        return False
    return len(cuts) > 1 or not any(token.kind in {"word", "text"} for token in before)
