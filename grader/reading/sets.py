"""Text or JSON to a set: numbers, shapes or names in any order, without duplicates."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal, TypeAlias

from grader.display.text import show
from grader.errors import AnswerError
from grader.reading.grammar.characters import clean, fold
from grader.reading.grammar.errors import shortened
from grader.reading.grammar.signs import LABEL_DASH, label_dash
from grader.reading.lengths import check_length
from grader.reading.result import Reading, Typed
from grader.reading.shapes import read_shape
from grader.reading.tensors import read_tensor
from grader.values import Number, Value

__all__ = ["MAX_ITEMS", "ItemKind", "read_set", "show_set"]

ItemKind: TypeAlias = Literal["number", "integer", "shape", "name"]
"""What the items of a set are."""

MAX_TEXT: Final = 2_000
MAX_ITEMS: Final = 64
MOST_AROUND: Final = 2
"""The most pairs of brackets that are taken away around a set."""
DECORATION: Final = re.compile(r"\$|\\left|\\right|\\(?=[{}])|\.\s*\Z")
LABEL: Final = re.compile(r"(?:[^,;\n=:∈<>!()\[\]{}]*(?:[=:∈]|(?<=\\in)(?=\s)))+")
SECOND: Final = re.compile(r"[=:∈]\s*[0-9][^=:∈]*\s[^\W\d_][^=:∈]*[=:∈]")
"""A value and then the name of the next one, as in ``k = 5 or k =``."""
RANGE: Final = re.compile(r"(?<![\w.)\]])([0-9]+)( ?)-\2([0-9]+)(?![\w.(\[])")
"""A dash between two numbers, ``5-7`` or ``5 - 7``: from the one to the other, or a subtraction."""
INTERVAL: Final = re.compile(r"(?:∈|\\in\b|\bin\b)\s*\[\s*-?[0-9.]+\s*[,;]\s*-?[0-9.]+\s*\]")
"""Square brackets around two numbers behind ``∈``, an interval to most."""
SLICE: Final = re.compile(r"(?<![^\s=])[0-9]+(?:\s*:\s*[0-9]+){1,2}\Z")
"""Two numbers and a colon, or three, as MATLAB and Python write all from one to the other."""
SIZE: Final = re.compile(r"(?<![\w.])([0-9]+)\s?[x×]\s?\1(?![\w.])")
"""A size such as ``5×5``, which may stand for its side or for the product."""
BULLET: Final = re.compile(r"\A(?:[-*·]|[0-9]{1,2}[.)])\s+(?=\S)")
"""What stands before the lines of a list."""
LINK: Final = re.compile(r"[=:→⇒]|->|=>")
AND: Final = re.compile(r"[,;]\s*(?:\b(?:and|und|et)\b|&)|\b(?:and|und|et)\b|&", re.IGNORECASE)
NOUNS: Final = (
    "anchor|answer|block|box|cell|channel|class|column|detection|feature|filter|head|image|index"
    "|input|item|kernel|layer|network|neuron|number|operation|option|output|part|pixel|prediction"
    "|row|shape|size|step|token|unit|weight"
)
LEADING: Final = re.compile(
    rf"(?:(?<=,)|(?<=;)|(?<=\n)|(?<!.))\s*((?:(?:the|are|is|it|they|these|(?:{NOUNS})(?:e?s)?|indices)\s+)+)"
    r"(?=\S)",
    re.IGNORECASE | re.DOTALL,
)
"""Words before an item that only say what it is; any other word could change or be an item."""
CODED: Final = re.compile(r"(?<![^\W_])([^\W\d_])_?([0-9]+)(?![^\W_])")
"""A name for a thing with its number, such as ``B1``."""
PIECE: Final = re.compile(r"[()\[\]{}]|[,;\n]|[^()\[\]{},;\n]+")
EMPTY: Final = frozenset({"", "none", "∅", "\\emptyset", "\\varnothing"})
BRACKETS: Final = {"(": ")", "[": "]", "{": "}"}


def read_set(
    typed: Typed, *, of: ItemKind, names: Sequence[str] = ()
) -> Reading[tuple[Value, ...]]:
    """Return the items in *typed*, sorted, or raise `AnswerError`.

    Commas, semicolons, line ends or ``and`` separate them, with or without brackets around all.
    Names are matched to *names* in any case, and sorted in the order of *names*.

    >>> read_set("3, 1 and 3", of="integer").shown
    '{1, 3}'
    """
    body: str | list[Typed]
    body, said = (typed, ()) if isinstance(typed, list) else _without_words(_body(typed), names)
    if isinstance(body, list):
        _check_size(body, of)
    if not body:
        return Reading((), show_set(()))
    match of:
        case "number" | "integer":
            return _set(sorted(_numbers(body)), said)
        case "shape":
            found = [read_shape(item) for item in _items(body, apart=True)]
            notes = (note for one in found for note in one.notes)
            return _set(sorted(one.value for one in found), (*said, *notes))
        case "name":
            spelled = {fold(name).casefold(): name for name in names}
            if isinstance(body, str) and _is_enclosed(body):
                body = body[1:-1]
            named = [name for item in _items(body) for name in _named(item, spelled)]
            if len(named) > MAX_ITEMS:
                raise _too_long(len(named))
            ordered = [name for name in names for one in named if one == name]
            return _set(ordered, said)


def _check_size(items: Sequence[Typed], of: ItemKind) -> None:
    """Raise `AnswerError` for too many items or, except for names, too much text."""
    if len(items) > MAX_ITEMS:
        raise _too_long(len(items))
    if of != "name":
        check_length(items, MAX_TEXT)


def show_set(items: Iterable[Value]) -> str:
    """Return a set as text that `read_set` reads as the same set.

    >>> show_set(((3, 3), (5, 5)))
    '{3×3, 5×5}'
    """
    return f"{{{', '.join(map(show, items))}}}"


def _body(typed: str | Number) -> str:
    """Return the text of the items without label and outer brackets; ``and`` becomes a comma."""
    if not isinstance(typed, str):
        return show(typed)
    text = DECORATION.sub("", clean(typed, limit=MAX_TEXT)).strip()
    _refuse_interval(text)
    if dash := LABEL_DASH.search(text):
        raise label_dash(dash.start() + 1)
    label = LABEL.match(text)
    if label and SECOND.search(label[0]):
        raise AnswerError("Several values are given.", expected="one set, such as {1, 2, 3}")
    text = AND.sub(",", text[label.end() :] if label else text).strip()
    if label and not text:
        raise AnswerError(
            f"Nothing stands behind '{label[0].strip()[-20:]}'.",
            expected="a set, such as {1, 2, 3}; {} for the empty one",
        )
    if LINK.search(text):
        raise AnswerError("Several values are given.", expected="one set")
    for _ in range(MOST_AROUND):
        text = text[1:-1].strip() if _is_around(text) else text
    return "" if text.casefold() in EMPTY else text


def _refuse_interval(text: str) -> None:
    """Raise `AnswerError` for ``z ∈ [3, 6]`` and ``3:6``: two numbers, or all between them."""
    found = INTERVAL.search(text) or SLICE.search(text)
    if found is not None:
        raise AnswerError(
            f"'{shortened(found[0].strip())}' can be read as an interval or as two numbers.",
            expected="every item in braces, such as {1, 2, 3}",
            position=found.start(),
        )


def _without_words(text: str, names: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Return *text* without the words before its items, and a note on them.

    Nothing is removed if one of these words also occurs in *names*.
    """
    words = {" ".join(found[1].split()) for found in LEADING.finditer(text)}
    named = {word.casefold() for name in names for word in name.split()}
    if any(word.casefold() in named for group in words for word in group.split()):
        return text, ()
    notes = tuple(f"'{group}' was ignored." for group in sorted(words))
    return LEADING.sub("", text).strip(), notes


