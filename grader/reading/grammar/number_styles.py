"""Number style of a problem or a course: decimal point or decimal comma.

Text in a declared style is converted to the form that the readers expect, after folding. Each
character is replaced by one character, so that positions stay the same.
"""

import re
from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

from grader.errors import AnswerError
from grader.reading.grammar.characters import fold
from grader.reading.grammar.errors import shortened
from grader.reading.result import Styled, Typed

__all__ = ["Style", "in_style"]

Style: TypeAlias = Literal["point", "comma"]

MAX_DEPTH: Final = 20
MAX_TEXT: Final = 65_536
"""The longest answer that any reader takes."""

RUN: Final = re.compile(r"(?<![\w.,])[0-9]+(?:[.,][0-9]+)+")
DECIMAL: Final = re.compile(r"[0-9]+,[0-9]+")
GROUPED: Final = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?:,[0-9]+)?")
LEADING: Final = re.compile(r"(?:(?<=[(\[{=+*/×·^:;&|\t\n-])|\A),(?=[0-9])")
TEX_COMMA: Final = re.compile(r"(?<![\w.,])([0-9]+)\{,\}([0-9]+)(?![\w.,{])")
PRINTED: Final = re.compile(r"\b(?:array|tensor|matrix|float[0-9]+)\s*\(|\bdtype\b", re.IGNORECASE)
"""What programs print around numbers, which always have a decimal point."""
BRACKET: Final = re.compile(r"[()\[\]{};]")
MARKS: Final = str.maketrans({".": "'", ",": "."})


def in_style(typed: Typed, style: Style | None) -> Typed:
    """Return *typed* as the readers expect it; raise `AnswerError` if its marks do not fit *style*.

    Look-alike characters are folded first. Without a style nothing else changes, and the readers
    refuse numbers that fit both styles. In the comma style ``;`` is the separator in calls, braces
    and inner brackets, in place of a comma.

    >>> in_style("1.234,5", "comma"), in_style("[[1,5; 2]; [3; 4]]", "comma")
    ("1'234.5", '[[1.5, 2]; [3, 4]]')
    """
    return _folded(typed, MAX_DEPTH) if style is None else _styled(typed, style, MAX_DEPTH)


def _folded(typed: Typed, levels: int) -> Typed:
    """Return *typed* with its texts folded; deeper nesting is left for the reader to refuse."""
    if isinstance(typed, list) and levels:
        return [_folded(item, levels - 1) for item in typed]
    return fold(typed) if isinstance(typed, str) else typed


def _styled(typed: Typed, style: Style, levels: int) -> Typed:
    if isinstance(typed, list):
        if not levels:
            raise AnswerError(
                "The lists are nested too deeply.", expected=f"at most {MAX_DEPTH} levels"
            )
        return [_styled(item, style, levels - 1) for item in typed]
    if not isinstance(typed, str):
        return typed
    text = fold(typed)
    rewritten = style == "comma" and len(text) <= MAX_TEXT
    return Styled(_with_points(text) if rewritten else text)


def _with_points(text: str) -> str:
    """Return *text* with its decimal commas replaced by points."""
    if PRINTED.search(text):
        return text
    text = TEX_COMMA.sub(r"\1.\2  ", text)
    if "," in text or "." in text:
        _check_points(text)
        text = LEADING.sub(".", RUN.sub(_number, text))
    return "".join(_with_commas(text)) if ";" in text else text


def _number(run: re.Match[str]) -> str:
    """Return digits separated by points and commas as a number with at most one point."""
    raw = run[0]
    if DECIMAL.fullmatch(raw) or GROUPED.fullmatch(raw):
        return raw.translate(MARKS)
    if "," not in raw:
        return raw
    raise AnswerError(
        f"'{shortened(raw)}' is no number with a decimal comma.",
        expected="1234,5 for a number, a semicolon or a blank between several",
        position=run.start(),
    )


def _check_points(text: str) -> None:
    """Raise `AnswerError` for ``2.125`` beside ``0.5``, where each point may mark decimals."""
    raws = [run for run in RUN.finditer(text) if "," not in run[0]]
    grouped = next((run for run in raws if GROUPED.fullmatch(run[0])), None)
    if grouped is None or len(raws) <= 1:
        return
    pointed = next((run[0] for run in raws if not GROUPED.fullmatch(run[0])), None)
    if pointed is not None:
        whole = grouped[0].replace(".", "")
        raise AnswerError(
            f"The point in {shortened(grouped[0])} can be read in two ways, because "
            f"{shortened(pointed)} has a decimal point.",
            expected=f"{shortened(grouped[0].replace('.', ','))} for the decimal, "
            f"{shortened(whole)} for the whole number",
            position=grouped.start(),
        )


def _with_commas(text: str) -> Iterator[str]:
    """Yield the pieces of *text*, with commas for the semicolons that do not end a row."""
    open_ones: list[str] = []
    at = 0
    for match in BRACKET.finditer(text):
        sign = match[0]
        yield text[at : match.start()]
        at = match.end()
        if sign in "([{":
            open_ones.append(sign)
        elif sign != ";":
            del open_ones[-1:]
        separates = sign == ";" and bool(open_ones)
        inner = separates and (open_ones[-1] != "[" or open_ones.count("[") > 1)
        yield "," if inner else sign
    yield text[at:]
