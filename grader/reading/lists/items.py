"""Items of a list of formulas, separated by commas, semicolons or line ends."""

from collections.abc import Sequence
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.equation_chains import LINKS
from grader.reading.grammar.tokens import CLOSERS, OPENERS, Token

UNCLOSED_BRACKET: Final = "A bracket is not closed."
MAX_ITEMS: Final = 16
SEPARATORS: Final = frozenset({",", ";"})
FENCES: Final = frozenset({"(", "[", "{"})
MAX_BRACKET_PAIRS: Final = 8
LINE_END: Final = lazy_regex(r"\n|\\\\")
"""Line end in plain text, and in TeX."""


def split_items(tokens: Sequence[Token], text: str) -> list[list[Token]]:
    """Return the tokens of each item, without the brackets around the list and its numbering."""
    items: list[list[Token]] = [[]]
    depth = 0
    for token in _strip_brackets(tokens):
        last = items[-1]
        if depth == 0 and last and LINE_END.search(text, last[-1].end, token.start):
            items.append([])
        depth += _depth_change(token)
        if depth == 0 and _is_separator(token):
            items.append([])
        else:
            items[-1].append(token)
    if depth > 0:
        raise AnswerError(UNCLOSED_BRACKET, position=tokens[-1].start)
    if len(items) > 1 and not items[-1]:
        items.pop()
    if len(items) > 1 and [] in items:
        missing = items.index([]) + 1
        raise AnswerError(f"Formula {missing} is missing.", expected="a formula between the signs")
    if len(items) > MAX_ITEMS:
        raise AnswerError(f"This has {len(items)} formulas.", expected=f"at most {MAX_ITEMS}")
    return _strip_numbering(items)


def _strip_numbering(items: list[list[Token]]) -> list[list[Token]]:
    """Return the items without numbering ``1.``, ``2.``, …, if all of several items have it."""
    starts = [item[0].text if item else "" for item in items]
    numbered = starts == [f"{number}." for number in range(1, len(items) + 1)]
    return [item[1:] for item in items] if numbered and len(items) > 1 else items


def _strip_brackets(tokens: Sequence[Token]) -> Sequence[Token]:
    """Return *tokens* without the pairs of brackets around all, at most `MAX_BRACKET_PAIRS`."""
    for _ in range(MAX_BRACKET_PAIRS):
        inner = _strip_bracket_pair(tokens)
        if len(inner) == len(tokens):
            break
        tokens = inner
    return tokens


def _strip_bracket_pair(tokens: Sequence[Token]) -> Sequence[Token]:
    """Return *tokens* without brackets around all of them, or around all after a label.

    A label is a name and its sign, as in ``v = [a, b]``.
    """
    depth = opened = 0
    separated = False
    for index, token in enumerate(tokens):
        step = _depth_change(token)
        if depth == 0:
            opened = index if step > 0 else opened
            separated = separated or _is_separator(token)
        depth += step
        if depth == 0 and step < 0 and index == len(tokens) - 1 and tokens[opened].text in FENCES:
            alone = opened == 0 or (tokens[opened - 1].text in LINKS and not separated)
            return tokens[opened + 1 : index] if alone else tokens
    return tokens


def _is_separator(token: Token) -> bool:
    return token.kind == "symbol" and token.text in SEPARATORS


def _depth_change(token: Token) -> int:
    if token.kind != "symbol":
        return 0
    return (token.text in OPENERS) - (token.text in CLOSERS)