def _is_around(text: str) -> bool:
    """Return whether one pair of brackets encloses all items; ``(3, 3)`` may be a single shape."""
    return _is_enclosed(text) and (text[0] == "{" or any(letter in BRACKETS for letter in text[1:]))


def _is_enclosed(text: str) -> bool:
    """Return whether the last character closes the bracket that the first one opens."""
    if len(text) <= 1 or text[-1] != BRACKETS.get(text[0]):
        return False
    depth = 0
    for at, letter in enumerate(text):
        depth += (letter in BRACKETS) - (letter in BRACKETS.values())
        if depth == 0 and at < len(text) - 1:
            return False
    return True


def _numbers(body: str | list[Typed]) -> tuple[Number, ...]:
    if isinstance(body, str) and (coded := CODED.search(body)):
        raise AnswerError(
            f"'{coded[0]}' is a name, and a set of numbers is asked for.",
            expected=f"the numbers alone, such as {{{coded[2]}}}",
        )
    if isinstance(body, str) and (size := SIZE.search(body)):
        raise AnswerError(
            f"'{size[0]}' can be read as a size or as a product.",
            expected=f"{size[1]} for the side, the product itself for the other",
        )
    for found in RANGE.finditer(body) if isinstance(body, str) else ():
        if int(found[1]) < int(found[3]):
            raise AnswerError(
                f"'{found[0]}' can be read as a range or as a subtraction.",
                expected="every item in braces, such as {1, 2, 3}",
            )
    try:
        return read_tensor(body, rank=1).value.cells
    except AnswerError as error:
        raise AnswerError(error.message, expected="a set such as {1, 2, 3}") from error


