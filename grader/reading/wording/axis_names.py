"""Shapes whose sizes have axis names beside them, in any order: ``C=16, H=126, W=126``.

``16@126×126``, the notation of LeNet for 16 maps of 126×126, is one of them.
"""

import re
from functools import lru_cache
from typing import Final

from grader.display.text import to_text
from grader.errors import AnswerError
from grader.reading.grammar.characters import clean_text
from grader.reading.numbers import MAX_TEXT
from grader.reading.result import Reading

AXIS_SPELLINGS: Final = {
    "N": "n(?:_?out)?|batch(?:[ _]size)?",
    "C": "c(?:_?out)?|channels?|filters|maps",
    "D": "d(?:_?out)?|depth",
    "H": "h(?:_?out)?|height",
    "W": "w(?:_?out)?|width",
    "L": "l(?:_?out)?|length",
}
"""Spellings of the axes of a layout before their sizes."""
SIZE: Final = r"[0-9]{1,9}(?![0-9]|\.[0-9])"
BETWEEN: Final = r"(?:\s*+(?:[,;×&|]|x(?=\s)|and\b)\s*+|\s++|(?<=[0-9])(?=[A-Za-z]))"
MAPS: Final = re.compile(
    rf"[\s$(]*({SIZE})\s*@\s*\(?({SIZE})\s*(?:[×x*]|\\times)\s*({SIZE})[\s$).]*"
)
JOINT: Final = r"\s*+(?:[x×*·,;/]|\\times|by\b)\s*+"
"""Separator between axis names."""
NOTE: Final = "The names tell which size is which."


def read_named_axes(typed: str, layout: str) -> Reading[tuple[int, ...]] | None:
    """Return the shape in the order of *layout*, or None unless every axis has its name beside it.

    >>> read_named_axes("C=16, H=126, W=100", "HWC").text
    '126×100×16'
    """
    text = clean_text(typed, limit=MAX_TEXT)
    maps = MAPS.fullmatch(text) if set(layout) == set("CHW") else None
    if maps is not None:
        sizes = {axis: int(size) for axis, size in zip("CHW", maps.groups(), strict=True)}
        return _build_reading_in_layout_order(
            sizes, layout, f"The {maps[1]} before the @ was read as the channels."
        )
    axis_pattern, whole_pattern = _compile_axis_patterns(layout)
    if not whole_pattern.fullmatch(text):
        return None
    named = [(_matched_axis(found), int(found["size"])) for found in axis_pattern.finditer(text)]
    return (
        _build_reading_in_layout_order(dict(named), layout, NOTE)
        if len(named) == len(layout)
        else None
    )


def refuse_other_layout(typed: str, layout: str) -> None:
    """Raise `AnswerError` if the names before the sizes have another order than *layout*.

    Examples are ``W×H×C = 100×126×16`` and ``NCHW (16, 126, 100)`` where HWC is asked for.
    """
    header, compact = _compile_header_patterns(layout)
    text = clean_text(typed, limit=MAX_TEXT)
    headers = [*header.finditer(text), *compact.finditer(text)]
    if not headers:
        return
    last_header = max(headers, key=re.Match.start)
    order = last_header[1]
    if last_header.re is header:
        order = "".join(map(_matched_axis, _compile_name_pattern(layout).finditer(order)))
    if sorted(order) == sorted(layout) and order != layout:
        raise AnswerError(
            f"The sizes are given as {' × '.join(order)}.",
            expected=f"{' × '.join(layout)}, or each size beside its name",
            position=last_header.start(1),
        )


def refuse_maps_notation(text: str) -> None:
    """Raise `AnswerError` for ``16@126×126`` where the order of the axes is unknown."""
    if maps := MAPS.fullmatch(text):
        raise AnswerError(
            f"The {maps[1]} before the @ counts the maps.",
            expected="the sizes in the order that is asked for, such as 126×126×16",
            position=maps.start(1),
        )


def _axis_spellings(layout: str) -> dict[str, str]:
    """Return the names of each axis of *layout*; "depth" means channels if there is no D axis."""
    spellings = {axis: AXIS_SPELLINGS[axis] for axis in layout}
    if "C" in spellings and "D" not in spellings:
        spellings["C"] = f"{spellings['C']}|{AXIS_SPELLINGS['D']}"
    return spellings


def _matched_axis(match: re.Match[str]) -> str:
    return next(name for name, text in match.groupdict().items() if text is not None)


def _build_reading_in_layout_order(
    sizes: dict[str, int], layout: str, note: str
) -> Reading[tuple[int, ...]] | None:
    if set(sizes) != set(layout):
        return None
    axes = tuple(sizes[axis] for axis in layout)
    return Reading(axes, to_text(axes), (note,))


@lru_cache(maxsize=32)
def _compile_axis_patterns(layout: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of one axis of *layout* with its size, and of all axes."""
    named = "|".join(f"(?P<{axis}>{names})" for axis, names in _axis_spellings(layout).items())
    plain = "|".join(_axis_spellings(layout).values())
    sign = r"\s*+(?:=|:|is\b)?\s*+"
    axis_pattern = re.compile(rf"(?<![A-Za-z_])(?:{named}){sign}(?P<size>{SIZE})", re.IGNORECASE)
    item = rf"(?:{plain}){sign}{SIZE}"
    count = len(layout) - 1
    whole = rf"[\s$({{\[]*+{item}(?:{BETWEEN}{item}){{{count}}}[\s$)}}\].]*+"
    return axis_pattern, re.compile(whole, re.IGNORECASE)


@lru_cache(maxsize=32)
def _compile_name_pattern(layout: str) -> re.Pattern[str]:
    """Return the pattern of an axis name of *layout*."""
    named = "|".join(f"(?P<{axis}>{names})" for axis, names in _axis_spellings(layout).items())
    return re.compile(rf"(?:{named})(?![a-wyz_])", re.IGNORECASE)


@lru_cache(maxsize=32)
def _compile_header_patterns(layout: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of all axis names before the sizes, and of their letters alone."""
    name = f"(?:{'|'.join(_axis_spellings(layout).values())})"
    names = rf"(?<![A-Za-z_])({name}(?:{JOINT}{name}){{{len(layout) - 1}}})(?![A-Za-z_])"
    header = rf"{names}\s*+[)\]}}$]*+\s*+(?:=|:|(?=[(\[0-9]))"
    letters = rf"(?<![A-Za-z_])N?([{layout}]{{{len(layout)}}})(?![A-Za-z_])"
    return re.compile(header, re.IGNORECASE), re.compile(letters)
