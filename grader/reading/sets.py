"""Text or JSON to a set: numbers, shapes or names in any order, without duplicates."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal, TypeAlias

from grader.display.text import to_text
from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.ambiguous_signs import LABEL_DASH, label_dash_error
from grader.reading.grammar.characters import clean_text, fold_lookalikes
from grader.reading.grammar.errors import SEVERAL_VALUES, truncate_line
from grader.reading.lengths import check_text_length
from grader.reading.result import RawAnswer, Reading
from grader.reading.shapes import read_shape
from grader.reading.tensors import read_tensor
from grader.values import Number, Value

ItemKind: TypeAlias = Literal["number", "integer", "shape", "name"]
"""Kind of the items of a set."""

MAX_TEXT: Final = 2_000
MAX_ITEMS: Final = 64
MAX_BRACKET_PAIRS: Final = 2
"""Maximum number of bracket pairs that are removed around a set."""
DECORATION: Final = lazy_regex(r"\$|\\left|\\right|\\(?=[{}])|\.\s*\Z")
LABEL: Final = lazy_regex(r"(?:[^,;\n=:∈<>!()\[\]{}]*(?:[=:∈]|(?<=\\in)(?=\s)))+")
SECOND_VALUE: Final = lazy_regex(
    r"[=:∈]\s*[0-9][^=:∈]*\s[^\W\d_][^=:∈]*[=:∈]|(?<!\w)[0-9]+\.\s+[^\W\d_][^=:∈]*[=:∈]"
)
"""A value and then the name of the next one, as in ``k = 5 or k =`` and ``2. Also kept:``."""
RANGE: Final = lazy_regex(r"(?<![\w.)\]])([0-9]+)( ?)-\2([0-9]+)(?![\w.(\[])")
"""A dash between two numbers, ``5-7`` or ``5 - 7``: a range or a subtraction."""
INTERVAL: Final = lazy_regex(r"(?:∈|\\in\b|\bin\b)\s*\[\s*-?[0-9.]+\s*[,;]\s*-?[0-9.]+\s*\]")
"""Square brackets around two numbers after ``∈``, an interval to most people."""
SLICE: Final = lazy_regex(r"(?<![^\s=])[0-9]+(?:\s*:\s*[0-9]+){1,2}\Z")
"""Two or three numbers with colons, a range in MATLAB and Python."""
SIZE: Final = lazy_regex(r"(?<![\w.])([0-9]+)\s?[x×]\s?\1(?![\w.])")
"""A size such as ``5×5``, which may mean its side or the product."""
BULLET: Final = lazy_regex(r"\A(?:[-*·]|[0-9]{1,2}[.)])\s+(?=\S)")
"""The bullet or number before a line of a list."""
LINK: Final = lazy_regex(r"[=:→⇒]|->|=>")
NUMBER_SIGN: Final = lazy_regex(r"#(?=\s?[0-9])")
LAST_OR: Final = lazy_regex(r",?(?<!\s)\s{1,3}or\s{1,3}(?=[^,;\n]+\Z)")
"""The ``or`` before the last of three items or more: ``5, 6 or 7``."""
ITEM_LABEL: Final = lazy_regex(
    r"(?P<before>\A|[,;\n]|\band\b)[ \t]{0,9}(?P<name>[^\W\d_]\w*+)\s{0,3}=\s{0,3}"
)
"""The name of an item and its sign."""
AND: Final = lazy_regex(r"[,;]\s*(?:\b(?:and|und|et)\b|&)|\b(?:and|und|et)\b|&", re.IGNORECASE)
NOUNS: Final = (
    "anchor|answer|block|box|cell|channel|class|column|detection|feature|filter|head|image|index"
    "|input|item|kernel|layer|network|neuron|number|operation|option|output|part|pixel|prediction"
    "|row|shape|size|step|token|unit|weight"
)
LEADING_WORDS: Final = lazy_regex(
    r"(?:(?<=,)|(?<=;)|(?<=\n)|(?<!.))[ \t]*+"
    rf"((?:(?:the|are|is|it|they|these|(?:{NOUNS})(?:e?s)?|indices)\s+)+)"
    r"(?=\S)",
    re.IGNORECASE | re.DOTALL,
)
"""Words before an item that only describe it; others could change it or be an item."""
NUMBERED_NAME: Final = lazy_regex(r"(?<![^\W_])([^\W\d_])_?([0-9]+)(?![^\W_])")
"""The name of a thing with its number, such as ``B1``."""
PIECE: Final = lazy_regex(r"[()\[\]{}]|[,;\n]|[^()\[\]{},;\n]+")
EMPTY: Final = frozenset({"", "none", "∅", "\\emptyset", "\\varnothing"})
BRACKETS: Final = {"(": ")", "[": "]", "{": "}"}


def read_set(
    typed: RawAnswer, *, of: ItemKind, names: Sequence[str] = ()
) -> Reading[tuple[Value, ...]]:
    """Return the items in *typed*, sorted, or raise `AnswerError`.

    Commas, semicolons, line ends or ``and`` separate them, with or without brackets around all.
    Names are matched to *names* in any case, and sorted in the order of *names*.

    >>> read_set("3, 1 and 3", of="integer").text
    '{1, 3}'
    """
    body: str | list[RawAnswer]
    body, word_notes = (
        (typed, ())
        if isinstance(typed, list)
        else _strip_leading_words(_extract_items_text(typed, of), names)
    )
    if isinstance(body, list):
        _check_item_count(body, of)
    if not body:
        return Reading((), format_set(()))
    match of:
        case "number" | "integer":
            return _build_reading(sorted(_read_numbers(body)), word_notes)
        case "shape":
            shapes = [
                read_shape(item) for item in _split_items(body, prefer_strong_separators=True)
            ]
            notes = (note for shape in shapes for note in shape.notes)
            return _build_reading(sorted(shape.value for shape in shapes), (*word_notes, *notes))
        case "name":
            spelled = {fold_lookalikes(name).casefold(): name for name in names}
            if isinstance(body, str) and _is_enclosed(body):
                body = body[1:-1]
            named = [name for item in _split_items(body) for name in _read_names(item, spelled)]
            if len(named) > MAX_ITEMS:
                raise _too_many_items_error(len(named))
            ordered = [name for name in names for one in named if one == name]
            return _build_reading(ordered, word_notes)


def _check_item_count(items: Sequence[RawAnswer], of: ItemKind) -> None:
    """Raise `AnswerError` for too many items or, except for names, too much text."""
    if len(items) > MAX_ITEMS:
        raise _too_many_items_error(len(items))
    if of != "name":
        check_text_length([*items], MAX_TEXT)


def format_set(items: Iterable[Value]) -> str:
    """Return a set as text that `read_set` reads as the same set.

    >>> format_set(((3, 3), (5, 5)))
    '{3×3, 5×5}'
    """
    return f"{{{', '.join(map(to_text, items))}}}"


def _extract_items_text(typed: str | Number, of: ItemKind) -> str:
    """Return the text of the items without label and outer brackets; ``and`` becomes a comma."""
    if not isinstance(typed, str):
        return to_text(typed)
    text = DECORATION.sub("", clean_text(typed, limit=MAX_TEXT)).strip()
    if of != "name":
        text = NUMBER_SIGN.sub(" ", text)
        text = LAST_OR.sub(", ", text) if "," in text else text
    text = _strip_repeated_name(text)
    _refuse_interval(text)
    if dash := LABEL_DASH.search(text):
        raise label_dash_error(dash.start() + 1)
    label = LABEL.match(text)
    if label and SECOND_VALUE.search(label[0]):
        raise AnswerError(SEVERAL_VALUES, expected="one set, such as {1, 2, 3}")
    text = AND.sub(",", text[label.end() :] if label else text).strip()
    if label and not text:
        raise AnswerError(
            f"Nothing follows '{label[0].strip()[-20:]}'.",
            expected="a set, such as {1, 2, 3}; {} for the empty one",
        )
    if LINK.search(text):
        raise AnswerError(SEVERAL_VALUES, expected="one set")
    for _ in range(MAX_BRACKET_PAIRS):
        text = text[1:-1].strip() if _encloses_items(text) else text
    return "" if text.casefold() in EMPTY else text


def _strip_repeated_name(text: str) -> str:
    """Return ``k = 5, k = 6`` without the name, if each item has the same."""
    labels = list(ITEM_LABEL.finditer(text))
    names = {label["name"] for label in labels}
    if len(labels) <= 1 or len(names) > 1 or text.count("=") != len(labels):
        return text
    return ITEM_LABEL.sub(lambda label: f"{label['before']} ", text)


def _refuse_interval(text: str) -> None:
    """Raise `AnswerError` for ``z ∈ [3, 6]`` and ``3:6``: two numbers, or all between them."""
    match = INTERVAL.search(text) or SLICE.search(text)
    if match is not None:
        raise AnswerError(
            f"'{truncate_line(match[0].strip())}' can be read as an interval or as two numbers.",
            expected="every item in braces, such as {1, 2, 3}",
            position=match.start(),
        )


def _strip_leading_words(text: str, names: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Return *text* without the words before its items, and a note on them.

    Nothing is removed if one of these words also occurs in *names*.
    """
    words = {" ".join(found[1].split()) for found in LEADING_WORDS.finditer(text)}
    named = {word.casefold() for name in names for word in name.split()}
    if any(word.casefold() in named for group in words for word in group.split()):
        return text, ()
    notes = tuple(f"'{group}' was ignored." for group in sorted(words))
    return LEADING_WORDS.sub("", text).strip(), notes


