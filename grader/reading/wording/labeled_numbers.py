"""Numbers with their names, in any order: ``FP = 3, TP = 7`` and ``(v, m) = (0.3, 0.4)``."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from grader.display.text import to_text
from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.arrays.ambiguous_rows import refuse_reordered_labels
from grader.reading.arrays.headings import refuse_other_axis_names, refuse_reordered_heading
from grader.reading.grammar.ambiguous_signs import (
    DASH_IS_AMBIGUOUS,
    LABEL_DASH,
    label_dash_error,
)
from grader.reading.grammar.characters import clean_text
from grader.reading.lists.numbered_values import read_numbered_values
from grader.reading.numbers import MAX_TEXT, read_number
from grader.reading.result import RawAnswer, Reading
from grader.reading.tensors import read_tensor
from grader.reading.variable_names import LETTER
from grader.values import Number, Tensor

PREFIX_LETTERS: Final = 3
"""Number of first letters that identify a longer word: ``col`` for column."""
SUBSCRIPTS_TO_DIGITS: Final = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
DIGITS_TO_SUPERSCRIPTS: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
TYPESETTING: Final = lazy_regex(
    r"[$\"'`]|\\[()\[\]]|\*\*(?=[^\W\d_])|(?<=[0-9])\*\*(?=\s*(?:[,;\n]|and\b|\Z))|\\(?:left|right|text|(?:wide)?hat)(?![A-Za-z])(?:(?<=hat)\s*\{)?"
)
OPENED: Final = lazy_regex(r"[\s(\[{|]*")
LISTED: Final = lazy_regex(r",?\s*(?:[,;/|&]|\b(?:and|und)\b|\s)\s*")
_ARROW: Final = r"(?:[-=]+>|→|⇒)"
HEADER: Final = lazy_regex(
    rf"[\s)\]}}]*(?:{_ARROW}|=|:|≈)|[ \t|]*\n(?:[ \t|:-]*\n)?(?=[ \t|]*[-+.0-9])"
)
SIGN: Final = lazy_regex(r"[\s)\]}]*(?:=|:|≈|is\b)?\s*")
BEFORE: Final = lazy_regex(r"[\s,;]*(?:(?:and|und)\b)?\s*")
PAUSES: Final = " \t\r\n,;.|"
CLOSERS: Final = " \t\r\n)]}."
OTHER_NUMBER: Final = lazy_regex(
    rf"[;\n]|,(?=\s|{LETTER})|{LETTER}\w*\s*[=:]|(?:^|=)\s*-?[0-9.]+\s*(?:{_ARROW}|:)"
)
"""Separator of a number from another one without a name."""
DASHED: Final = lazy_regex(r"[)\]}]*(?:\s+-\s|-(?![->]))")
"""A dash after a name, with spaces on both sides or none."""
SQUARE: Final = lazy_regex(r"\s*([0-9]+)\s*[x×]\s*\1\s*")
"""The size of a window, or a product."""
_NUMBER: Final = r"[-+]?[0-9]+(?:\.[0-9]+)?(?:/[0-9]+)?"
JOINED: Final = lazy_regex(
    rf"\s*({_NUMBER}(?:, ?{_NUMBER})*),?\s+(?:and|und|et|y|и)\s+({_NUMBER})[\s.]*"
)
"""Plain numbers with ``and`` before the last."""
RESPELLING: Final = lazy_regex(r"\s+(\()?")
"""Text between two spellings of the same name."""
MARKS: Final = lazy_regex(rf"^[ \t]*[-*·](?=[ \t]+{LETTER})", re.MULTILINE)
"""A list marker before a name; before a number it may be a sign."""
LAST_REMARK: Final = lazy_regex(rf"(?<=\S)\s+\([^()]*{LETTER}[^()]*\)[\s.]*\Z")
"""A remark in brackets behind all numbers."""
NOTE: Final = "The names tell which number is which."
DIGIT: Final = lazy_regex(r"[0-9]")


class LabelSpan(NamedTuple):
    """Name in an answer: its *number* in the part, and its position."""

    number: int
    start: int
    end: int


def read_labeled_numbers(typed: RawAnswer, names: Sequence[str] = ()) -> Reading[Tensor]:
    """Return the numbers in the order of *names*, or as typed if the names are absent.

    >>> read_labeled_numbers("FP = 3, TP = 7", ("TP", "FP")).text
    '[7, 3]'
    """
    if not isinstance(typed, str) or len(typed) > MAX_TEXT:
        return read_tensor(typed, rank=1)
    if joined := JOINED.fullmatch(typed):
        return read_tensor(f"{joined[1]}, {joined[2]}", rank=1)
    if reading := _read_by_name(typed, names) if names else None:
        return reading
    refuse_reordered_heading(typed, names)
    refuse_other_axis_names(typed, names)
    refuse_reordered_labels(typed)
    return read_numbered_values(typed) or read_tensor(typed, rank=1)


def _read_by_name(typed: str, names: Sequence[str]) -> Reading[Tensor] | None:
    """Return the numbers by their names, or None unless each name occurs once."""
    plain = clean_text(typed, limit=MAX_TEXT)
    text = TYPESETTING.sub(_blank_out, plain).translate(SUBSCRIPTS_TO_DIGITS)
    text = MARKS.sub(_blank_out, text)
    labels = _find_labels(text, tuple(names))
    if remark := LAST_REMARK.search(text):
        inside = [label for label in labels if label.start > remark.start()]
        if not inside:
            text = text[: remark.start()]
    order = [label.number for label in labels]
    if sorted(order) != [*range(len(names))]:
        return None
    if dash := LABEL_DASH.search(plain):
        raise label_dash_error(dash.start() + 1)
    cells = _read_after_header(text, labels) or _read_beside_labels(text, labels)
    if len(cells) != len(names):
        _refuse_label_order(order)
        return None
    tensor = Tensor((len(names),), tuple(cells[order.index(index)] for index in range(len(names))))
    return Reading(tensor, to_text(tensor), (NOTE,))


def _find_labels(text: str, names: tuple[str, ...]) -> list[LabelSpan]:
    """Return the names in *text*; two spellings in a row, such as ``kernel (k)``, are one name."""
    labels: list[LabelSpan] = []
    for match in _compile_label_pattern(names).finditer(text):
        label = LabelSpan(int(str(match.lastgroup)[1:]), match.start(), match.end())
        before = labels[-1] if labels else None
        if before and before.number == label.number:
            again = RESPELLING.fullmatch(text, before.end, label.start)
            closed = bool(again and again[1]) and text.startswith(")", label.end)
            if again and (closed or not again[1]):
                labels[-1] = LabelSpan(label.number, before.start, label.end + closed)
                continue
        labels.append(label)
    return labels


def _refuse_label_order(order: Sequence[int]) -> None:
    """Raise `AnswerError` if the names are in another *order* than in the question."""
    if [*order] != sorted(order):
        raise AnswerError(
            "The names are in a different order than in the question.",
            expected="each number beside its name",
        )


def have_distinct_spellings(names: Sequence[str]) -> bool:
    """Return whether no spelling of one of *names* matches another of them."""
    spelt = [re.compile(_name_pattern(name), re.IGNORECASE) for name in names]
    return all(
        [index for index, pattern in enumerate(spelt) if pattern.fullmatch(word.strip())]
        == [number]
        for number, name in enumerate(names)
        for word in name.split("|")
    )


def _blank_out(match: re.Match[str]) -> str:
    return " " * len(match[0])


@lru_cache(maxsize=256)
def _compile_label_pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern of all names as whole words, with a group for each index in *names*."""
    spelt = "|".join(f"(?P<n{index}>{_name_pattern(name)})" for index, name in enumerate(names))
    return re.compile(rf"(?<![^\W_])(?<!_)(?:{spelt})(?!\w)", re.IGNORECASE)


