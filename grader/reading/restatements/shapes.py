"""A shape in words, ``64 channels of 32×32``, or with its product, ``3×4 = 12 values``."""

import re
from math import prod
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.grammar.vocabulary import STEM_LETTERS
from grader.reading.restatements.rewriting import Rewriting, describe_dropped
from grader.reading.restatements.working.final_shapes import MIN_AXES, NOUN_AXES

_SIZE: Final = r"(?P<height>[0-9]+)\s*(?:×|x|\*|by)\s*(?P<width>[0-9]+)"
CHANNELS_FIRST: Final = lazy_regex(
    rf"(?P<before>.*?)(?<![0-9])(?P<channels>[0-9]+)\s+(?:channels?|maps?|feature\s+maps?|filters?|class(?:es)?)\s*"
    rf"(?:of|with|at|,|each|and|size|×|x(?=\s)|\s)*{_SIZE}(?P<after>[^0-9]*)\Z",
    re.IGNORECASE | re.DOTALL,
)
CHANNELS_LAST: Final = lazy_regex(
    rf"(?P<before>.*?)(?<![0-9×x]){_SIZE}\s*(?:(?:pixels?|cells?|places?|positions?|locations?|maps?|grid)\s*)?(?:with|and|,)\s*"
    r"(?P<channels>[0-9]+)\s+(?:channels?|maps?|feature\s+maps?|filters?|class(?:es)?|numbers|values|of\s+them)"
    r"(?:\s+each|\s+(?:per|in\s+each|at\s+each)\s+(?:cell|place|position|location))?(?P<after>[^0-9]*)\Z",
    re.IGNORECASE | re.DOTALL,
)
FRAMES: Final = lazy_regex(r"(?P<frames>[0-9]+)\s+frames?\s+(?:of|with|at)?\s*\Z", re.IGNORECASE)
WORKING: Final = lazy_regex(r"(?:[^0-9]|[0-9\s+*·/×x-]*=)*\s*", re.IGNORECASE)
_GROUPED: Final = r"[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])"
PRODUCT: Final = lazy_regex(
    r"(?P<shape>[(\[]?\s*[0-9]+(?:\s*(?:×|x|,|\*|·)\s*[0-9]+)+\s*[)\]]?"
    rf"|(?:{_GROUPED}|[0-9]+)(?:\s*[×x]\s*(?:{_GROUPED}|[0-9]+))+)\s*=\s*"
    r"(?P<product>[0-9][0-9, ]*)(?P<words>[^0-9=]*)\Z"
)
SIZES_WITH_NOUNS: Final = lazy_regex(
    r"\s*[0-9]+\s+[^\W\d_]{3,}(?:\s*(?:×|x|,|by|and)\s*[0-9]+\s+[^\W\d_]{3,})+[\s.]*"
)
AXIS_LIST: Final = lazy_regex(r"\(([^\W\d_]{3,}(?:\s*×\s*[^\W\d_]{3,})+)\)")
"""The names of the axes in a question, ``(height × width × channels)``."""
LAST_NAMES: Final = frozenset({"channels", "depth"})
NAMED_SIZE: Final = lazy_regex(
    r"\s*(?:(?P<name>[^\W\d_]{2,})\s*[=:]?\s*)?(?P<size>[0-9]{1,9})\s*(?P<noun>[^\W\d_]{3,})?\s*"
)
CROSS: Final = lazy_regex(r"×|\*|\\times|(?<![^\W\d_])x(?![^\W\d_])|,|(?<![^\W\d_])by(?![^\W\d_])")
ORDER: Final = lazy_regex(
    r"[\s,;]*\(?\s*in\s+(?:the\s+|any\s+|this\s+)?order(?:\s+of\s+[^()0-9]*)?\)?[\s.]*\Z",
    re.IGNORECASE,
)
NAMED_SHAPE: Final = lazy_regex(
    r"(?P<name>[^\W\d_][\w.]*?)\s*(?:=|:|\s)\s*(?:torch\.Size\()?"
    r"(?P<shape>[(\[]?\s*[0-9]+(?:\s*(?:×|x|,)\s*[0-9]+)+\s*[)\]]?)\)?(?=\s*(?:[,;\n]|and\b|\Z))"
)
BETWEEN: Final = lazy_regex(r"(?:[\s,;.]|\band\b)*")


def name_axes_of_told_shape(text: str, question: str) -> Rewriting | None:
    """Return a shape that is told as channels of a size with the names of its axes.

    >>> name_axes_of_told_shape("64 channels of 32×30", "").text
    'channels = 64, height = 32, width = 30'
    """
    del question
    match = CHANNELS_FIRST.match(text) or CHANNELS_LAST.match(text)
    if match is None:
        return None
    axes = ", ".join(f"{axis} = {match[axis]}" for axis in ("channels", "height", "width"))
    before = match["before"]
    if frames := FRAMES.search(before):
        axes = f"frames = {frames['frames']}, {axes}"
        before = before[: frames.start()]
    if not WORKING.fullmatch(before):
        return None
    screened = " ".join(re.findall(r"[^\W\d_]{3,}", f"{before} {match['after']}"))
    return Rewriting(axes, ("The names tell which size is which.",), screened)


