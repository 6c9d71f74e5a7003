"""A shape in words, ``64 channels of 32×32``, or with its product, ``3×4 = 12 values``."""

import re
from math import prod
from typing import Final

from grader.reading.grammar.vocabulary import STEM_LETTERS
from grader.reading.restatements.rewriting import Rewriting, describe_dropped

_SIZE: Final = r"(?P<height>[0-9]+)\s*(?:×|x|\*|by)\s*(?P<width>[0-9]+)"
CHANNELS_FIRST: Final = re.compile(
    rf"(?P<before>.*?)(?<![0-9])(?P<channels>[0-9]+)\s+(?:channels?|maps?|feature\s+maps?|filters?)\s*"
    rf"(?:of|with|at|,|each|and|size|\s)*{_SIZE}(?P<after>[^0-9]*)\Z",
    re.IGNORECASE | re.DOTALL,
)
CHANNELS_LAST: Final = re.compile(
    rf"(?P<before>.*?)(?<![0-9×x]){_SIZE}\s*(?:pixels?\s*)?(?:with|and|,)\s*(?P<channels>[0-9]+)\s+"
    r"(?:channels?|maps?|feature\s+maps?|filters?)(?P<after>[^0-9]*)\Z",
    re.IGNORECASE | re.DOTALL,
)
FRAMES: Final = re.compile(r"(?P<frames>[0-9]+)\s+frames?\s+(?:of|with|at)?\s*\Z", re.IGNORECASE)
WORKING: Final = re.compile(r"(?:[^0-9]|[0-9\s+*·/×x-]*=)*\s*", re.IGNORECASE)
_GROUPED: Final = r"[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])"
PRODUCT: Final = re.compile(
    r"(?P<shape>[(\[]?\s*[0-9]+(?:\s*(?:×|x|,|\*|·)\s*[0-9]+)+\s*[)\]]?"
    rf"|(?:{_GROUPED}|[0-9]+)(?:\s*[×x]\s*(?:{_GROUPED}|[0-9]+))+)\s*=\s*"
    r"(?P<product>[0-9][0-9, ]*)(?P<words>[^0-9=]*)\Z"
)
SIZES_WITH_NOUNS: Final = re.compile(
    r"\s*[0-9]+\s+[^\W\d_]{3,}(?:\s*(?:×|x|,|by|and)\s*[0-9]+\s+[^\W\d_]{3,})+[\s.]*"
)
ORDER: Final = re.compile(
    r"[\s,;]*\(?\s*in\s+(?:the\s+|any\s+|this\s+)?order(?:\s+of\s+[^()0-9]*)?\)?[\s.]*\Z",
    re.IGNORECASE,
)
NAMED_SHAPE: Final = re.compile(
    r"(?P<name>[^\W\d_][\w.]*?)\s*(?:=|:|\s)\s*(?:torch\.Size\()?"
    r"(?P<shape>[(\[]?\s*[0-9]+(?:\s*(?:×|x|,)\s*[0-9]+)+\s*[)\]]?)\)?(?=\s*(?:[,;\n]|and\b|\Z))"
)
BETWEEN: Final = re.compile(r"(?:[\s,;.]|\band\b)*")


def name_axes(text: str, question: str) -> Rewriting | None:
    """Return a shape that is told as channels of a size with the names of its axes.

    >>> name_axes("64 channels of 32×30", "").text
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


def drop_axis_nouns(text: str, question: str) -> Rewriting | None:
    """Return sizes without the nouns behind them, if the *question* has these in the same order.

    >>> drop_axis_nouns("25 words × 200 values", "Which shape (words × values)?").text
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


def drop_order(text: str, question: str) -> Rewriting | None:
    """Return a set without the remark on the order in which its items stand."""
    del question
    match = ORDER.search(text)
    value = text[: match.start()] if match else ""
    return Rewriting(value, describe_dropped(text[len(value) :]), value) if value else None


def drop_product(text: str, question: str) -> Rewriting | None:
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
    del question
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
    value = "; ".join(item["shape"].strip() for item in items)
    return Rewriting(value, describe_dropped(", ".join(names)), value)
