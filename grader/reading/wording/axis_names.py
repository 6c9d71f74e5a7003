"""Shapes whose sizes have axis names beside them, in any order: ``C=16, H=126, W=126``.

``16@126×126``, the notation of LeNet for 16 maps of 126×126, is one of them.
"""

import re
from functools import lru_cache
from typing import Final

from grader.display.text import to_text
from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.characters import clean_text
from grader.reading.numbers import MAX_TEXT
from grader.reading.result import Reading

AXIS_SPELLINGS: Final = {
    "N": "n(?:_?out)?|batch(?:[ _]size)?",
    "C": r"n_\{?c\}?|c(?:_?out)?|channels?|ch|filters|maps",
    "D": r"n_\{?d\}?|d(?:_?out)?|depth|t(?:_?out)?|time|frames?",
    "H": r"n_\{?h\}?|h(?:_?out)?|height|rows",
    "W": r"n_\{?w\}?|w(?:_?out)?|width|columns|cols",
    "L": "l(?:_?out)?|length",
}
"""Spellings of the axes of a layout before their sizes."""
NAMES_BEHIND: Final = {
    "N": "images|samples",
    "C": "deep|feature maps",
    "D": "deep",
    "H": "high|tall|pixels high",
    "W": "wide|broad|pixels wide",
    "L": "long|steps",
}
"""Further spellings of the axes behind their sizes."""
JOINT_BEHIND: Final = lazy_regex(
    r"\s*[,;×]\s*(?:and\s+)?|(?<=[)A-Za-z])\s+(?:x|by|and)\s+|\s+(?:and|by)\s+"
)
SIZE_AND_NAME: Final = lazy_regex(
    r"(?P<size>[0-9]{1,9})\s*\(?\s*(?P<name>[A-Za-z][A-Za-z ]{0,15}?)\s*\)?"
)
NAME_AND_SIZE: Final = lazy_regex(r"(?P<name>[A-Za-z]{1,15})\s+(?P<size>[0-9]{1,9})")
SIZE: Final = r"[0-9]{1,9}(?![0-9]|\.[0-9])"
BETWEEN: Final = r"(?:\s*+(?:[,;×&|]|x(?=\s)|and\b)\s*+|\s++|(?<=[0-9])(?=[A-Za-z]))"
MAPS: Final = lazy_regex(
    rf"[\s$(]*({SIZE})\s*(?:@|(?:feature\s+)?(?:maps|channels)\s+of(?:\s+size)?)\s*\(?({SIZE})\s*(?:[×x*]|\\times)\s*({SIZE})(?:\s+pixels)?[\s$).]*"
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
            sizes, layout, f"The {maps[1]} in front was read as the channels."
        )
    if reading := _read_names_behind_sizes(text, layout):
        return reading
    text = _repeat_shared_size(text, layout)
    axis_pattern, whole_pattern = _compile_axis_patterns(layout)
    if not whole_pattern.fullmatch(text):
        return None
    named = [(_matched_axis(found), int(found["size"])) for found in axis_pattern.finditer(text)]
    return (
        _build_reading_in_layout_order(dict(named), layout, NOTE)
        if len(named) == len(layout)
        else None
    )


def find_layout(typed: str, layout: str) -> tuple[str, str, str] | None:
    """Return the sizes in *typed* alone, the order of their axes, and its name; None without one.

    The order stands before the sizes, ``W×H×C = 100×126×16``, or behind them, ``(C, H, W)``, or in
    words, ``channels first``. Raises `AnswerError` if two orders contradict each other.

    >>> find_layout("100×126×16 (WxHxC)", "HWC")
    ('100×126×16', 'WHC', '(WxHxC)')
    """
    text = clean_text(typed, limit=MAX_TEXT)
    matches = [
        (match, order)
        for pattern in _compile_header_patterns(layout)
        for match in pattern.finditer(text)
        if sorted(order := _order_of_axes(match, layout)) == sorted(layout)
    ]
    if not matches:
        return None
    matches.sort(key=lambda item: item[0].start())
    last, order = matches[-1]
    name = last[0].strip(" =:,.")
    if text[last.end() :].strip(" .$"):
        return text[last.end() :], order, name
    if any(other != order for _, other in matches):
        raise AnswerError(
            f"The order of the axes is given as {matches[0][1]} and as {order}.",
            expected="one order",
            position=last.start(),
        )
    sizes = text[matches[-2][0].end() if len(matches) > 1 else 0 : last.start()]
    return (sizes, order, name) if sizes.strip() else None