def _items(body: str | list[Typed], *, apart: bool = False) -> list[Typed]:
    """Return the items as typed, at most `MAX_ITEMS`.

    With *apart*, a separator stronger than the comma takes precedence: the semicolon in
    ``16,3,5,5; 32,16,3,3``, or line ends.
    """
    items = body if isinstance(body, list) else _pieces(body, ",;\n")
    if apart and isinstance(body, str) and "," in body and not set("([{x×").intersection(body):
        items = next((found for sign in "\n;" if len(found := _pieces(body, sign)) > 1), items)
    if len(items) > MAX_ITEMS:
        raise _too_long(len(items))
    return items


def _pieces(text: str, signs: str) -> list[Typed]:
    """Return the pieces of *text* between any of *signs* outside brackets."""
    pieces, depth = [""], 0
    for found in PIECE.finditer(text):
        piece = found[0]
        depth += (piece in BRACKETS) - (piece in BRACKETS.values())
        if piece in signs and depth <= 0:
            pieces.append("")
        else:
            pieces[-1] += piece
    return [piece.strip() for piece in pieces if piece.strip()]


def _named(item: Typed, spelled: dict[str, str]) -> list[str]:
    """Return the one name in *item*, or its names separated by spaces."""
    text = clean(item, limit=MAX_TEXT).strip("()[]{}'\"`* ") if isinstance(item, str) else ""
    text = BULLET.sub("", text)
    words = [text] if text.casefold() in spelled else [word.strip("`*") for word in text.split()]
    words = [word for word in words if word]  # a mark alone is not a name
    unknown = next((word for word in words if word.casefold() not in spelled), "")
    if unknown or not words:
        message = f"{shortened(unknown)!r} is not known here." if unknown else "This is no name."
        raise AnswerError(message, expected=f"some of {', '.join(spelled.values())}")
    return [spelled[word.casefold()] for word in words]


def _set(items: Sequence[Value], notes: Iterable[str]) -> Reading[tuple[Value, ...]]:
    """Return a reading of the sorted *items* without duplicates."""
    if len(items) > MAX_ITEMS:
        raise _too_long(len(items))
    once = tuple(dict.fromkeys(items))
    twice = [show(item) for item in once if items.count(item) > 1]
    counted = (f"Counted once: {', '.join(twice)}.",) if twice else ()
    return Reading(once, show_set(once), (*dict.fromkeys(notes), *counted))


def _too_long(length: int) -> AnswerError:
    return AnswerError(f"The set has {length:,} items.", expected=f"at most {MAX_ITEMS}")
