"""Chains of equations: of ``a = b = c`` the last link counts, and only it has to be readable."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grader.errors import AnswerError
from grader.reading.refusals import quoted
from grader.reading.tokens import CLOSERS, OPENERS, Token, ends_operand

__all__ = ["CHAIN_NOTE", "CUTTING", "LINKS", "Found", "last_link"]

LINKS: Final = frozenset({"=", "⇒"})
CUTTING: Final = LINKS | {":"}
"""The signs behind which a value may begin."""
CONCLUDING: Final = frozenset(
    {"answer", "result", "total", "altogether", "final", "finally", "so", "hence", "thus"}
    | {"therefore"}
)
"""Words of a label by which the value behind it is the one that all the others led to."""
JOINING: Final = frozenset({"and", "und"})
ORDINALS: Final = frozenset({"st", "nd", "rd", "th", "D", "d"})
MOST_ITEMS: Final = 10
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
    if CUTTING.isdisjoint([token.text for token in tokens]):
        return Found(list(tokens))
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
        if labels and _holds_value(tokens[start:at], first=not cuts):
            raise _several(token)
        second = worded and token.text in CUTTING
        if second and _is_second(tokens[start:at], first=not cuts):
            raise _several(token)
        if labels or token.text in LINKS:
            cuts.append(at + 1)
            worded = False
        elif cuts and token.text in ",;" and at < equals and ends_operand(tokens[at - 1 : at]):
            raise _several(token)
    return cuts


def _several(token: Token) -> AnswerError:
    return AnswerError("Several values are given.", expected="one value", position=token.start)


def _holds_value(label: Sequence[Token], *, first: bool) -> bool:
    """Tell whether a value stands in *label*, as in ``85 depth:`` or in ``85; second:``.

    Before the *first* link ``3 layers`` begins with it; ``layer 2`` and ``2nd layer`` are names.
    """
    words = [token for token in label if token.kind in {"word", "text"}]
    if not words or any(CONCLUDING & set(word.text.lower().split()) for word in words):
        return False
    if first:
        signed = label[0].text in {"-", "+"} and label[0].end == label[1].start
        label = label[1:] if signed else label
        return label[0].kind == "number" and not _is_item(label)
    values = [at for at, token in enumerate(label) if token.kind == "number" or _stands(label, at)]
    return bool(values) and label[values[0]].start < words[-1].start


def _is_second(label: Sequence[Token], *, first: bool) -> bool:
    """Tell whether *label* names a second value: ``acc 0.73, loss`` or ``0.73 and loss``."""
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
    """Tell whether a variable stands at *at*, and not the first letter of a word."""
    token, after = tokens[at], tokens[at + 1 : at + 2]
    return token.kind == "name" and not (after and after[0].start == token.end)


def _is_item(label: Sequence[Token]) -> bool:
    """Tell whether *label* begins with the number of an item: ``1.``, ``1)``, ``2nd`` or ``2D``."""
    number, after = label[0], label[1] if len(label) - 1 else None
    if number.kind != "number" or after is None:
        return False
    if after.text in ORDINALS and after.start == number.end:
        return True
    return number.value < MOST_ITEMS and (number.text.endswith(".") or after.text == ")")


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