def _order_of_axes(match: re.Match[str], layout: str) -> str:
    """Return the letters of the axes in the order that *match* names."""
    if position := match.groupdict().get("channels"):
        others = layout.replace("C", "").removeprefix("N")
        batch = "N" if "N" in layout else ""
        first = position.lower() == "first"
        return f"{batch}C{others}" if first else f"{batch}{others}C"
    named = match["names"]
    if match.groupdict().get("letters"):
        return named
    return "".join(map(_matched_axis, _compile_name_pattern(layout).finditer(named)))


def refuse_maps_notation(text: str) -> None:
    """Raise `AnswerError` for ``16@126×126`` where the order of the axes is unknown."""
    if maps := MAPS.fullmatch(text):
        raise AnswerError(
            f"The {maps[1]} before the @ counts the maps.",
            expected="the sizes in the order that the question asks for, such as 126×126×16",
            position=maps.start(1),
        )


def _read_names_behind_sizes(text: str, layout: str) -> Reading[tuple[int, ...]] | None:
    """Return the shape of ``28 high, 20 wide, 128 channels`` or ``28 (H) x 20 (W) x 128 (C)``."""
    pieces = JOINT_BEHIND.split(text.strip(" .$()[]") + (")" if "(" in text else ""))
    named = [_match_named_size(piece.rpartition("=")[2].strip()) for piece in pieces]
    if len(named) != len(layout) or not all(named):
        return None
    sizes = {_axis_behind(match["name"], layout): int(match["size"]) for match in named if match}
    return _build_reading_in_layout_order(sizes, layout, NOTE)


def _axis_behind(name: str, layout: str) -> str:
    """Return the axis that *name* behind a size names; "" for none."""
    spellings = _axis_spellings(layout)
    patterns = {axis: f"{spellings[axis]}|{NAMES_BEHIND[axis]}" for axis in layout}
    return next((axis for axis in layout if re.fullmatch(patterns[axis], name, re.IGNORECASE)), "")


def _match_named_size(piece: str) -> re.Match[str] | None:
    """Return the size in *piece* and the name before or behind it."""
    return SIZE_AND_NAME.fullmatch(piece) or NAME_AND_SIZE.fullmatch(piece)


def _repeat_shared_size(text: str, layout: str) -> str:
    """Return *text* with ``H=W=40`` written as ``H=40, W=40``."""
    if text.count("=") + text.count(":") <= 1:
        return text
    name = "|".join(_axis_spellings(layout).values())
    shared = re.compile(rf"(?<![A-Za-z_])({name})\s*=\s*({name})\s*=\s*({SIZE})", re.IGNORECASE)
    return shared.sub(r"\1=\3, \2=\3", text)


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
def _compile_header_patterns(layout: str) -> tuple[re.Pattern[str], ...]:
    """Return the patterns of all axis names beside the sizes, of their letters, and of words."""
    name = f"(?:{'|'.join(_axis_spellings(layout).values())})"
    joined = rf"{name}(?:{JOINT}{name}){{{len(layout) - 1}}}"
    names = rf"(?P<names>{joined})"
    before = (
        rf"(?<![A-Za-z_])[(\[{{$]{{0,3}}{names}(?![A-Za-z_])\s*+[)\]}}$]*+\s*+"
        r"(?:=|:|(?=[(\[0-9]))"
    )
    behind = (
        rf"(?<=[0-9)\]}}$.])\s*+,?\s*+(?:[(\[]\s*(?:in\s+)?|\bin\s+|\bas\s+){names}"
        r"\s*[)\]]?[\s.$]*\Z"
    )
    letters = rf"(?<![A-Za-z_])(?P<letters>N?(?P<names>[{layout}]{{{len(layout)}}}))(?![A-Za-z_])"
    words = r"[(\[,]?\s*(?<![A-Za-z])channels?[\s-]+(?P<channels>first|last)\s*[)\]]?"
    patterns = [
        re.compile(before, re.IGNORECASE),
        re.compile(behind, re.IGNORECASE),
        re.compile(
            rf"[(\[]?\s*(?:in\s+)?{letters}(?:\s+(?:format|order|layout))?\s*[)\]]?\s*[:=]?"
        ),
    ]
    if "C" in layout:
        patterns.append(re.compile(words, re.IGNORECASE))
    return tuple(patterns)
