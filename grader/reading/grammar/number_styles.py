"""Number style of a problem or a course: decimal point or decimal comma.

Text in a declared style is converted to the form that the readers expect, after folding. Each
character is replaced by one character, so that positions stay the same.
"""

import re
from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.characters import fold_lookalikes
from grader.reading.grammar.errors import truncate_line
from grader.reading.result import RawAnswer, StyledText

NumberStyle: TypeAlias = Literal["point", "comma"]

MAX_DEPTH: Final = 20
MAX_TEXT: Final = 65_536
"""Maximum length of an answer for any reader."""

NUMBER_RUN: Final = lazy_regex(r"(?<![\w.,])[0-9]+(?:[.,][0-9]+)+")
DECIMAL: Final = lazy_regex(r"[0-9]+,[0-9]+")
GROUPED: Final = lazy_regex(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?:,[0-9]+)?")
LEADING: Final = lazy_regex(r"(?:(?<=[(\[{=+*/×·^:;&|\t\n-])|\A),(?=[0-9])")
TEX_COMMA: Final = lazy_regex(r"(?<![\w.,])([0-9]+)\{,\}([0-9]+)(?![\w.,{])")
PROGRAM_OUTPUT: Final = lazy_regex(
    r"\b(?:array|tensor|matrix|float[0-9]+)\s*\(|\bdtype\b", re.IGNORECASE
)
"""Text that programs print around numbers, which always have a decimal point."""
BRACKET: Final = lazy_regex(r"[()\[\]{};]")
SWAPPED_MARKS: Final = str.maketrans({".": "'", ",": "."})


def normalize_number_style(typed: RawAnswer, style: NumberStyle | None) -> RawAnswer:
    """Return *typed* as the readers expect it; raise `AnswerError` if its marks do not fit *style*.

    Look-alike characters are folded first. Without a style nothing else changes, and the readers
    refuse numbers that fit both styles. In the comma style ``;`` is the separator in calls, braces
    and inner brackets, in place of a comma.

    >>> normalize_number_style("1.234,5", "comma")
    "1'234.5"
    >>> normalize_number_style("[[1,5; 2]; [3; 4]]", "comma")
    '[[1.5, 2]; [3, 4]]'
    """
    return (
        _fold_nested_lookalikes(typed, MAX_DEPTH)
        if style is None
        else _convert_to_point_style(typed, style, MAX_DEPTH)
    )


def _fold_nested_lookalikes(typed: RawAnswer, levels: int) -> RawAnswer:
    """Return *typed* with its texts folded; deeper nesting is left for the reader to refuse."""
    if isinstance(typed, list) and levels:
        return [_fold_nested_lookalikes(item, levels - 1) for item in typed]
    return fold_lookalikes(typed) if isinstance(typed, str) else typed


def _convert_to_point_style(typed: RawAnswer, style: NumberStyle, levels: int) -> RawAnswer:
    if isinstance(typed, list):
        if not levels:
            raise AnswerError(
                "The lists are nested too deeply.", expected=f"at most {MAX_DEPTH} levels"
            )
        return [_convert_to_point_style(item, style, levels - 1) for item in typed]
    if not isinstance(typed, str):
        return typed
    text = fold_lookalikes(typed)
    rewritten = style == "comma" and len(text) <= MAX_TEXT
    return StyledText(_replace_decimal_commas(text) if rewritten else text)


def _replace_decimal_commas(text: str) -> str:
    """Return *text* with its decimal commas replaced by points."""
    if PROGRAM_OUTPUT.search(text):
        return text
    text = TEX_COMMA.sub(r"\1.\2  ", text)
    if "," in text or "." in text:
        _check_ambiguous_points(text)
        text = LEADING.sub(".", NUMBER_RUN.sub(_normalize_number, text))
    return "".join(_replace_semicolons(text)) if ";" in text else text


def _normalize_number(run: re.Match[str]) -> str:
    """Return digits separated by points and commas as a number with at most one point."""
    raw = run[0]
    if DECIMAL.fullmatch(raw) or GROUPED.fullmatch(raw):
        return raw.translate(SWAPPED_MARKS)
    if "," not in raw:
        return raw
    raise AnswerError(
        f"'{truncate_line(raw)}' is not a number with a decimal comma.",
        expected="1234,5 for a number, a semicolon or a space between several",
        position=run.start(),
    )


def _check_ambiguous_points(text: str) -> None:
    """Raise `AnswerError` for ``2.125`` beside ``0.5``, where each point may mark decimals."""
    raws = [run for run in NUMBER_RUN.finditer(text) if "," not in run[0]]
    grouped = next((run for run in raws if GROUPED.fullmatch(run[0])), None)
    if grouped is None or len(raws) <= 1:
        return
    pointed = next((run[0] for run in raws if not GROUPED.fullmatch(run[0])), None)
    if pointed is not None:
        whole = grouped[0].replace(".", "")
        raise AnswerError(
            f"The point in {truncate_line(grouped[0])} can be read in two ways, because "
            f"{truncate_line(pointed)} has a decimal point.",
            expected=f"{truncate_line(grouped[0].replace('.', ','))} for the decimal, "
            f"{truncate_line(whole)} for the whole number",
            position=grouped.start(),
        )


def _replace_semicolons(text: str) -> Iterator[str]:
    """Yield the pieces of *text*, with commas for the semicolons that do not end a row."""
    open_brackets: list[str] = []
    position = 0
    for match in BRACKET.finditer(text):
        sign = match[0]
        yield text[position : match.start()]
        position = match.end()
        if sign in "([{":
            open_brackets.append(sign)
        elif sign != ";":
            del open_brackets[-1:]
        separates = sign == ";" and bool(open_brackets)
        inner = separates and (open_brackets[-1] != "[" or open_brackets.count("[") > 1)
        yield "," if inner else sign
    yield text[position:]
