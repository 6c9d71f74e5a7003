"""Text or JSON to a shape: a tuple of whole numbers."""

import re
from collections.abc import Sequence
from typing import Final

from grader.display.text import to_text
from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.characters import clean_text
from grader.reading.grammar.equation_chains import OPTIONAL_NAME, ValueTokens, extract_last_link
from grader.reading.grammar.errors import NUMBER_FORMS, quote_span, truncate_line
from grader.reading.grammar.evaluation import evaluate_tokens
from grader.reading.grammar.tokens import CLOSERS, Token, ends_with_operand, tokenize
from grader.reading.lengths import check_text_length
from grader.reading.numbers import MAX_TEXT, WORD_KINDS, require_number
from grader.reading.result import RawAnswer, Reading, StyledText
from grader.reading.wording.axes import has_cross_and_comma, split_axes
from grader.reading.wording.axis_names import refuse_maps_notation
from grader.reading.wording.surrounding_words import strip_surrounding_words
from grader.values import Number

SQUARE_EXPONENT: Final = 2
BRACKETS: Final = frozenset({"(", "["})
SEPARATORS: Final = frozenset({"×", "*", "·", ",", ";"})
SIZE: Final = "[1-9][0-9]{0,8}"
COMMAS: Final = f"{SIZE}, {SIZE}(?:, {SIZE}){{0,2}}"
PLAIN_SHAPE: Final = lazy_regex(
    rf"\s*{OPTIONAL_NAME}(?:"
    rf"\$?{SIZE}(?P<by> ?(?:[×x*]|\\times) ?| by ){SIZE}(?:(?P=by){SIZE}){{0,2}}\$?"
    rf"|[(\[]{COMMAS}[)\]]|torch\.Size\(\[{COMMAS}\]\))"
)
"""A common shape of plain sizes, whose reading is known without the full reader."""
DIGITS: Final = lazy_regex("[0-9]+")
LABELS: Final = lazy_regex(
    r"\s*+\(?\s*+(?:h(?:eight)?|rows?)\s*+[=:]?\s*+([0-9]{1,9})\s*+[,;x×]?\s*+(?:w(?:idth)?|col(?:umn)?s?)\s*+[=:]?\s*+([0-9]{1,9})"
    r"(?:\s*+[,;x×]?\s*+c(?:hannels?)?\s*+[=:]?\s*+([0-9]{1,9}))?\s*+\)?\s*+\.?\s*+",
    re.IGNORECASE,
)
"""A label before each axis, in the order of the axes: height, width, channels."""
BATCH: Final = lazy_regex(r"(?<!\w)None(?!\w)")
"""Keras' output for a batch size that is not known yet."""
LEADING_BATCH: Final = lazy_regex(
    r"\A((?:[\w.]+\s*)?[(\[]{1,3}\s*)(None\s*,|-1\s*,(?=[^,]*,[^,]*,))"
)
"""A batch of unknown size at the beginning of a printed shape."""
COUNTED_AXES: Final = lazy_regex(
    r"\s*(?:(?P<rows>[0-9]{1,9})\s+rows?\s*(?:,|and|by|×|x)\s*)?(?P<columns>[0-9]{1,9})\s+col(?:umn)?s?"
    r"(?(rows)|\s*(?:,|and|by|×|x)\s*(?P<below>[0-9]{1,9})\s+rows?)[\s.]*",
    re.IGNORECASE,
)
"""The numbers of rows and columns, in any order."""
ARRAY_SPACE: Final = lazy_regex(
    r"[\s$]*(?:(?:[A-Za-z](?:_\{?\w{1,9}\}?)?\s*)?(?:∈|\\in(?![A-Za-z]))\s*)?"
    r"(?:\\mathbb\s*\{\s*R\s*\}|\\mathbb\s+R|R)\s*\^\s*[{(]([^{}()]*)[})][\s$.]*"
)
"""The space of all arrays of a shape, which denotes the shape."""
THOUSAND: Final = lazy_regex(r"[1-9][0-9]{0,2}(?:\.000)+")
SHAPE_FORMS: Final = "a shape such as 126×126×16 or (126, 126, 16)"
MAX_ITEMS: Final = 16


