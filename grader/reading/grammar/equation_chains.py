"""Chains of equations: in ``a = b = c`` the last link counts, and only it must be readable."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grader.errors import AnswerError
from grader.reading.grammar.errors import quoted
from grader.reading.grammar.signs import refuse_assignment, refuse_label_dash
from grader.reading.grammar.tokens import CLOSERS, OPENERS, Token, ends_operand
from grader.reading.wording.adjacent_names import (
    CONCLUDING,
    CUTTING,
    LEADING,
    LINKS,
    PAUSES,
    SO,
    is_again,
    is_beside,
    is_dash,
    is_item,
    may_be_other,
)

__all__ = ["CHAIN_NOTE", "CUTTING", "LINKS", "NAMED", "Found", "last_link"]

NAMED: Final = r"(?:(?!None\b)[A-Za-z][A-Za-z0-9_]{0,40} ?= ?)?"
"""One word and the sign behind it, or nothing: what is behind it reads as it does alone."""
JOINING: Final = frozenset({"and", "und"})
ROUGH: Final = frozenset({"≈", "≃", "≅", r"\approx", r"\simeq", r"\cong"})
"""Signs that say that what stands behind them is rounded."""
CHAIN_NOTE: Final = "The last value of the chain counts."


@dataclass(frozen=True, slots=True)
class Found:
    """Tokens of a value, and notes on how it was found.

    *full* holds the tokens of nearby values that this value may round, such as the previous link.
    *rough* is true if the sign before the value, such as ``≈``, says that it is rounded.
    """

    tokens: list[Token]
    notes: tuple[str, ...] = ()
    full: tuple[tuple[Token, ...], ...] = ()
    rough: bool = False


def last_link(tokens: Sequence[Token], text: str) -> Found:
    """Return the tokens after the last ``=``, ``:``, ``⇒`` or ``, so`` outside brackets.

    Raises `AnswerError` for two separate equations, such as ``k = 5, p = 2``.
    """
    if not any(token.text in CUTTING or _is_so(token) for token in tokens):
        return Found(list(tokens))
    cuts = _cuts(tokens, text)
    cut = cuts[-1] if cuts else 0
    if 0 < cut == len(tokens):
        sign = tokens[-1]
        raise AnswerError(
            f"Nothing stands after the last {quoted(text, sign.start, sign.end)}.",
            expected="a value",
            position=sign.start,
        )
    notes = (CHAIN_NOTE,) if _is_chain(tokens, cuts) else ()
    rough = bool(cuts) and text[tokens[cut - 1].start : tokens[cut - 1].end] in ROUGH
    return Found(list(tokens[cut:]), notes, _before(tokens, cuts), rough)


def _before(tokens: Sequence[Token], cuts: Sequence[int]) -> tuple[tuple[Token, ...], ...]:
    """Return the link before the last one; none after a colon, which only follows a name."""
    if not cuts or tokens[cuts[-1] - 1].text == ":":
        return ()
    return (tuple(tokens[cuts[-2] if len(cuts) > 1 else 0 : cuts[-1] - 1]),)


def _cuts(tokens: Sequence[Token], text: str) -> list[int]:
    """Return the positions at which links start, except the first."""
    cuts: list[int] = []
    depth = 0
    worded = False  # whether a word follows the last cut
    equals = max((at for at, token in enumerate(tokens) if token.text == "="), default=-1)
    so = _conclusion(tokens)
    for at, token in enumerate(tokens):
        if token.kind != "symbol":
            worded = worded or token.kind in {"word", "text"}
            if at == so and not depth:
                cuts.append(at + 1)
                worded = False
            continue
        depth = max(0, depth + (token.text in OPENERS) - (token.text in CLOSERS))
        if depth:
            continue
        start = cuts[-1] if cuts else 0
        refuse_assignment(tokens, at, text)
        named = worded and not _is_ratio(tokens, at)
        labels = token.text == ":" and (named or _is_named(tokens, start, at))
        if labels and _holds_value(tokens[start:at], first=not cuts):
            raise _several(token)
        second = worded and token.text in CUTTING
        if second and _is_second(tokens[start:at], first=not cuts):
            raise _several(token)
        beside = token.text == "=" and is_beside(tokens[start:at], first=not cuts)
        if beside and not is_again(tokens[start:at], tokens[at + 1 :], text):
            raise _several(token)
        if labels or token.text in LINKS:
            if labels:
                refuse_label_dash(tokens, at, text)
            cuts.append(at + 1)
            worded = False
        elif cuts and token.text in ",;" and at < equals and ends_operand(tokens[at - 1 : at]):
            raise _several(token)
    return cuts


def _is_so(token: Token) -> bool:
    return token.kind == "word" and token.text.lower() in SO


def _conclusion(tokens: Sequence[Token]) -> int | None:
    """Return the position of the last ``so``, if a value precedes it and only a value follows.

    Return None if nearby words may name another value: ``63, so 64 with padding``.
    """
    at = max((at for at, token in enumerate(tokens) if _is_so(token)), default=0)
    before = tokens[max(0, at - 1) : at]
    if before and before[0].text in JOINING:
        before = tokens[max(0, at - 2) : at - 1]
    if not before or not (before[0].text in PAUSES or ends_operand(before)):
        return None
    start = at + 1
    while start < len(tokens) and (tokens[start].text.lower() in LEADING | {","}):
        start += 1
    value = tokens[start:]
    alone = bool(value) and not is_dash(value) and not any(map(may_be_other, value))
    return at if alone else None


def _several(token: Token) -> AnswerError:
    return AnswerError("Several values are given.", expected="one value", position=token.start)


def _holds_value(label: Sequence[Token], *, first: bool) -> bool:
    """Return whether *label* contains a value, as in ``85 depth:`` or in ``85; second:``.

    Before the *first* link ``3 layers`` starts with a value; ``layer 2`` and ``2nd layer`` are
    names.
    """
    words = [token for token in label if token.kind in {"word", "text"}]
    if not words or any(CONCLUDING & set(word.text.lower().split()) for word in words):
        return False
    if first:
        signed = label[0].text in {"-", "+"} and label[0].end == label[1].start
        label = label[1:] if signed else label
        return label[0].kind == "number" and not is_item(label)
    values = [at for at, token in enumerate(label) if token.kind == "number" or _stands(label, at)]
    return bool(values) and label[values[0]].start < words[-1].start


def _is_second(label: Sequence[Token], *, first: bool) -> bool:
    """Return whether *label* names a second value: ``acc 0.73, loss`` or ``0.73 and loss``."""
    words = [token for token in label if token.kind in {"word", "text"}]
    if not words or any(CONCLUDING & set(word.text.lower().split()) for word in words):
        return False
    if first:
        between = (token for token in label if words[0].start < token.start < words[-1].start)
        return any(token.kind == "number" and (token.place or 0) < 0 for token in between)
    return any(
        token.kind == "word" and token.text in JOINING and ends_operand(label[:at])
        for at, token in enumerate(label)
    )


def _stands(tokens: Sequence[Token], at: int) -> bool:
    """Return whether the token at *at* is a variable, and not the first letter of a word."""
    token, after = tokens[at], tokens[at + 1 : at + 2]
    return token.kind == "name" and not (after and after[0].start == token.end)


def _is_named(tokens: Sequence[Token], start: int, at: int) -> bool:
    """Return whether the colon at *at* follows a single variable, as in ``N: K + 1``."""
    if at != start + 1 or at + 1 == len(tokens) or tokens[start].kind != "name":
        return False
    return tokens[start].end == tokens[at].start and tokens[at].end < tokens[at + 1].start


def _is_ratio(tokens: Sequence[Token], at: int) -> bool:
    """Return whether the colon at *at* may form a ratio, as in ``ratio 1:3`` or ``1 : 3``."""
    before, colon, after = (*tokens[max(0, at - 1) : at + 2], None, None)[:3]
    if before is None or after is None or colon is None:
        return False
    numbers = before.kind == after.kind == "number"
    return numbers and (before.end == colon.start) == (colon.end == after.start)


def _is_chain(tokens: Sequence[Token], cuts: Sequence[int]) -> bool:
    """Return whether a value, and not just a label such as ``R_2``, precedes the last link."""
    before = tokens[: cuts[-1]] if cuts else ()
    if before and _is_so(before[-1]):
        return True
    if not any(token.kind == "number" for token in before):
        return False
    return len(cuts) > 1 or not any(token.kind in {"word", "text"} for token in before)
