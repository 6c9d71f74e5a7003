"""Numbers with their names, in any order: ``FP = 3, TP = 7`` and ``(v, m) = (0.3, 0.4)``."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from grader.display.text import show
from grader.errors import AnswerError
from grader.reading.arrays.headings import refuse_heading
from grader.reading.arrays.row_marks import refuse_order
from grader.reading.grammar.characters import clean
from grader.reading.grammar.signs import LABEL_DASH, label_dash
from grader.reading.names import LETTER
from grader.reading.numbers import MAX_TEXT, read_number
from grader.reading.result import Reading, Typed
from grader.reading.tensors import read_tensor
from grader.values import Number, Tensor

__all__ = ["are_distinct", "read_listed"]

PREFIX: Final = 3
"""The first letters that stand for a longer word: ``col`` for column."""
LOW: Final = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
HIGH: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
SETTING: Final = re.compile(
    r"[$\"'`]|\\[()\[\]]|\*\*(?=[^\W\d_])|(?<=[0-9])\*\*(?=\s*(?:[,;\n]|and\b|\Z))|\\(?:left|right|text|(?:wide)?hat)(?![A-Za-z])(?:(?<=hat)\s*\{)?"
)
OPENED: Final = re.compile(r"[\s(\[{]*")
LISTED: Final = re.compile(r",?\s*(?:[,;/|&]|\b(?:and|und)\b|\s)\s*")
_ARROW: Final = r"(?:[-=]+>|→|⇒)"
HEADER: Final = re.compile(rf"[\s)\]}}]*(?:{_ARROW}|=|:|≈)")
SIGN: Final = re.compile(r"[\s)\]}]*(?:=|:|≈|is\b)?\s*")
BEFORE: Final = re.compile(r"[\s,;]*(?:(?:and|und)\b)?\s*")
PAUSES: Final = " \t\r\n,;.|"
CLOSERS: Final = " \t\r\n)]}."
OTHER: Final = re.compile(
    rf"[;\n]|,(?=\s|{LETTER})|{LETTER}\w*\s*[=:]|(?:^|=)\s*-?[0-9.]+\s*(?:{_ARROW}|:)"
)
"""What parts a number from another one, for which there is no name."""
DASHED: Final = re.compile(r"[)\]}]*(?:\s+-\s|-(?![->]))")
"""A dash behind a name, with blanks on both sides or none."""
SQUARE: Final = re.compile(r"\s*([0-9]+)\s*[x×]\s*\1\s*")
"""The size of a window, or a product."""
_NUMBER: Final = r"[-+]?[0-9]+(?:\.[0-9]+)?(?:/[0-9]+)?"
JOINED: Final = re.compile(
    rf"\s*({_NUMBER}(?:, ?{_NUMBER})*),?\s+(?:and|und|et|y|и)\s+({_NUMBER})[\s.]*"
)
"""Plain numbers with ``and`` before the last."""
AGAIN: Final = re.compile(r"\s+(\()?")
"""What stands between two spellings of one name."""
MARKS: Final = re.compile(rf"^[ \t]*[-*·](?=[ \t]+{LETTER})", re.MULTILINE)
"""The mark of an item before a name; before a number it may be a sign."""
NOTE: Final = "The names tell which number is which."
DIGIT: Final = re.compile(r"[0-9]")


class Label(NamedTuple):
    """Name in an answer: its *number* in the part, and its position."""

    number: int
    start: int
    end: int


def read_listed(typed: Typed, names: Sequence[str] = ()) -> Reading[Tensor]:
    """Return the numbers in the order of *names*, or as typed if the names are absent.

    >>> read_listed("FP = 3, TP = 7", ("TP", "FP")).shown
    '[7, 3]'
    """
    if not isinstance(typed, str) or len(typed) > MAX_TEXT:
        return read_tensor(typed, rank=1)
    if joined := JOINED.fullmatch(typed):
        return read_tensor(f"{joined[1]}, {joined[2]}", rank=1)
    if found := _by_name(typed, names) if names else None:
        return found
    refuse_heading(typed, names)
    refuse_order(typed)
    return read_tensor(typed, rank=1)


def _by_name(typed: str, names: Sequence[str]) -> Reading[Tensor] | None:
    """Return the numbers by their names, or None unless each name occurs once."""
    plain = clean(typed, limit=MAX_TEXT)
    text = SETTING.sub(_blank, plain).translate(LOW)
    text = MARKS.sub(_blank, text)
    labels = _labels(text, tuple(names))
    order = [label.number for label in labels]
    if sorted(order) != [*range(len(names))]:
        return None
    if dash := LABEL_DASH.search(plain):
        raise label_dash(dash.start() + 1)
    cells = _listed(text, labels) or _each(text, labels)
    if len(cells) != len(names):
        _refuse_order(order)
        return None
    tensor = Tensor((len(names),), tuple(cells[order.index(at)] for at in range(len(names))))
    return Reading(tensor, show(tensor), (NOTE,))


def _labels(text: str, names: tuple[str, ...]) -> list[Label]:
    """Return the names in *text*; two spellings in a row, such as ``kernel (k)``, are one name."""
    labels: list[Label] = []
    for found in _pattern(names).finditer(text):
        label = Label(int(str(found.lastgroup)[1:]), found.start(), found.end())
        before = labels[-1] if labels else None
        if before and before.number == label.number:
            again = AGAIN.fullmatch(text, before.end, label.start)
            closed = bool(again and again[1]) and text.startswith(")", label.end)
            if again and (closed or not again[1]):
                labels[-1] = Label(label.number, before.start, label.end + closed)
                continue
        labels.append(label)
    return labels


def _refuse_order(order: Sequence[int]) -> None:
    """Raise `AnswerError` if the names are in another *order* than in the question."""
    if [*order] != sorted(order):
        raise AnswerError(
            "The names stand in another order than in the question.",
            expected="each number beside its name",
        )


def are_distinct(names: Sequence[str]) -> bool:
    """Return whether no spelling of one of *names* matches another of them."""
    spelt = [re.compile(_spelling(name), re.IGNORECASE) for name in names]
    return all(
        [at for at, pattern in enumerate(spelt) if pattern.fullmatch(word.strip())] == [number]
        for number, name in enumerate(names)
        for word in name.split("|")
    )


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


@lru_cache(maxsize=256)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern of all names as whole words, with a group for each index in *names*."""
    spelt = "|".join(f"(?P<n{at}>{_spelling(name)})" for at, name in enumerate(names))
    return re.compile(rf"(?<![^\W_])(?<!_)(?:{spelt})(?!\w)", re.IGNORECASE)