def _name_pattern(name: str) -> str:
    """Return the pattern of a name; ``col`` matches column, ``m1`` and ``m_{1}`` match m_1."""
    words = sorted(map(str.strip, name.split("|")), key=len, reverse=True)
    return "|".join(map(_word_pattern, words))


def _word_pattern(word: str) -> str:
    if word.isalpha() and len(word) > PREFIX_LETTERS:
        return rf"{word[:PREFIX_LETTERS]}[a-z]*"
    first, *others = re.findall(r"[^\W\d_]+|[0-9]+", word)
    return str(first) + "".join(
        rf"\}}?\s?[_^]?\{{?{_subscript_pattern(piece)}\}}?" for piece in others
    )


def _subscript_pattern(piece: str) -> str:
    return f"(?:{piece}|{piece.translate(DIGITS_TO_SUPERSCRIPTS)})"


def _read_after_header(text: str, labels: Sequence[LabelSpan]) -> tuple[Number, ...]:
    """Return the numbers after a list of all names, ``(v, m) = (0.3, 0.4)``; () without one."""
    sign = HEADER.match(text, labels[-1].end)
    if sign is None or not OPENED.fullmatch(text, 0, labels[0].start):
        return ()
    if not all(LISTED.fullmatch(between) for between in _iter_between_labels(text, labels)):
        return ()
    return read_labeled_numbers(text[sign.end() :]).value.cells


