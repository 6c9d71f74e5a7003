"""Frames of a transposed convolution: the sum after each stamp, with changes marked."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from api.pages.drawing.frames import (
    FRAME_OVERHEAD_BYTES,
    LEADING_FRAMES,
    DrawingFrame,
    FrameSequence,
    select_frame_indices,
)
from api.pages.drawing.markup import (
    DIGIT_WIDTH,
    count_bytes,
    draw_grid_lines,
    draw_rectangles,
    draw_reference,
    draw_svg,
    draw_text,
    format_value,
)
from api.pages.drawing.planes import PLANE_AXES, Plane, read_planes
from api.pages.drawing.window_drawer import CELL_HEIGHT, MIN_CELL_WIDTH, VALUE_BASELINE
from api.pages.drawing.window_positions import spell_out_position
from api.pages.layout.formatting import replace_hyphens_with_minus_signs
from api.schemas.student.solution import WorkedStep

STAMP_NAME: Final = re.compile(r"sum with (.+)·w at \((.+)\)")


def is_partial_sum_step(step: WorkedStep) -> bool:
    """Return whether *step* is the running sum after a stamp, with an array to draw."""
    data = step.data
    if data["type"] != "array" or not STAMP_NAME.fullmatch(data["name"]):
        return False
    return bool(_read_partial_sum_planes(data["value"]))


def _read_partial_sum_planes(value: Any) -> tuple[Plane, ...]:
    return read_planes(value, PLANE_AXES) or read_planes(value, 1)


def build_stamp_frames(
    steps: Sequence[WorkedStep], *, id_prefix: str, max_bytes: int
) -> FrameSequence:
    """Return the frames of the running sums in *steps*, in about *max_bytes*."""
    planes = [_read_partial_sum_planes(step.data["value"]) for step in steps]
    wide = max(MIN_CELL_WIDTH, DIGIT_WIDTH * 2 + max(_iter_final_text_widths(planes)))
    rows, columns = len(planes[0][0]), len(planes[0][0][0])
    shared = f'<g id="{id_prefix}l">{draw_grid_lines(columns, rows, (wide, CELL_HEIGHT))}</g>'
    before: tuple[Plane, ...] = tuple(tuple((0,) * columns for _ in range(rows)) for _ in planes[0])
    drawings = []
    for step_planes in planes:
        pairs = zip(before, step_planes, strict=True)
        drawings.append(
            "".join(
                _draw_running_sum(old, new, wide=wide, lines=f"{id_prefix}l") for old, new in pairs
            )
        )
        before = step_planes
    lines = sum(count_bytes(step.text) for step in steps)
    frame_bytes = max(map(count_bytes, drawings)) + FRAME_OVERHEAD_BYTES
    selected = select_frame_indices(
        len(steps), max(LEADING_FRAMES, (max_bytes - count_bytes(shared) - lines) // frame_bytes)
    )
    frames = tuple(
        DrawingFrame(
            drawing,
            _describe_partial_sum(step),
            "",
            index < LEADING_FRAMES or index == len(steps) - 1,
        )
        for index, (step, drawing) in enumerate(zip(steps, drawings, strict=True))
        if index in selected
    )
    omitted_texts = tuple(
        replace_hyphens_with_minus_signs(spell_out_position(step.text))
        for index, step in enumerate(steps)
        if index not in selected
    )
    return FrameSequence(
        "The cells that a stamp changed are highlighted.", shared, "", frames, omitted_texts
    )


def _iter_final_text_widths(planes: Sequence[tuple[Plane, ...]]) -> Iterator[int]:
    for plane in planes[-1]:
        yield from (DIGIT_WIDTH * len(format_value(cell)) for row in plane for cell in row)


def _describe_partial_sum(step: WorkedStep) -> str:
    match = STAMP_NAME.fullmatch(step.data["name"])
    added, position = match.groups() if match else ("", "")
    laid = spell_out_position(f"laid at ({position}) of the input")
    return f"{replace_hyphens_with_minus_signs(added)} times the kernel, {laid}"


def _draw_running_sum(old: Plane, new: Plane, *, wide: int, lines: str) -> str:
    """Return the sum *new*, with the cells that differ from *old* marked."""
    marked: list[tuple[int, int]] = []
    zeros: list[str] = []
    texts: list[str] = []
    for row, (cells, earlier) in enumerate(zip(new, old, strict=True)):
        for column, (cell, old_cell) in enumerate(zip(cells, earlier, strict=True)):
            x, y = column * wide, row * CELL_HEIGHT
            if cell != old_cell:
                marked.append((x, y))
            (texts if cell else zeros).append(
                draw_text(x + wide // 2, y + VALUE_BASELINE, format_value(cell))
            )
    size = len(new[0]) * wide, len(new) * CELL_HEIGHT
    grey = f'<g class="ws-zero">{"".join(zeros)}</g>' if zeros else ""
    changed = draw_rectangles(marked, (wide, CELL_HEIGHT), "ws-out")
    return draw_svg(size, "Sum so far", changed, draw_reference(lines), grey, *texts)