def _encloses_items(text: str) -> bool:
    """Return whether one pair of brackets encloses all items; ``(3, 3)`` may be a single shape."""
    return _is_enclosed(text) and (text[0] == "{" or any(letter in BRACKETS for letter in text[1:]))


def _is_enclosed(text: str) -> bool:
    """Return whether the last character closes the bracket that the first one opens."""
    if len(text) <= 1 or text[-1] != BRACKETS.get(text[0]):
        return False
    depth = 0
    for index, letter in enumerate(text):
        depth += (letter in BRACKETS) - (letter in BRACKETS.values())
        if depth == 0 and index < len(text) - 1:
            return False
    return True


def _read_numbers(body: str | list[RawAnswer]) -> tuple[Number, ...]:
    if isinstance(body, str) and (coded := NUMBERED_NAME.search(body)):
        raise AnswerError(
            f"'{coded[0]}' is a name, but the question asks for a set of numbers.",
            expected=f"the numbers alone, such as {{{coded[2]}}}",
        )
    if isinstance(body, str) and (size := SIZE.search(body)):
        raise AnswerError(
            f"'{size[0]}' can be read as a size or as a product.",
            expected=f"{size[1]} for the side, the product itself for the other",
        )
    for match in RANGE.finditer(body) if isinstance(body, str) else ():
        if int(match[1]) < int(match[3]):
            raise AnswerError(
                f"'{match[0]}' can be read as a range or as a subtraction.",
                expected="every item in braces, such as {1, 2, 3}",
            )
    try:
        return read_tensor(body, rank=1).value.cells
    except AnswerError as error:
        raise AnswerError(error.message, expected="a set such as {1, 2, 3}") from error