def _iter_between_labels(text: str, labels: Sequence[LabelSpan]) -> Iterator[str]:
    for left, right in pairwise(labels):
        yield text[left.end : right.start]


def _read_beside_labels(text: str, labels: Sequence[LabelSpan]) -> tuple[Number, ...]:
    """Return the number after, or before, each name; () if there is any other text."""
    first, last = text[: labels[0].start], text[labels[-1].end :]
    between = [*_iter_between_labels(text, labels)]
    if OPENED.fullmatch(first):
        end = last.rstrip(CLOSERS if first.strip() else PAUSES)
        pieces = [
            _strip_label_sign(piece) for piece in (*map(_strip_trailing_conjunction, between), end)
        ]
    elif not last.strip(CLOSERS):
        pieces = [_strip_leading_match(BEFORE, piece) for piece in (first, *between)]
    else:
        return ()
    alone = all(DIGIT.search(piece) and not OTHER_NUMBER.search(piece) for piece in pieces)
    return tuple(map(_read_piece, pieces)) if alone else ()


def _strip_label_sign(piece: str) -> str:
    """Return *piece* without the sign that joins it to its name.

    Raises `AnswerError` for a dash, which could be a minus sign.
    """
    if DASHED.match(piece):
        raise AnswerError(
            f"A dash after a name {DASH_IS_AMBIGUOUS}.",
            expected="an equals sign between the name and its number",
        )
    return _strip_leading_match(SIGN, piece)


def _strip_leading_match(sign: re.Pattern[str], piece: str) -> str:
    match = sign.match(piece)
    return piece[match.end() :] if match else piece


def _strip_trailing_conjunction(piece: str) -> str:
    """Return *piece* without the comma, or the ``and``, before the next name."""
    bare = piece.rstrip(PAUSES)
    word = bare[-4:].lower()
    return (
        bare[:-3].rstrip(PAUSES) if word[1:] in {"and", "und"} and not word[0].isalpha() else bare
    )


def _read_piece(piece: str) -> Number:
    """Return the number in *piece*; errors lose their position, which is relative to *piece*."""
    if SQUARE.fullmatch(piece):
        raise AnswerError(
            f"'{piece.strip()}' can be read as a size or as a product.", expected="one number"
        )
    try:
        return read_number(piece).value
    except AnswerError as error:
        raise AnswerError(error.message, expected=error.expected) from error
