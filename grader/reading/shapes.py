"""Text or JSON to a shape: a tuple of whole numbers."""

import re
from collections.abc import Sequence
from typing import Final

from grader.display.text import show
from grader.errors import AnswerError
from grader.reading.grammar.characters import clean
from grader.reading.grammar.computing import computed
from grader.reading.grammar.equation_chains import NAMED, Found, last_link
from grader.reading.grammar.errors import NUMBER_FORMS, quoted, shortened
from grader.reading.grammar.tokens import CLOSERS, Token, ends_operand, tokenize
from grader.reading.lengths import check_length
from grader.reading.numbers import MAX_TEXT, WORDS, given_number
from grader.reading.result import Reading, Styled, Typed
from grader.reading.wording.axes import has_cross_and_comma, split_axes
from grader.reading.wording.axis_names import refuse_maps
from grader.reading.wording.words import without_words
from grader.values import Number

__all__ = ["SHAPE_FORMS", "is_plain_shape", "read_shape", "read_side"]

SQUARE: Final = 2
BRACKETS: Final = frozenset({"(", "["})
SEPARATORS: Final = frozenset({"×", "*", "·", ",", ";"})
SIZE: Final = "[1-9][0-9]{0,8}"
COMMAS: Final = f"{SIZE}, {SIZE}(?:, {SIZE}){{0,2}}"
PLAIN: Final = re.compile(
    rf"{NAMED}(?:\$?{SIZE}(?P<by> ?(?:[×x*]|\\times) ?| by ){SIZE}(?:(?P=by){SIZE}){{0,2}}\$?"
    rf"|[(\[]{COMMAS}[)\]]|torch\.Size\(\[{COMMAS}\]\))"
)
"""The common shapes, plain sizes alone: what the full reader makes of them is known."""
DIGITS: Final = re.compile("[0-9]+")
LABELS: Final = re.compile(
    r"\s*+\(?\s*+h(?:eight)?\s*+[=:]?\s*+([0-9]{1,9})\s*+[,;x×]?\s*+w(?:idth)?\s*+[=:]?\s*+([0-9]{1,9})"
    r"(?:\s*+[,;x×]?\s*+c(?:hannels?)?\s*+[=:]?\s*+([0-9]{1,9}))?\s*+\)?\s*+\.?\s*+",
    re.IGNORECASE,
)
"""A label before each axis, in the order of the axes: height, width, channels."""
CROSS: Final = re.compile(r"[x×X]|times|by")
BATCH: Final = re.compile(r"(?<!\w)None(?!\w)")
"""What Keras prints for the size of a batch that is not known yet."""
SPACE: Final = re.compile(
    r"[\s$]*(?:(?:[A-Za-z]\s*)?(?:∈|\\in(?![A-Za-z]))\s*)?"
    r"(?:\\mathbb\s*\{\s*R\s*\}|\\mathbb\s+R|R)\s*\^\s*[{(]([^{}()]*)[})][\s$.]*"
)
"""The space of all arrays of a shape, which stands for the shape."""
THOUSAND: Final = re.compile(r"[1-9][0-9]{0,2}(?:\.000)+")
SHAPE_FORMS: Final = "a shape such as 126×126×16 or (126, 126, 16)"
MAX_ITEMS: Final = 16


def read_shape(typed: Typed, *, square: int | None = None) -> Reading[tuple[int, ...]]:
    """Return the shape that *typed* spells, or raise `AnswerError`.

    A cross separates the axes. With *square*, one number n stands for *square* axes of size n.

    >>> read_shape("512 + 1 - 504 = 9 × 9").value
    (9, 9)
    """
    if isinstance(typed, str):
        if plain := _plain(typed):
            return Reading(plain, show(plain))
        try:
            return _from_text(typed, square)
        except AnswerError as error:
            if error.expected != NUMBER_FORMS:
                raise
            raise AnswerError(
                error.message, expected=SHAPE_FORMS, position=error.position
            ) from error
    items = typed if isinstance(typed, list) else [typed]
    if not 0 < len(items) <= MAX_ITEMS:
        raise AnswerError(f"This has {len(items)} axes.", expected=SHAPE_FORMS)
    check_length(items, MAX_TEXT)
    sizes = tuple(_size(_item(item), at, None) for at, item in enumerate(items, start=1))
    return _reading(sizes, (), square)


def _from_text(typed: str, square: int | None) -> Reading[tuple[int, ...]]:
    """Return the shape in a text that `_plain` does not read."""
    text = clean(typed, limit=MAX_TEXT)
    if batch := BATCH.search(text):
        raise AnswerError(
            "None is no size.", expected="the sizes without the batch", position=batch.start()
        )
    refuse_maps(text)
    if space := SPACE.fullmatch(text):
        text, square = space[1].rjust(space.end(1)), None
    if labelled := LABELS.fullmatch(text):
        sizes = tuple(int(size) for size in labelled.groups() if size is not None)
        return _reading(sizes, (f"The labels name the axes of {show(sizes)}.",), square)
    found = _axis_tokens(text)
    _refuse_second(found.tokens, text)
    if not isinstance(typed, Styled):
        _refuse_thousand(found.tokens)
    axes = tuple(
        _axis(tokens, text, at) for at, tokens in enumerate(split_axes(found.tokens), start=1)
    )
    if square is not None and len(axes) == 1:
        _refuse_product(text, found.tokens[0].start)
    return _reading(axes, found.notes, square)