def _split_items(
    body: str | list[RawAnswer], *, prefer_strong_separators: bool = False
) -> list[RawAnswer]:
    """Return the items as typed, at most `MAX_ITEMS`.

    With *prefer_strong_separators*, a separator stronger than the comma takes precedence: the
    semicolon in ``16,3,5,5; 32,16,3,3``, or line ends.
    """
    items = body if isinstance(body, list) else _split_pieces(body, ",;\n")
    if (
        prefer_strong_separators
        and isinstance(body, str)
        and "," in body
        and not set("([{x×").intersection(body)
    ):
        items = next(
            (pieces for sign in "\n;" if len(pieces := _split_pieces(body, sign)) > 1), items
        )
    if len(items) > MAX_ITEMS:
        raise _too_many_items_error(len(items))
    return items


def _split_pieces(text: str, signs: str) -> list[RawAnswer]:
    """Return the pieces of *text* between any of *signs* outside brackets."""
    pieces, depth = [""], 0
    for match in PIECE.finditer(text):
        piece = match[0]
        depth += (piece in BRACKETS) - (piece in BRACKETS.values())
        if piece in signs and depth <= 0:
            pieces.append("")
        else:
            pieces[-1] += piece
    return [piece.strip() for piece in pieces if piece.strip()]


def _read_names(item: RawAnswer, spelled: dict[str, str]) -> list[str]:
    """Return the one name in *item*, or its names separated by spaces."""
    text = clean_text(item, limit=MAX_TEXT).strip("()[]{}'\"`* ") if isinstance(item, str) else ""
    text = BULLET.sub("", text)
    words = [text] if text.casefold() in spelled else [word.strip("`*") for word in text.split()]
    words = [word for word in words if word]  # a mark alone is not a name
    unknown = next((word for word in words if word.casefold() not in spelled), "")
    if unknown or not words:
        message = (
            f"{truncate_line(unknown)!r} is not known here." if unknown else "This is not a name."
        )
        raise AnswerError(message, expected=f"some of {', '.join(spelled.values())}")
    return [spelled[word.casefold()] for word in words]


def _build_reading(items: Sequence[Value], notes: Iterable[str]) -> Reading[tuple[Value, ...]]:
    """Return a reading of the sorted *items* without duplicates."""
    if len(items) > MAX_ITEMS:
        raise _too_many_items_error(len(items))
    unique = tuple(dict.fromkeys(items))
    duplicates = [to_text(item) for item in unique if items.count(item) > 1]
    counted = (f"Counted once: {', '.join(duplicates)}.",) if duplicates else ()
    return Reading(unique, format_set(unique), (*dict.fromkeys(notes), *counted))


def _too_many_items_error(length: int) -> AnswerError:
    return AnswerError(f"The set has {length:,} items.", expected=f"at most {MAX_ITEMS}")
