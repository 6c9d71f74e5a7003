"""Chains of equations: of ``a = b = c`` the last link counts, and only it has to be readable."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grader.errors import AnswerError
from grader.reading.magnitudes import is_scale
from grader.reading.refusals import quoted
from grader.reading.tokens import CLOSERS, OPENERS, Token, ends_operand
from grader.reading.unit_names import unit_named

__all__ = ["CHAIN_NOTE", "CUTTING", "LINKS", "NAMED", "Found", "last_link"]

LINKS: Final = frozenset({"=", "⇒"})
NAMED: Final = r"(?:(?!None\b)[A-Za-z][A-Za-z0-9_]{0,40} ?= ?)?"
"""One word and the sign behind it, or nothing: what is behind it reads as it does alone."""
CUTTING: Final = LINKS | {":"}
"""The signs behind which a value may begin."""
SO: Final = frozenset({"so", "hence", "thus", "therefore"})
"""Words behind a value that mean the same as ``⇒`` where another value alone follows."""
CONCLUDING: Final = SO | {"answer", "result", "total", "altogether", "final", "finally"}
"""Words of a label by which the value behind it is the one that all the others led to."""
LEADING: Final = CONCLUDING | {"the", "value", "is", "are", "there", "we", "get", "have"}
"""Words between ``so`` and the value that name no other value."""
JOINING: Final = frozenset({"and", "und"})
PAUSES: Final = frozenset({",", ";", "."})
CONDITIONS: Final = PAUSES | {
    *("for", "when", "if", "where", "with", "at", "using", "assuming", "given", "since", "because"),
    *("as", "and", "or", "@", "für", "bei", "mit", "wenn", "falls", "und", "oder", "wobei"),
    *("pour", "avec", "si", "où", "con", "para", "cuando", "donde"),
}
"""What stands between a value and the name of another one: ``12 for n = 3``, ``12, n = 3``."""
SETTING: Final = re.compile(
    r"[^\W\d_]|.*[\d_].*|strides?|padding|pad|dilation|batch|kernel|groups|epochs?", re.IGNORECASE
)
"""A word that names a value of its own: a letter, ``s_1``, or the setting of a layer."""
LONGEST_NAME: Final = 3
ORDINALS: Final = frozenset({"st", "nd", "rd", "th", "D", "d"})
MOST_ITEMS: Final = 10
SIGNS: Final = frozenset({"+", "-", "*", "**", "/", "//", "×", "·"})
ROUGH: Final = frozenset({"≈", "≃", "≅", r"\approx", r"\simeq", r"\cong"})
"""Signs that say that what stands behind them is rounded."""
CHAIN_NOTE: Final = "The last value of the chain counts."


@dataclass(frozen=True, slots=True)
class Found:
    """The tokens of a value, and sentences on what was decided to find it.

    *full* are those of values around it that it may round, such as the link before it; *rough* says
    that the sign before it, such as ``≈``, says that it does.
    """

    tokens: list[Token]
    notes: tuple[str, ...] = ()
    full: tuple[tuple[Token, ...], ...] = ()
    rough: bool = False


def last_link(tokens: Sequence[Token], text: str) -> Found:
    """Return what stands behind the last ``=``, ``:``, ``⇒`` or ``, so`` outside brackets.

    Two equations side by side, ``k = 5, p = 2``, are an `AnswerError`.
    """
    if not any(token.text in CUTTING or _is_so(token) for token in tokens):
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
    notes = (CHAIN_NOTE,) if _is_chain(tokens, cuts) else ()
    rough = bool(cuts) and text[tokens[cut - 1].start : tokens[cut - 1].end] in ROUGH
    return Found(list(tokens[cut:]), notes, _before(tokens, cuts), rough)


def _before(tokens: Sequence[Token], cuts: Sequence[int]) -> tuple[tuple[Token, ...], ...]:
    """Return the link before the last one; none where a colon, which only names, cuts them."""
    if not cuts or tokens[cuts[-1] - 1].text == ":":
        return ()
    return (tuple(tokens[cuts[-2] if len(cuts) > 1 else 0 : cuts[-1] - 1]),)


def _cuts(tokens: Sequence[Token]) -> list[int]:
    """Return the places at which links begin, except the first."""
    cuts: list[int] = []
    depth = 0
    worded = False  # whether there is a word since the last cut
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
        named = worded and not _is_ratio(tokens, at)
        labels = token.text == ":" and (named or _is_named(tokens, start, at))
        if labels and _holds_value(tokens[start:at], first=not cuts):
            raise _several(token)
        second = worded and token.text in CUTTING
        if second and _is_second(tokens[start:at], first=not cuts):
            raise _several(token)
        if token.text == "=" and _is_beside(tokens[start:at], first=not cuts):
            raise _several(token)
        if labels or token.text in LINKS:
            cuts.append(at + 1)
            worded = False
        elif cuts and token.text in ",;" and at < equals and ends_operand(tokens[at - 1 : at]):
            raise _several(token)
    return cuts


def _is_so(token: Token) -> bool:
    return token.kind == "word" and token.text.lower() in SO


def _conclusion(tokens: Sequence[Token]) -> int | None:
    """Return where the last ``so`` stands, if it is between a value and a value alone.

    Not so with words around it that may name another value: ``63, so 64 with padding``.
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
    alone = bool(value) and not _is_dash(value) and not any(map(_may_be_other, value))
    return at if alone else None


