"""Axes of a shape: the pieces between its outermost commas or multiplication signs."""

from collections.abc import Sequence
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.errors import truncate_line
from grader.reading.grammar.tokens import CLOSERS, OPENERS, Token

MIXED_SIGNS: Final = "Commas and multiplication signs are mixed."
MAX_AXES: Final = 16
MAX_BRACKET_PAIRS: Final = 8
SEPARATORS: Final = (frozenset({",", ";"}), frozenset({"×"}), frozenset({"*", "·"}))
"""Separators of axes, of which the first that occurs counts.

In ``H*W × N`` the star multiplies.
"""
ZERO_PADDED: Final = lazy_regex(r"0[0-9]+")
FENCES: Final = frozenset({"(", "[", "{"})


def split_axes(tokens: Sequence[Token]) -> list[list[Token]]:
    """Return the tokens of each axis, without the brackets around them all.

    Plain numbers separated by spaces are axes too: ``126 126 16``.
    """
    inner = _strip_brackets(list(tokens))
    if has_cross_and_comma(inner):
        raise AnswerError(
            MIXED_SIGNS,
            expected="either commas or multiplication signs between the axes",
            position=inner[0].start,
        )
    outer_signs = _find_outer_signs(inner)
    separators = next(
        (signs for signs in SEPARATORS if any(s in signs for _, s in outer_signs)), None
    )
    if separators is None and len(inner) > 1 and all(token.kind == "number" for token in inner):
        single_tokens = [[token] for token in inner]
        _check_axes(single_tokens, inner)
        return single_tokens
    cuts = [at for at, sign in outer_signs if separators is not None and sign in separators]
    starts, ends = [0, *(at + 1 for at in cuts)], [*cuts, len(inner)]
    axes = [inner[start:end] for start, end in zip(starts, ends, strict=True)]
    if len(axes) > 1 and not axes[-1] and inner[-1].text == ",":
        axes.pop()  # a tuple of one is written (5,)
    _check_axes(axes, inner)
    return axes


def has_cross_and_comma(tokens: Sequence[Token]) -> bool:
    """Return whether the axes have both crosses and commas between them."""
    signs = {sign for _, sign in _find_outer_signs(_strip_brackets(list(tokens)))}
    return "×" in signs and bool(signs & SEPARATORS[0])


def is_list(tokens: Sequence[Token]) -> bool:
    """Return whether *tokens* are a list such as ``(H, W)``; ``1,5`` is not."""
    inner = _strip_brackets(list(tokens))
    cuts = [at for at, sign in _find_outer_signs(inner) if sign in SEPARATORS[0]]
    if len(inner) < len(tokens):
        return bool(cuts)
    return any(not inner[at - 1].kind == inner[at + 1].kind == "number" for at in cuts)


def _strip_brackets(tokens: list[Token]) -> list[Token]:
    """Return *tokens* without the pairs of brackets that enclose all of them."""
    for _ in range(MAX_BRACKET_PAIRS):
        if len(tokens) - 1 < 1 or tokens[0].text not in FENCES:
            break
        if _find_first_closing(tokens) < len(tokens) - 1:
            break
        tokens = tokens[1:-1]
    return tokens


def _find_first_closing(tokens: Sequence[Token]) -> int:
    """Return the index at which the first bracket closes, or -1 if it does not."""
    depth = 0
    for index, token in enumerate(tokens):
        depth += _depth_change(token)
        if depth == 0:
            return index
    return -1


def _find_outer_signs(tokens: Sequence[Token]) -> list[tuple[int, str]]:
    """Return the signs outside brackets with their indices; refuse unpaired brackets."""
    depth = 0
    signs = []
    for index, token in enumerate(tokens):
        depth += _depth_change(token)
        if depth < 0 or (depth > 0 and index == len(tokens) - 1):
            problem = f"{token.text} closes nothing" if depth < 0 else "is not closed"
            raise AnswerError(f"A bracket {problem}.", position=token.start)
        if depth == 0 and token.kind == "symbol":
            signs.append((index, token.text))
    return signs


def _depth_change(token: Token) -> int:
    if token.kind != "symbol":
        return 0
    return (token.text in OPENERS) - (token.text in CLOSERS)


def _check_axes(axes: Sequence[Sequence[Token]], inner: Sequence[Token]) -> None:
    if len(axes) > MAX_AXES:
        raise AnswerError(f"This has {len(axes)} axes.", expected=f"at most {MAX_AXES}")
    for number, axis in enumerate(axes, start=1):
        if not axis:
            raise AnswerError(
                f"Axis {number} is missing.",
                expected="a size between the signs, such as 126×126×16",
                position=inner[-1].end if inner else None,
            )
        first = axis[0]
        if ZERO_PADDED.fullmatch(first.text):
            raise AnswerError(
                f"Axis {number} is '{truncate_line(first.text)}', which could be the end of a "
                "number.",
                expected="no marks between the digits of a number",
                position=first.start,
            )
