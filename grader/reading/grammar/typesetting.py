r"""Typesetting and prompts around a value: ``>>> 3640``, ``\color{red}{3640}``, ``3\ 640``.

Each pattern is replaced by as many characters, so that positions stay the same.
"""

import re
from typing import Final

from grader.reading.grammar.vocabulary import THIN_SPACE

PROMPT: Final = re.compile(
    r"^[ \t]*>>>[^\n]*\n(?=[ \t]*[^\s>\[])|^[ \t]*>>>[ \t]?(?=[-+(]?[0-9])", re.MULTILINE
)
"""Input at the prompt of a Python shell with output below it, or the prompt alone."""
DECORATION: Final = re.compile(r"\\(?:text)?color\s*\{[A-Za-z0-9!]*\}|\\(?:under|over)(?:brace|line)(?=\s*\{)|\\mathstrut|\\bf(?![A-Za-z])")
BLANK_MARK: Final = re.compile(r"(?<=[0-9])(?:~|\\ |\{\\,\})(?=[0-9]{3}(?![0-9]))")
"""TeX blanks between groups of three digits."""
POINT_MARKS: Final = re.compile(r"(?<![\w.,])[1-9][0-9]{0,2}(?:\.[0-9]{3}){2,}(?![\w.]|,[0-9]{3})")
"""Two points or more in one number, which can only group thousands."""
SPACED: Final = re.compile(
    r"(?<![\w.,)\]}] )(?<![\w.,)\]}])(?:[1-9][0-9]{0,2})(?: [0-9]{3})+(?! ?[0-9])(?![\w])"
    r"|(?<![\w.,])[1-9][0-9]{0,2}(?: [0-9]{3}){2,}(?! ?[0-9])(?![\w])"
)
"""Digits in groups of three with blanks between; one blank only where no word precedes."""
MARKS: Final = {1: THIN_SPACE, 2: r"\,", 4: r"{\,}"}
"""Marks that the tokenizer knows between digits, by length."""


def blank_typesetting(text: str) -> str:
    r"""Return *text* without prompts and colors, with each thousands mark in one spelling.

    >>> blank_typesetting(">>> 3640"), blank_typesetting("2.097.152")
    ('    3640', "2'097'152")
    """
    if ">>>" in text:
        text = PROMPT.sub(_blank, text)
    if "\\" in text or "~" in text:
        text = DECORATION.sub(_blank, text)
        text = BLANK_MARK.sub(lambda mark: MARKS[len(mark[0])], text)
    if text.count(".") > 1:
        text = POINT_MARKS.sub(lambda number: number[0].replace(".", "'"), text)
    return text


def join_digit_groups(text: str) -> str:
    """Return *text* with thin spaces between groups of three digits: ``1 234 567``.

    Only for an answer that is one number; in a list a blank separates two numbers.
    """
    return SPACED.sub(lambda number: number[0].replace(" ", THIN_SPACE), text)


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])