def _is_dash(tokens: Sequence[Token]) -> bool:
    """Tell whether *tokens* begin with a sign and a blank: a dash, or a minus sign."""
    return tokens[0].text in {"-", "+"} and any(tokens[0].end < two.start for two in tokens[1:2])


def _may_be_other(token: Token) -> bool:
    """Tell whether *token* is a word that may name a value, or a sign that puts one behind it."""
    if token.kind in {"word", "text"}:
        return not is_scale(token) and unit_named(token.text) is None
    return token.kind == "symbol" and token.text in CUTTING


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


def _is_beside(label: Sequence[Token], *, first: bool) -> bool:
    """Tell whether *label* is a value and then the name of another: ``12 for n``, ``3 s``.

    In the *first* link ``4 n`` may be a product. ``layer 2, n`` is a name.
    """
    *value, name = label or (None,)
    if not value or name is None or not SETTING.fullmatch(name.text):
        return False
    if name.kind == "name":
        return value[-1].text in PAUSES and any(map(_computes, value))
    if name.kind != "word":
        return False
    if not first and ends_operand(value) and value[-1].end < name.start:
        return _may_be_other(name) and (value[-1].kind == "number" or value[-1].text == "|")
    return _begins_with_value(value) and _is_condition(value[-LONGEST_NAME:])


def _computes(token: Token) -> bool:
    return token.text in SIGNS or token.kind in {"number", "power"}


def _begins_with_value(tokens: Sequence[Token]) -> bool:
    """Tell whether *tokens* begin with a number, in brackets or not, that counts no item."""
    at = next((at for at, token in enumerate(tokens) if token.text not in OPENERS), 0)
    return tokens[at].kind == "number" and not _is_item(tokens[at:])


def _is_condition(tokens: Sequence[Token]) -> bool:
    """Tell whether *tokens* end with a word such as ``for``, and at most words behind it."""
    for token in reversed(tokens):
        if token.text.lower() in CONDITIONS:
            return True
        if token.kind != "word" or token.text.lower() in SO:
            return False
    return False


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


def _is_ratio(tokens: Sequence[Token], at: int) -> bool:
    """Tell whether the colon at *at* may be one of a ratio, as in ``ratio 1:3`` or ``1 : 3``."""
    before, colon, after = (*tokens[max(0, at - 1) : at + 2], None, None)[:3]
    if before is None or after is None or colon is None:
        return False
    numbers = before.kind == after.kind == "number"
    return numbers and (before.end == colon.start) == (colon.end == after.start)


def _is_chain(tokens: Sequence[Token], cuts: Sequence[int]) -> bool:
    """Tell whether a value stands before the last link, and not just a label such as ``R_2``."""
    before = tokens[: cuts[-1]] if cuts else ()
    if before and _is_so(before[-1]):
        return True
    if not any(token.kind == "number" for token in before):
        return False
    return len(cuts) > 1 or not any(token.kind in {"word", "text"} for token in before)
