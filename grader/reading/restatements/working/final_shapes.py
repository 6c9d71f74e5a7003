"""A shape at the end of its working, or told in words, and names that contradict it."""

import re
from collections.abc import Sequence
from fractions import Fraction
from math import prod
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.restatements.rewriting import (
    Rewriting,
    compute_value,
    describe_dropped,
    find_plain_numbers,
)
from grader.reading.restatements.working.final_values import weighs_or_retracts_value
from grader.reading.wording.axis_names import AXIS_SPELLINGS, NAMES_BEHIND

SIZE: Final = r"(?<![\w.])[0-9]{1,9}(?![\w.]*[0-9])"
SHAPE: Final = lazy_regex(
    r"(?P<shape>[(\[]?\s*[0-9]{1,9}(?:\s*(?:×|x|,|\*|\\times)\s*[0-9]{1,9})+\s*[)\]]?)"
    r"(?P<layout>\s*(?:as\s+)?\((?:[^\W\d_]{1,8}\s*[,×x]\s*){1,3}[^\W\d_]{1,8}\))?[\s.$]*\Z"
)
BREAK: Final = lazy_regex(
    r"[:;,\n.]\s|(?<!\w)(?:so|hence|thus|therefore|gives|makes|i\.e\.,?|is|are)(?!\w)|⇒|→|=>|->|="
)
COMPUTED_AXIS: Final = lazy_regex(
    rf"(?P<name>[^\W\d_]{{3,}})?[\s:=]*(?P<working>[0-9(][^=,;:\n]{{0,80}}=\s*)?(?P<size>{SIZE})\s*(?P<noun>[^\W\d_]{{3,}})?"
)
UNCHANGED_AXIS: Final = lazy_regex(
    r"(?<!\w)(?:channels?|maps|depth|frames)\s+(?:remain|stay|are\s+(?:kept|unchanged|the\s+same)|do(?:es)?\s+not\s+change)(?!\w)",
    re.IGNORECASE,
)
"""Words which say that one size does not change, so that the working need not repeat it."""
COMPUTED_SIZE: Final = lazy_regex(
    r"(?:=|→|⇒|->|=>)\s*([0-9]{1,9})(?=\s*(?:[,;:.\n]|and\b|\Z))", re.IGNORECASE
)
"""The last size of a computation or of a chain of arrows."""
COMPUTED_SIZE_BEHIND: Final = lazy_regex(
    r"(?P<shape>[^()]+|\([^()]+\))\s*\((?P<working>(?:[^()=]|\((?:[^()]|\([^()]*\))*\))*)=\s*(?P<size>[0-9]{1,9})\s*\)[\s.]*"
)
"""A shape, and a computation with its result in brackets."""
JOINT: Final = lazy_regex(
    r"[\s,;:.]*(?:(?:i\.e\.|so|thus|hence|therefore|(?:which|that|this)\s+(?:gives|makes))[\s,:]*)?",
    re.IGNORECASE,
)
"""What may stand between working and the shape that it gives."""
GIVES: Final = lazy_regex(r"(?<!\w)(?:which\s+gives|and\s+gives)\s*\Z", re.IGNORECASE)
"""Words behind a sentence that explains a shape."""
BRACKETED: Final = lazy_regex(
    rf"(?P<size>{SIZE})(?P<noun>(?:\s+[^\W\d_]{{3,}})?)\s*\((?P<words>[^()]*)\)"
)
"""A size with a remark in brackets."""
PIECE: Final = lazy_regex(r"[,;\n]\s*(?:and\s+)?|\s+(?:and|by)\s+|\s[×x]\s|\s\\times\s")
NOUN_AXES: Final = {
    name: axis
    for axis, names in {
        "C": "channel channels map maps filter filters deep class classes",
        "H": "high height row rows tall",
        "W": "wide width column columns cols",
        "D": "frame frames",
        "L": "long length step steps sample samples",
    }.items()
    for name in names.split()
}
FILLERS: Final = frozenset(
    {"stay", "stays", "each", "with", "still", "the", "of", "are", "is", "pixels"}
)
MIN_AXES: Final = 2


def keep_supported_shape(text: str, question: str) -> Rewriting | None:
    """Return the shape at the end of *text* if each of its sizes stands in the working before it.

    >>> keep_supported_shape("(17-1)/2+1 = 9, (25-1)/2+1 = 13, channels stay 20: 9×13×20", "").text
    '9×13×20'
    >>> keep_supported_shape("9×13×20, so 9×14×20", "")
    """
    del question
    if weighs_or_retracts_value(text):
        return None
    breaks = [cut.end() for cut in BREAK.finditer(text)]
    for start in breaks:
        match = SHAPE.match(text, start + len(text[start:]) - len(text[start:].lstrip()))
        if match is not None:
            break
    else:
        return None
    head = text[: match.start()]
    sizes = re.findall(r"[0-9]+", match["shape"])
    earlier = re.findall(SIZE, head)
    unsupported = set(sizes) - set(earlier)
    is_kept = len(unsupported) == 1 and UNCHANGED_AXIS.search(head) and len(set(sizes)) > 1
    gives = GIVES.search(head) and len(unsupported) < len(set(sizes))
    computed = list(COMPUTED_SIZE.finditer(head))
    results = {result[1] for result in computed} & set(sizes)
    is_computed = (
        len(unsupported) == 1
        and len(results) >= MIN_AXES
        and JOINT.fullmatch(head, computed[-1].end()) is not None
    )
    if unsupported and not (is_kept or gives or is_computed):
        return None
    if not re.search(r"[=→⇒]|[^\W\d_]{2}", head):
        return None
    if any(len(re.findall(r"[0-9]+", other)) == len(sizes) for other in _find_shapes(head)):
        return None
    layout = re.sub(r"\s*,\s*", " × ", (match["layout"] or "").strip().removeprefix("as "))
    shape = f"{match['shape'].strip()} {layout}".strip()
    return Rewriting(shape, describe_dropped(head), shape)


