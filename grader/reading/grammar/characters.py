"""Characters of an answer: look-alikes are replaced, unreadable characters are refused.

The rule for every reader: `fold_lookalikes` replaces look-alikes before any other code sees the
typed text. Full-width and mathematical letters, digits and signs become plain ones, so that after
`clean_text` a decimal digit is one of 0 to 9. A digit of another script, a control character, an
unpaired surrogate or a directional mark is refused with its code point. Every other character keeps
its meaning, or has none and is refused by the reader that meets it.

Each character is replaced by one character, so that positions in the clean text are positions in
the typed text.
"""

import re
import string
import unicodedata
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.vocabulary import THIN_SPACE
from grader.reading.units.siunitx import expand_siunitx

UNREADABLE: Final = lazy_regex(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffd]"
    r"|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
    r"|(?![0-9])\d"
)

DIRECTION_MARKS: Final = "\u200e\u202a\u202c\u2066\u2068\u2069"
"""Marks of left-to-right text, which calculators and messengers copy around a number."""

LOOKALIKES: Final[dict[str, str]] = {
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63",
    "×": "\u2715\u2716\u2a2f\u2573\u2a09",
    "·": "\u2022\u2219\u22c5\u2027\u30fb\u25cf",
    "*": "\u2217",
    "/": "\u2044\u2215\u00f7",
    "'": "\u2018\u2019\u02bc\u2032",
    '"': "\u201c\u201d",
    ",": "\u3001",
    ".": "\u3002",
    ":": "\u2236",
    "~": "\u223c",
    "μ": "\u00b5",
    "ε": "\u03f5",
    "φ": "\u03d5",
    "θ": "\u03d1",
    "Δ": "\u2206",
    "→": "\u27f6\u279c\u2794\u21a6",
    "⇒": "\u27f9\u21d4",
    THIN_SPACE: "\u00a0\u2007\u2008\u200a\u202f\u00ad\u200b\u200c\u200d\u2060\ufeff",
    " ": "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u205f\u3000\x85",
}
FULL_WIDTH: Final = range(0xFF01, 0xFF5F)
STYLED: Final = (range(0x2100, 0x2150), range(0x1D400, 0x1D7CC), range(0x1D7CE, 0x1D800))
"""Mathematical letters and digits, such as the italic 𝐾 that a PDF or Word gives."""


def _build_fold_table() -> dict[int, str]:
    table = {ord(like): plain for plain, likes in LOOKALIKES.items() for like in likes}
    for code in FULL_WIDTH:
        table[code] = chr(code - FULL_WIDTH.start + ord("!"))
    for block in STYLED:
        for code in block:
            plain = unicodedata.normalize("NFKC", chr(code))
            if len(plain) == 1 and plain.isalnum():
                table.setdefault(code, table.get(ord(plain), plain))
    return table


FOLD_TABLE: Final = _build_fold_table()
QUOTED: Final = lazy_regex(r"\s*+(?:'[^'\"«»]++'|«[^'\"«»]++»|\"\s*+[\[({][^'\"«»]++\")\s*+")
"""An answer in quotes; in double ones only an array, because these may enclose a cell."""
_TICKS: Final = "✓✔✅☑👍🙂😊🎉"
_TICK_CHARACTERS: Final = rf"\s\ufe0f{_TICKS}"
TICKED: Final = lazy_regex(
    rf"\A[{_TICK_CHARACTERS}👉]*[{_TICKS}👉]\ufe0f?|(?<![{_TICK_CHARACTERS}])[\s\ufe0f]*+[{_TICKS}][{_TICK_CHARACTERS}]*\Z"
)
"""Ticks and smileys around the whole answer.

A tick inside may choose between the values next to it.
"""
BOLD: Final = lazy_regex(r"\s*+\*\*[^*:=]*+[:=][^*]*+\*\*\s*+")
"""A label and its value in bold type, both together."""
QUOTES: Final = lazy_regex("['\"«»]")
PROMPT: Final = lazy_regex(
    r"^[ \t]*>>>[^\n]*\n(?=[ \t]*[^\s>\[])|^[ \t]*>>>[ \t]?(?=[-+(]?[0-9])", re.MULTILINE
)
"""Input at the prompt of a Python shell with output below it, or the prompt alone."""
DECORATION: Final = lazy_regex(
    r"\\(?:text)?color\s*\{[A-Za-z0-9!]*\}|\\(?:under|over)(?:brace|line)(?=\s*\{)"
    r"|\\mathstrut|\\bf(?![A-Za-z])"
)
"""TeX commands for color, bold type and lines, which do not change what they enclose."""
BLANK_MARK: Final = lazy_regex(r"(?<=[0-9])(?:~|\\ |\{\\,\})(?=[0-9]{3}(?![0-9]))")
"""TeX blanks between groups of three digits."""
POINT_MARKS: Final = lazy_regex(r"(?<![\w.,])[1-9][0-9]{0,2}(?:\.[0-9]{3}){2,}(?![\w.]|,[0-9]{3})")
"""Two points or more in one number, which can only group thousands."""
ZERO_COMMA: Final = lazy_regex(r"(?<![\w.,])0,(?=[0-9]+(?![\w,]|\.[0-9]))")
"""A comma after a zero alone, which can only mark decimals."""
DECIMAL_COMMA: Final = lazy_regex(
    r"(?<![\w.,(\[])([0-9]{1,15}),([0-9]{1,2}|[0-9]{4,15})(?![0-9.,])"
)
"""A comma before one, two or more than three digits, which cannot group thousands."""
SPACED: Final = lazy_regex(
    r"(?<![\w.,)\]}] )(?<![\w.,)\]}])(?:[1-9][0-9]{0,2})(?: [0-9]{3})+(?! ?[0-9])(?![\w])"
    r"|(?<![\w.,])[1-9][0-9]{0,2}(?: [0-9]{3}){2,}(?! ?[0-9])(?![\w])"
)
"""Digits in groups of three with blanks between; one blank only where no word precedes."""
GROUP_MARKS: Final = {1: THIN_SPACE, 2: r"\,", 4: r"{\,}"}
"""Marks that the tokenizer knows between digits, by length."""


