r"""Bounds on TeX, checked before math-core parses it.

math-core 0.9 parses the text after an unclosed opening delimiter twice, so that its time doubles
with each of them. It also expands commands that a formula defines, such as ``\def\a#1{\a{#1#1}}``,
until the memory is used up.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

MAX_LENGTH: Final = 4_000
"""Maximum length of a formula, in characters."""
MAX_DEPTH: Final = 20
MAX_UNCLOSED: Final = 8
"""Maximum number of opening delimiters without a closing one; the bank has none."""

LEXEME: Final = re.compile(r"\\(?:[A-Za-z]+|[\s\S])|%.*|[^\\\s]")
DEFINITION: Final = re.compile(
    r"\\(?:def|gdef|global|let|newcommand|providecommand|renewcommand)(?![A-Za-z])"
)
# Commands that nest the next group one level deeper without a brace.
STACKING: Final = re.compile(r"(?:\\[dt]?frac|\\sqrt|\^|_)(?=\s*(?:\\[dt]?frac|\\sqrt|\^|_))")

GROUP_BEGINS: Final = frozenset({"{", r"\left", r"\begin", r"\begingroup"})
GROUP_ENDS: Final = frozenset({"}", r"\right", r"\end", r"\endgroup"})
CELL_ENDS: Final = frozenset({"&", r"\\", r"\cr"})
# A delimiter after one of these neither opens nor closes anything.
TAKES_DELIMITER: Final = frozenset({r"\left", r"\right", r"\middle"}) | {
    rf"\{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "m", "r")
}

DELIMITER_NAMES: Final = (
    *("Angle", "Brace", "Vert", "ang", "angle", "brace", "brack", "ceil", "floor", "group"),
    *("moustache", "paren", "vert"),
)
OPENING: Final = frozenset(
    {"(", "[", "⌜", "⌞", "⎰", r"\{", r"\llcorner", r"\ulcorner", r"\bra"}
    | {r"\llangle", r"\llbracket", r"\llparenthesis"}
    | {rf"\l{name}" for name in DELIMITER_NAMES}
    | {rf"\{size}l" for size in ("big", "Big", "bigg", "Bigg")}
)
CLOSING: Final = frozenset(
    {")", "]", "⌝", "⌟", "⎱", r"\}", r"\lrcorner", r"\urcorner"}
    | {r"\rrangle", r"\rrbracket", r"\rrparenthesis"}
    | {rf"\r{name}" for name in DELIMITER_NAMES}
    | {rf"\{size}r" for size in ("big", "Big", "bigg", "Bigg")}
)


class TexError(ValueError):
    """Formula that cannot be converted; the text explains why and where."""


def check_conversion_cost(source: str) -> None:
    r"""Raise `TexError` for a formula that could be expensive to convert.

    >>> check_conversion_cost(r"\left[0, 1\right) \times [0, 1)")
    >>> check_conversion_cost("(" * 9)
    Traceback (most recent call last):
    api.markup.tex_bounds.TexError: at character 9: More than 8 opening brackets are not closed. ...
    """
    if len(source) > MAX_LENGTH:
        raise TexError(f"A formula has more than {MAX_LENGTH:,} characters.")
    definition = DEFINITION.search(source)
    if definition is not None:
        raise TexError(
            f"at character {definition.start() + 1}: A formula cannot define commands. Write "
            f"out the meaning of {definition[0]}."
        )
    _check_depth(source)
    _check_closed(source)


def _check_depth(source: str) -> None:
    depth = deepest = len(STACKING.findall(source))
    for _, lexeme in _iter_lexemes(source):
        depth += (lexeme in GROUP_BEGINS) - (lexeme in GROUP_ENDS)
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise TexError(f"A formula is nested more deeply than {MAX_DEPTH}.")


def _check_closed(source: str) -> None:
    """Raise `TexError` if more than `MAX_UNCLOSED` opening delimiters are not closed.

    A closing delimiter counts only in the same group and cell, and not as an index.
    """
    groups: list[list[int]] = [[]]
    unclosed: list[int] = []
    previous = ""
    for position, lexeme in _iter_lexemes(source):
        before, previous = previous, lexeme
        if before in TAKES_DELIMITER:
            continue
        if lexeme in GROUP_ENDS or lexeme in CELL_ENDS:
            unclosed += groups.pop()
        if lexeme in GROUP_BEGINS or lexeme in CELL_ENDS or not groups:
            groups.append([])
        if _is_opening(lexeme):
            groups[-1].append(position)
        elif _is_closing(lexeme) and groups[-1] and before not in {"^", "_"}:
            groups[-1].pop()
    for group in groups:
        unclosed += group
    if len(unclosed) > MAX_UNCLOSED:
        raise TexError(
            f"at character {sorted(unclosed)[MAX_UNCLOSED] + 1}: More than {MAX_UNCLOSED} opening "
            "brackets are not closed. Close each, as in ( and ), or \\langle and \\rangle."
        )


def _iter_lexemes(source: str) -> Iterator[tuple[int, str]]:
    """Yield the commands and characters of a formula with their positions, without comments."""
    for lexeme in LEXEME.finditer(source):
        if lexeme[0][0] != "%":
            yield lexeme.start(), lexeme[0]


def _is_opening(lexeme: str) -> bool:
    return lexeme in OPENING or (lexeme != "{" and _unicode_category(lexeme) == "Ps")


def _is_closing(lexeme: str) -> bool:
    return lexeme in CLOSING or (lexeme != "}" and _unicode_category(lexeme) == "Pe")


def _unicode_category(lexeme: str) -> str:
    """Return the Unicode category of a character, "" for a command."""
    return unicodedata.category(lexeme) if len(lexeme) == 1 else ""