def drop_nouns_behind_sizes(text: str, question: str) -> Rewriting | None:
    """Return sizes without the nouns behind them, if the *question* has these in the same order.

    >>> drop_nouns_behind_sizes("25 words × 200 values", "Which shape (words × values)?").text
    '25 × 200'
    """
    sizes = SIZES_WITH_NOUNS.fullmatch(text)
    if sizes is None:
        return None
    nouns = re.findall(r"[^\W\d_]{3,}", text.lower())
    position = -1
    for noun in nouns:
        position = question.lower().find(noun[:STEM_LETTERS], position + 1)
        if position < 0:
            return None
    value = " × ".join(re.findall(r"[0-9]+", text))
    return Rewriting(value, describe_dropped(" ".join(nouns)), value)


def drop_some_axis_names(text: str, question: str) -> Rewriting | None:
    """Return sizes of which some have a name, if the *question* names the same axes there.

    >>> drop_some_axis_names("7 frames × 81 × 80", "Which shape (frames × height × width)?").text
    '7 × 81 × 80'
    >>> drop_some_axis_names("81 × 7 frames × 80", "Which shape (frames × height × width)?")
    """
    bare = text.strip(" .$")
    if bare[:1] + bare[-1:] in {"()", "[]"}:
        bare = bare[1:-1]
    signs = {sign.strip() for sign in CROSS.findall(bare)}
    axes = [NAMED_SIZE.fullmatch(piece) for piece in CROSS.split(bare)]
    if len(signs) != 1 or len(axes) < MIN_AXES:
        return None
    names = [(axis["name"] or axis["noun"] or "").lower() if axis else None for axis in axes]
    if (
        not any(names)
        or None in names
        or any(axis and axis["name"] and axis["noun"] for axis in axes)
    ):
        return None
    listed = AXIS_LIST.search(question)
    listed_names = re.findall(r"[^\W\d_]{3,}", listed[1].lower()) if listed else []
    if listed_names and not (
        len(listed_names) == len(axes) and all(map(_names_same_axis, names, listed_names))
    ):
        return None
    if not listed_names and not _are_weight_axes([name or "" for name in names]):
        return None
    value = " × ".join(axis["size"] for axis in axes if axis)
    return Rewriting(value, describe_dropped(", ".join(filter(None, names))), value)


def _names_same_axis(name: str | None, listed_name: str) -> bool:
    """Return whether *name* is empty or names the axis that the question calls *listed_name*."""
    if not name or name[:STEM_LETTERS] == listed_name[:STEM_LETTERS]:
        return True
    return NOUN_AXES.get(name, "") == (
        "C" if listed_name in LAST_NAMES else NOUN_AXES.get(listed_name)
    )


def _are_weight_axes(names: list[str]) -> bool:
    """Return whether only the first two of *names* are given: of outputs, then of inputs."""
    first, second, *others = (*names, "", "")
    return first.startswith("out") and second.startswith("in") and not any(others)


def drop_item_order_remark(text: str, question: str) -> Rewriting | None:
    """Return a set without the remark on the order in which its items stand."""
    del question
    match = ORDER.search(text)
    value = text[: match.start()] if match else ""
    return Rewriting(value, describe_dropped(text[len(value) :]), value) if value else None


def drop_product_behind_shape(text: str, question: str) -> Rewriting | None:
    """Return a shape without the product of its sizes behind it."""
    del question
    match = PRODUCT.search(text)
    if match is None:
        return None
    shape = match["shape"]
    pattern = rf"{_GROUPED}|[0-9]+" if re.search("[×x]", shape) else "[0-9]+"
    sizes = [int(size.replace(",", "")) for size in re.findall(pattern, shape)]
    if prod(sizes) != int(re.sub(r"[, ]", "", match["product"])):
        return None
    value = text[: match.end("shape")]
    return Rewriting(value, describe_dropped(text[match.end("shape") :]), value)


def drop_item_names(text: str, question: str) -> Rewriting | None:
    """Return shapes without the names before them; None unless each has its own.

    >>> drop_item_names("conv1: 8×3, conv2: 32×8", "").text
    '8×3; 32×8'
    """
    items = list(NAMED_SHAPE.finditer(text))
    names = [item["name"].lower() for item in items]
    if (
        not items
        or len(set(names)) != len(names)
        or not BETWEEN.fullmatch(NAMED_SHAPE.sub(" ", text))
    ):
        return None
    if "or" in names or "not" in names:
        return None
    places = [question.lower().find(name) for name in names]
    if -1 not in places and places != sorted(places):
        return None  # the reader does not know which shape belongs to which name
    value = "; ".join(item["shape"].strip() for item in items)
    return Rewriting(value, describe_dropped(", ".join(names)), value)