def _find_shapes(text: str) -> list[str]:
    return re.findall(
        r"[0-9]+(?:\s*(?:×|x|\\times)\s*[0-9]+)+|[(\[]\s*[0-9]+(?:\s*,\s*[0-9]+)+", text
    )


def drop_computed_size(text: str, question: str) -> Rewriting | None:
    """Return a shape without a computation in brackets that gives one of its sizes.

    >>> drop_computed_size("64 x 5 (floor((12-4)/2)+1 = 5)", "").text
    '64 x 5'
    >>> drop_computed_size("64 x 5 (floor((12-4)/2)+1 = 6)", "")
    """
    del question
    match = COMPUTED_SIZE_BEHIND.fullmatch(text)
    size = match and Fraction(match["size"])
    if match is None or size not in find_plain_numbers(match["shape"]):
        return None
    if compute_value(match["working"]) != size:
        return None
    shape = match["shape"].strip()
    return Rewriting(shape, describe_dropped(text[match.end("shape") :]), shape)


def name_computed_axes(text: str, question: str) -> Rewriting | None:
    """Return sizes with a name each, before or behind, and perhaps the working of each.

    >>> name_computed_axes("rows: 3*4 = 12, columns: 5*6 = 30", "").text
    'height = 12, width = 30'
    """
    del question
    if weighs_or_retracts_value(text):
        return None
    text = BRACKETED.sub(_drop_confirming_bracket, text)
    pieces = [piece for piece in PIECE.split(text.strip(" .$")) if piece.strip()]
    axes: dict[str, str] = {}
    for piece in pieces:
        words = [word for word in re.findall(r"[^\W\d_]{3,}", piece.lower()) if word not in FILLERS]
        size = re.search(rf"({SIZE})[^0-9]*\Z", piece)
        names = {NOUN_AXES.get(word, "") for word in words}
        if size is None or len(names) != 1 or "" in names or names & axes.keys():
            return None
        if "=" not in piece and len(re.findall(r"[0-9]+", piece)) != 1:
            return None
        axes[names.pop()] = size[1]
    if len(axes) < MIN_AXES:
        return None
    named = ", ".join(f"{AXIS_NAMES[axis]} = {size}" for axis, size in axes.items())
    return Rewriting(named, ("The names tell which size is which.",), "")


def _drop_confirming_bracket(remark: re.Match[str]) -> str:
    """Return a size without the bracket behind it, if the numbers in it give the size."""
    size = Fraction(remark["size"])
    numbers = find_plain_numbers(remark["words"].replace("×", " × "))
    if not numbers or size in {sum(numbers), Fraction(prod(numbers))}:
        return f"{remark['size']}{remark['noun']}"
    return remark[0]


AXIS_NAMES: Final = {
    "C": "channels", "H": "height", "W": "width", "D": "frames", "L": "length"
}  # fmt: skip


def refuse_contradicting_axes(text: str, sizes: Sequence[int], layout: str) -> None:
    """Raise `AnswerError` if names in *text* give the axes of *layout* other ones of the *sizes*.

    >>> refuse_contradicting_axes("1024 × 20 × 13 (height 13, width 20)", (1024, 20, 13), "CHW")
    Traceback (most recent call last):
    grader.errors.AnswerError: The names of the axes contradict the shape. Expected the sizes in \
the order C×H×W.
    """
    if len(sizes) != len(layout):
        return
    named = _find_named_sizes(text, layout)
    if len(named) < MIN_AXES or not set(named.values()) <= set(sizes):
        return
    if any(sizes[layout.index(axis)] != size for axis, size in named.items()):
        raise AnswerError(
            "The names of the axes contradict the shape.",
            expected=f"the sizes in the order {'×'.join(layout)}",
        )


def _find_named_sizes(text: str, layout: str) -> dict[str, int]:
    """Return the size that *text* gives to each named axis of *layout*."""
    named: dict[str, int] = {}
    for axis in layout:
        before = (
            rf"(?<![\w×x*·,/])(?:{AXIS_SPELLINGS[axis]})[ \t]*(?:=|:|is)?[ \t]*"
            rf"(?:[0-9(][^\n,;=]{{0,80}}=[ \t]*)?({SIZE})(?!\s*[×x*/+-])"
        )
        behind = (
            rf"({SIZE})(?:[ \t]+|[ \t]*\([ \t]*)"
            rf"(?:{AXIS_SPELLINGS[axis]}|{NAMES_BEHIND[axis]})(?!\w)"
        )
        match = re.search(before, text, re.IGNORECASE) or re.search(behind, text, re.IGNORECASE)
        if match:
            named[axis] = int(match[1])
    return named