def read_shape(typed: RawAnswer, *, square: int | None = None) -> Reading[tuple[int, ...]]:
    """Return the shape that *typed* spells, or raise `AnswerError`.

    A cross separates the axes. With *square*, one number n stands for *square* axes of size n.

    >>> read_shape("512 + 1 - 504 = 9 × 9").value
    (9, 9)
    """
    if isinstance(typed, str):
        if plain := _parse_plain_shape(typed):
            return Reading(plain, to_text(plain))
        try:
            return _read_text(typed, square)
        except AnswerError as error:
            if error.expected != NUMBER_FORMS:
                raise
            raise AnswerError(
                error.message, expected=SHAPE_FORMS, position=error.position
            ) from error
    items = typed if isinstance(typed, list) else [typed]
    if not 0 < len(items) <= MAX_ITEMS:
        raise AnswerError(f"This has {len(items)} axes.", expected=SHAPE_FORMS)
    check_text_length([*items], MAX_TEXT)
    sizes = tuple(
        _check_axis_size(_read_item(item), index, None) for index, item in enumerate(items, start=1)
    )
    return _build_reading(sizes, (), square)


def _read_text(typed: str, square: int | None) -> Reading[tuple[int, ...]]:
    """Return the shape in a text that `_parse_plain_shape` does not read."""
    text = clean_text(typed, limit=MAX_TEXT)
    if counted := COUNTED_AXES.fullmatch(text):
        counts = int(counted["rows"] or counted["below"]), int(counted["columns"])
        return _build_reading(counts, ("The rows come first.",), None)
    dropped: tuple[str, ...] = ()
    if unknown := LEADING_BATCH.match(text):
        dropped = ("The batch of unknown size in front was ignored.",)
        text = text[: unknown.start(2)] + " " * len(unknown[2]) + text[unknown.end(2) :]
    if batch := BATCH.search(text):
        raise AnswerError(
            "None is not a size.", expected="the sizes without the batch", position=batch.start()
        )
    refuse_maps_notation(text)
    if space := ARRAY_SPACE.fullmatch(text):
        text, square = space[1].rjust(space.end(1)), None
    if labelled := LABELS.fullmatch(text):
        sizes = tuple(int(size) for size in labelled.groups() if size is not None)
        return _build_reading(sizes, (f"The labels name the axes of {to_text(sizes)}.",), square)
    value_tokens = _extract_axis_tokens(text)
    _refuse_second_bracket(value_tokens.tokens, text)
    if not isinstance(typed, StyledText):
        _refuse_point_thousands(value_tokens.tokens)
    axes = tuple(
        _evaluate_axis(tokens, text, index)
        for index, tokens in enumerate(split_axes(value_tokens.tokens), start=1)
    )
    if square is not None and len(axes) == 1:
        _refuse_product(text, value_tokens.tokens[0].start)
    return _build_reading(axes, (*dropped, *value_tokens.notes), square)


def _parse_plain_shape(typed: str) -> tuple[int, ...] | None:
    """Return the sizes if *typed* consists of plain sizes; None for all else, including errors."""
    if not PLAIN_SHAPE.fullmatch(typed):
        return None
    return tuple(map(int, DIGITS.findall(typed.rpartition("=")[2])))


def is_plain_shape(typed: str) -> bool:
    """Return whether *typed* consists of plain sizes, which need no parser."""
    return PLAIN_SHAPE.fullmatch(typed) is not None


def _extract_axis_tokens(text: str) -> ValueTokens:
    """Return the tokens of the axes; a comma groups thousands only if crosses separate the axes."""
    value_tokens = _extract_value_tokens(text, grouping=False)
    if has_cross_and_comma(value_tokens.tokens):
        value_tokens = _extract_value_tokens(text, grouping=True)
    if not value_tokens.tokens:
        answer = quote_span(text, 0, len(text))
        message = f"No shape was found in {answer}." if text.strip() else "Nothing was given."
        raise AnswerError(message, expected=SHAPE_FORMS, position=0)
    return value_tokens