def _spelling(name: str) -> str:
    """Return the pattern of a name; ``col`` matches column, ``m1`` and ``m_{1}`` match m_1."""
    words = sorted(map(str.strip, name.split("|")), key=len, reverse=True)
    return "|".join(map(_word, words))


def _word(word: str) -> str:
    if word.isalpha() and len(word) > PREFIX:
        return rf"{word[:PREFIX]}[a-z]*"
    first, *others = re.findall(r"[^\W\d_]+|[0-9]+", word)
    return str(first) + "".join(rf"\}}?\s?[_^]?\{{?{_lowered(piece)}\}}?" for piece in others)


def _lowered(piece: str) -> str:
    return f"(?:{piece}|{piece.translate(HIGH)})"


def _listed(text: str, labels: Sequence[Label]) -> tuple[Number, ...]:
    """Return the numbers after a list of all names, ``(v, m) = (0.3, 0.4)``; () without one."""
    sign = HEADER.match(text, labels[-1].end)
    if sign is None or not OPENED.fullmatch(text, 0, labels[0].start):
        return ()
    if not all(LISTED.fullmatch(between) for between in _between(text, labels)):
        return ()
    return read_listed(text[sign.end() :]).value.cells


def _between(text: str, labels: Sequence[Label]) -> Iterator[str]:
    for one, two in pairwise(labels):
        yield text[one.end : two.start]


def _each(text: str, labels: Sequence[Label]) -> tuple[Number, ...]:
    """Return the number after, or before, each name; () if there is any other text."""
    first, last = text[: labels[0].start], text[labels[-1].end :]
    between = [*_between(text, labels)]
    if OPENED.fullmatch(first):
        end = last.rstrip(CLOSERS if first.strip() else PAUSES)
        pieces = [_behind_name(piece) for piece in (*map(_ended, between), end)]
    elif not last.strip(CLOSERS):
        pieces = [_behind(BEFORE, piece) for piece in (first, *between)]
    else:
        return ()
    alone = all(DIGIT.search(piece) and not OTHER.search(piece) for piece in pieces)
    return tuple(map(_number, pieces)) if alone else ()


def _behind_name(piece: str) -> str:
    """Return *piece* without the sign that joins it to its name.

    Raises `AnswerError` for a dash, which could be a minus sign.
    """
    if DASHED.match(piece):
        raise AnswerError(
            "A dash after a name can be read as a minus sign.",
            expected="an equals sign between the name and its number",
        )
    return _behind(SIGN, piece)


def _behind(sign: re.Pattern[str], piece: str) -> str:
    found = sign.match(piece)
    return piece[found.end() :] if found else piece


def _ended(piece: str) -> str:
    """Return *piece* without the comma, or the ``and``, before the next name."""
    bare = piece.rstrip(PAUSES)
    word = bare[-4:].lower()
    return (
        bare[:-3].rstrip(PAUSES) if word[1:] in {"and", "und"} and not word[0].isalpha() else bare
    )


def _number(piece: str) -> Number:
    """Return the number in *piece*; errors lose their position, which is relative to *piece*."""
    if SQUARE.fullmatch(piece):
        raise AnswerError(
            f"'{piece.strip()}' can be read as a size or as a product.", expected="one number"
        )
    try:
        return read_number(piece).value
    except AnswerError as error:
        raise AnswerError(error.message, expected=error.expected) from error
