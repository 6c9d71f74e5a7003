"""A transposed convolution, stamp by stamp: the sum so far, with what the last stamp changed."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from api.pages.drawing.drawer import HIGH, LEAST, MIDDLE
from api.pages.drawing.frames import AROUND, FIRST, Frame, Stage, kept
from api.pages.drawing.markup import (
    CHARACTER,
    grid_lines,
    picture,
    placed,
    rectangles,
    weight,
    words,
    written,
)
from api.pages.drawing.planes import AXES, Plane, planes_of
from api.pages.drawing.spots import in_words
from api.pages.layout.formatting import said
from api.schemas.student.solution import WorkedStep

__all__ = ["is_stamp", "stamp_stage"]

STAMP: Final = re.compile(r"sum with (.+)·w at \((.+)\)")


def is_stamp(step: WorkedStep) -> bool:
    """Tell whether a *step* is the running sum after a stamp, with rows and columns to draw."""
    data = step.data
    if data["type"] != "array" or not STAMP.fullmatch(data["name"]):
        return False
    return bool(_planes(data["value"]))


def _planes(value: Any) -> tuple[Plane, ...]:
    return planes_of(value, AXES) or planes_of(value, 1)


def stamp_stage(steps: Sequence[WorkedStep], *, name: str, room: int) -> Stage:
    """Return the frames of the running sums of *steps*, in about *room* bytes."""
    planes = [_planes(one.data["value"]) for one in steps]
    wide = max(LEAST, CHARACTER * 2 + max(_widths(planes)))
    rows, columns = len(planes[0][0]), len(planes[0][0][0])
    shared = f'<g id="{name}l">{grid_lines(columns, rows, (wide, HIGH))}</g>'
    before: tuple[Plane, ...] = tuple(tuple((0,) * columns for _ in range(rows)) for _ in planes[0])
    drawings = []
    for found in planes:
        pairs = zip(before, found, strict=True)
        drawings.append("".join(_sum(old, new, wide=wide, lines=f"{name}l") for old, new in pairs))
        before = found
    lines = sum(weight(one.text) for one in steps)
    each = max(map(weight, drawings)) + AROUND
    drawn = kept(len(steps), max(FIRST, (room - weight(shared) - lines) // each))
    frames = tuple(
        Frame(drawing, _told(step), "", at < FIRST or at == len(steps) - 1)
        for at, (step, drawing) in enumerate(zip(steps, drawings, strict=True))
        if at in drawn
    )
    rest = tuple(said(in_words(one.text)) for at, one in enumerate(steps) if at not in drawn)
    return Stage("The cells that a stamp changed are marked.", shared, "", frames, rest)


def _widths(planes: Sequence[tuple[Plane, ...]]) -> Iterator[int]:
    for plane in planes[-1]:
        yield from (CHARACTER * len(written(cell)) for row in plane for cell in row)


def _told(step: WorkedStep) -> str:
    found = STAMP.fullmatch(step.data["name"])
    added, place = found.groups() if found else ("", "")
    laid = in_words(f"laid at ({place}) of the input")
    return f"{said(added)} times the kernel, {laid}"


def _sum(old: Plane, new: Plane, *, wide: int, lines: str) -> str:
    """Return the sum *new*, the cells marked that are not as in *old*."""
    marked: list[tuple[int, int]] = []
    zeros: list[str] = []
    texts: list[str] = []
    for row, (cells, earlier) in enumerate(zip(new, old, strict=True)):
        for column, (cell, was) in enumerate(zip(cells, earlier, strict=True)):
            x, y = column * wide, row * HIGH
            if cell != was:
                marked.append((x, y))
            (texts if cell else zeros).append(words(x + wide // 2, y + MIDDLE, written(cell)))
    size = len(new[0]) * wide, len(new) * HIGH
    grey = f'<g class="ws-zero">{"".join(zeros)}</g>' if zeros else ""
    changed = rectangles(marked, (wide, HIGH), "ws-out")
    return picture(size, "Sum so far", changed, placed(lines), grey, *texts)