def _extract_value_tokens(text: str, *, grouping: bool) -> ValueTokens:
    link = extract_last_link(tokenize(text, grouping=grouping), text)
    value = strip_surrounding_words(link.tokens, text, word_kinds=WORD_KINDS)
    return ValueTokens(value.tokens, (*link.notes, *value.notes))


def _refuse_second_bracket(tokens: Sequence[Token], text: str) -> None:
    """Raise `AnswerError` for a bracket after a shape: a factor of the last axis, or a remark."""
    for index, token in enumerate(tokens):
        if token.text not in BRACKETS or not ends_with_operand(tokens[max(0, index - 1) : index]):
            continue
        group = _take_until_closing_bracket(tokens[index:])
        apart = tokens[index - 1].end < token.start
        if apart or any(inner.text in SEPARATORS for inner in group):
            raise AnswerError(
                f"{quote_span(text, token.start, group[-1].end)} can be read as a factor or as a "
                "remark.",
                expected="the shape alone",
                position=token.start,
            )


def _refuse_point_thousands(tokens: Sequence[Token]) -> None:
    """Raise `AnswerError` for ``1.000``, the size 1 or 1000; no other decimal is a size."""
    for token in tokens:
        if token.kind == "number" and THOUSAND.fullmatch(token.text):
            digits = token.text.replace(".", "")
            raise AnswerError(
                f"The point in {token.text} can be read in two ways.",
                expected=f"{digits} or {to_text(token.value)}",
                position=token.start,
            )


def _refuse_product(text: str, start: int) -> None:
    """Raise `AnswerError` for ``9 × 9 = 81``, where the number at *start* may be a product."""
    if any(token.text == "×" for token in tokenize(text, 0, start)):
        raise AnswerError(
            "The number after the sizes can be read as their product or as a side.",
            expected="the sizes alone, such as 9×9",
            position=start,
        )


def _take_until_closing_bracket(tokens: Sequence[Token]) -> Sequence[Token]:
    """Return the tokens up to and including the first closing bracket."""
    end = next((index for index, token in enumerate(tokens) if token.text in CLOSERS), len(tokens))
    return tokens[: end + 1]


def _refuse_squared_size(tokens: Sequence[Token], text: str) -> None:
    """Raise `AnswerError` for ``250²``, which may mean two axes; a power of ten is one size."""
    match [token.text for token in tokens]:
        case [base, _] if tokens[1].kind == "power":
            squared = tokens[1].value == SQUARE_EXPONENT
        case [base, "**", "2"]:
            squared = True
        case _:
            return
    if squared and base != "10":
        raise AnswerError(
            f"{quote_span(text, tokens[0].start, tokens[-1].end)} can be read as one axis or as "
            "two.",
            expected=f"{base}×{base} for two axes, the size itself for one",
            position=tokens[0].start,
        )


def _evaluate_axis(tokens: Sequence[Token], text: str, number: int) -> int:
    _refuse_squared_size(tokens, text)
    if crossed := next((token for token in tokens if token.text == "×"), None):
        raise AnswerError(
            f"{quote_span(text, tokens[0].start, tokens[-1].end)} can be read as one axis or as "
            "two.",
            expected="no brackets around two axes, or * for a product",
            position=crossed.start,
        )
    return _check_axis_size(evaluate_tokens(tokens, text), number, tokens[0].start)


def _read_item(item: RawAnswer) -> Number:
    if not isinstance(item, str):
        return require_number(item)
    text = clean_text(item, limit=MAX_TEXT)
    tokens = tokenize(text)
    return evaluate_tokens(tokens, text)


def _check_axis_size(value: Number, number: int, position: int | None) -> int:
    if isinstance(value, int) and value >= 0:
        return value
    raise AnswerError(
        f"The size of axis {number} is {truncate_line(to_text(value))}.",
        expected="whole numbers",
        position=position,
    )


def _build_reading(
    axes: tuple[int, ...], notes: tuple[str, ...], square: int | None
) -> Reading[tuple[int, ...]]:
    if square is not None and len(axes) == 1:
        axes *= square
        notes = (*notes, f"One number means {to_text(axes)}.")
    return Reading(axes, to_text(axes), notes)