def read_side(typed: str) -> Reading[Number] | None:
    """Return the side n of a square typed as n×n; None for any other text.

    >>> read_side("13 + 4·4 = 29 × 29 pixels").value
    29
    """
    if not CROSS.search(typed):
        return None
    found = _value(clean(typed, limit=MAX_TEXT), grouping=False)
    match [(token.kind, token.text, token.value) for token in found.tokens]:
        case [("number", one, side), ("symbol", "×", _), ("number", two, other)] if side == other:
            note = f"{one}×{two} stands for {show(side)}."
            return Reading(side, show(side), (*found.notes, note), 1) if side == int(side) else None
        case _:
            return None


def _plain(typed: str) -> tuple[int, ...] | None:
    """Return the sizes if *typed* consists of plain sizes; None for all else, including errors."""
    if not PLAIN.fullmatch(typed):
        return None
    return tuple(map(int, DIGITS.findall(typed.rpartition("=")[2])))


def is_plain_shape(typed: str) -> bool:
    """Return whether *typed* consists of plain sizes, which need no parser."""
    return PLAIN.fullmatch(typed) is not None


def _axis_tokens(text: str) -> Found:
    """Return the tokens of the axes; a comma groups thousands only if crosses separate the axes."""
    found = _value(text, grouping=False)
    if has_cross_and_comma(found.tokens):
        found = _value(text, grouping=True)
    if not found.tokens:
        answer = quoted(text, 0, len(text))
        message = f"No shape was found in {answer}." if text.strip() else "Nothing was given."
        raise AnswerError(message, expected=SHAPE_FORMS, position=0)
    return found


def _value(text: str, *, grouping: bool) -> Found:
    link = last_link(tokenize(text, grouping=grouping), text)
    value = without_words(link.tokens, text, words=WORDS)
    return Found(value.tokens, (*link.notes, *value.notes))


def _refuse_second(tokens: Sequence[Token], text: str) -> None:
    """Raise `AnswerError` for a bracket after a shape: a factor of the last axis, or a remark."""
    for at, token in enumerate(tokens):
        if token.text not in BRACKETS or not ends_operand(tokens[max(0, at - 1) : at]):
            continue
        group = _until_closed(tokens[at:])
        apart = tokens[at - 1].end < token.start
        if apart or any(inner.text in SEPARATORS for inner in group):
            raise AnswerError(
                f"{quoted(text, token.start, group[-1].end)} can be read as a factor or as a "
                "remark.",
                expected="the shape alone",
                position=token.start,
            )


def _refuse_thousand(tokens: Sequence[Token]) -> None:
    """Raise `AnswerError` for ``1.000``, the size 1 or 1000; no other decimal is a size."""
    for token in tokens:
        if token.kind == "number" and THOUSAND.fullmatch(token.text):
            digits = token.text.replace(".", "")
            raise AnswerError(
                f"The point in {token.text} can be read in two ways.",
                expected=f"{digits} or {show(token.value)}",
                position=token.start,
            )


def _refuse_product(text: str, start: int) -> None:
    """Raise `AnswerError` for ``9 × 9 = 81``, where the number at *start* may be a product."""
    if any(token.text == "×" for token in tokenize(text, 0, start)):
        raise AnswerError(
            "The number behind the sizes can be read as their product or as a side.",
            expected="the sizes alone, such as 9×9",
            position=start,
        )


def _until_closed(tokens: Sequence[Token]) -> Sequence[Token]:
    """Return the tokens up to and including the first closing bracket."""
    end = next((at for at, token in enumerate(tokens) if token.text in CLOSERS), len(tokens))
    return tokens[: end + 1]


def _refuse_square(tokens: Sequence[Token], text: str) -> None:
    """Raise `AnswerError` for ``250²``, which may mean two axes; a power of ten is one size."""
    match [token.text for token in tokens]:
        case [base, _] if tokens[1].kind == "power":
            squared = tokens[1].value == SQUARE
        case [base, "**", "2"]:
            squared = True
        case _:
            return
    if squared and base != "10":
        raise AnswerError(
            f"{quoted(text, tokens[0].start, tokens[-1].end)} can be read as one axis or as two.",
            expected=f"{base}×{base} for two axes, the size itself for one",
            position=tokens[0].start,
        )


def _axis(tokens: Sequence[Token], text: str, number: int) -> int:
    _refuse_square(tokens, text)
    if crossed := next((token for token in tokens if token.text == "×"), None):
        raise AnswerError(
            f"{quoted(text, tokens[0].start, tokens[-1].end)} can be read as one axis or as two.",
            expected="no brackets around two axes, or * for a product",
            position=crossed.start,
        )
    return _size(computed(tokens, text), number, tokens[0].start)


def _item(item: Typed) -> Number:
    if not isinstance(item, str):
        return given_number(item)
    text = clean(item, limit=MAX_TEXT)
    tokens = tokenize(text)
    return computed(tokens, text)


def _size(value: Number, number: int, position: int | None) -> int:
    if isinstance(value, int) and value >= 0:
        return value
    raise AnswerError(
        f"Axis {number} is {shortened(show(value))}, which is no size.",
        expected="whole numbers",
        position=position,
    )


def _reading(
    axes: tuple[int, ...], notes: tuple[str, ...], square: int | None
) -> Reading[tuple[int, ...]]:
    if square is not None and len(axes) == 1:
        axes *= square
        notes = (*notes, f"One number stands for {show(axes)}.")
    return Reading(axes, show(axes), notes)