def fold_lookalikes(text: str) -> str:
    """Return *text* with look-alike characters replaced by plain ones; never raise.

    >>> fold_lookalikes("\uff11\u2212\U0001d43e")
    '1-K'
    """
    return text if text.isascii() else text.translate(FOLD_TABLE)


def clean_text(typed: str, *, limit: int) -> str:
    """Return *typed* with look-alike characters replaced one for one, or raise `AnswerError`.

    Numbers in siunitx commands become plain ones. Quotes, bold markers and directional marks around
    the whole text become spaces.

    >>> clean_text("\u22125\u00a0000", limit=10) == f"-5{THIN_SPACE}000"
    True
    """
    if len(typed) > limit:
        raise AnswerError(
            f"The answer has {len(typed):,} characters.", expected=f"at most {limit:,} characters"
        )
    text = fold_lookalikes(typed)
    if UNREADABLE.search(text) and (
        match := UNREADABLE.search(text := _strip_direction_marks(text))
    ):
        raise _unreadable_character_error(match[0], match.start())
    if not text.isascii():
        text = TICKED.sub(_blank_out, text)
    if QUOTED.fullmatch(text):
        text = QUOTES.sub(" ", text)
    if BOLD.fullmatch(text):
        text = text.replace("**", "  ")
    return expand_siunitx(blank_prompts_and_colors(text))


def blank_prompts_and_colors(text: str) -> str:
    r"""Return *text* without prompts and colors, with each thousands mark in one spelling.

    >>> blank_prompts_and_colors(">>> 3640"), blank_prompts_and_colors("2.097.152")
    ('    3640', "2'097'152")
    """
    if ">>>" in text:
        text = PROMPT.sub(_blank_out, text)
    if "\\" in text or "~" in text:
        text = DECORATION.sub(_blank_out, text)
        text = BLANK_MARK.sub(lambda mark: GROUP_MARKS[len(mark[0])], text)
    if text.count(".") > 1:
        text = POINT_MARKS.sub(lambda number: number[0].replace(".", "'"), text)
    return text


def join_digits(text: str) -> str:
    """Return *text* with thin spaces in ``1 234 567``, and a point for the comma in ``0,75``.

    Only for an answer that is one number; in a list a blank or a comma separates two numbers.

    >>> join_digits("0,75")
    '0.75'
    """
    if "," in text and "(" not in text:
        text = ZERO_COMMA.sub("0.", text)
    return SPACED.sub(lambda number: number[0].replace(" ", THIN_SPACE), text)


def replace_decimal_commas(text: str) -> str:
    """Return *text* with points for commas that cannot group thousands: ``2,75`` and ``3,3125``.

    Only for an answer that is one number, which need not be whole.

    >>> replace_decimal_commas("2,75"), replace_decimal_commas("3,640")
    ('2.75', '3,640')
    """
    return DECIMAL_COMMA.sub(r"\1.\2", text) if "," in text else text


def _strip_direction_marks(text: str) -> str:
    """Return *text* with spaces in place of the directional marks at its ends.

    Marks elsewhere, or those that reverse the order of numbers, stay to be refused: with them the
    text may look like another answer.
    """
    core = text.strip(DIRECTION_MARKS + string.whitespace)
    start = text.index(core)
    return core.rjust(start + len(core)).ljust(len(text))


def _blank_out(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _unreadable_character_error(character: str, position: int) -> AnswerError:
    name = f"U+{ord(character):04X}"
    if unicodedata.category(character) == "Nd":
        digit = unicodedata.digit(character)
        return AnswerError(
            f"The answer has {character} ({name}), a digit that is not one of 0 to 9.",
            expected=f"the digit {digit}",
            position=position,
        )
    return AnswerError(
        f"The answer has an invisible or broken character ({name}).",
        expected="plain text",
        position=position,
    )
