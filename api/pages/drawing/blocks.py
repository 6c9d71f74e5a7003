"""Steps of a part as page blocks, in order: sentences, formulas, tables and drawings."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Final

from markupsafe import Markup

from api.markup.markdown import render_inline, render_markdown
from api.pages.drawing import tables
from api.pages.drawing.frames import FrameSequence, build_window_frames
from api.pages.drawing.markup import count_bytes
from api.pages.drawing.receptive_fields import draw_receptive_field_picture
from api.pages.drawing.totals import draw_layer_counts_picture, draw_sum_picture
from api.pages.drawing.transposed_convolution import build_stamp_frames, is_partial_sum_step
from api.pages.drawing.window_paths import build_window_paths
from api.pages.drawing.window_positions import window_calculation_with_position
from api.pages.layout.formatting import replace_hyphens_with_minus_signs
from api.schemas.student.solution import SolvedPart, WorkedStep

SINGLE_ELEMENT_ROW: Final = re.compile(r"<mrow>(<(m[ino])>[^<]*</\2>)</mrow>")
"""A row of one element, which renders the same without the row."""
NESTED_ROW: Final = re.compile(
    r"(?:(?<=<math>)|(?<=<mrow>)|(?<=</mo>))"
    r"<mrow>(?!<mo>)((?:(?!</?mrow>|<mo>[^+\N{MINUS SIGN}\N{DOT OPERATOR}<]</mo>).)*)</mrow>"
)
"""A row of a sum or product within another row, which renders the same without it."""
WINDOW_TYPES: Final = ("window", "pooled")
EMPTY_MARKUP: Final = Markup("")
FORMULAS_TEMPLATE: Final = Markup(
    '<div class="scroll ws-formulas" tabindex="0" role="group" aria-label="Formulas">{}</div>'
)


@dataclass(frozen=True, slots=True)
class SolutionBlock:
    """A block of a worked solution: HTML with a picture, frames, or lines of text."""

    html: Markup = EMPTY_MARKUP
    picture: Markup = EMPTY_MARKUP
    frames: FrameSequence | None = None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _StepRun:
    """Steps shown together: windows, stamps, formulas, or one step of another type.

    *previous_arrays* are the arrays in the steps before the run; *previous_step* is the
    last of those steps.
    """

    kind: str
    steps: tuple[WorkedStep, ...]
    previous_arrays: tuple[Any, ...]
    previous_step: WorkedStep | None


def build_solution_blocks(
    parts: Sequence[SolvedPart], problem_arrays: Sequence[Any], *, max_bytes: int
) -> tuple[tuple[SolutionBlock, ...], ...]:
    """Return the blocks of each part, with as many frames as *max_bytes* allows.

    If the blocks without frames already exceed the limit, repeated sentences are
    dropped, then pictures. *problem_arrays* are the arrays in the problem text.
    """
    blocks_by_part = _build_blocks_without_frames([part.steps for part in parts], parts)
    if sum(_count_block_bytes(block) for own in blocks_by_part for _, block in own) > max_bytes:
        blocks_by_part = _build_blocks_without_frames([*_drop_repeated_sentences(parts)], parts)
    used_bytes = sum(_count_block_bytes(block) for own in blocks_by_part for _, block in own)
    sequence_count = sum(
        run.kind in {"windows", "stamps"} for own in blocks_by_part for run, _ in own
    )
    sequence_bytes = max(0, max_bytes - used_bytes) // (sequence_count or 1)
    return tuple(
        tuple(
            _build_frames_block(
                run, problem_arrays, name=f"w{number}-{index}-", max_bytes=sequence_bytes
            )
            or (replace(block, picture=EMPTY_MARKUP) if used_bytes > max_bytes else block)
            for index, (run, block) in enumerate(own)
        )
        for number, own in enumerate(blocks_by_part)
    )


def _build_blocks_without_frames(
    steps: Sequence[Sequence[WorkedStep]], parts: Sequence[SolvedPart]
) -> list[list[tuple[_StepRun, SolutionBlock]]]:
    """Return the runs of each part's *steps* with their blocks, without frames."""
    return [
        [(run, _render_run(run, part.kind)) for run in _group_runs(own)]
        for own, part in zip(steps, parts, strict=True)
    ]


def _drop_repeated_sentences(parts: Sequence[SolvedPart]) -> Iterator[Sequence[WorkedStep]]:
    """Yield the steps of each part without the sentences of earlier parts.

    A part that would become empty keeps all its steps.
    """
    previous_texts: set[str] = set()
    for part in parts:
        new_steps = [
            step for step in part.steps if not (_is_sentence(step) and step.text in previous_texts)
        ]
        yield new_steps or part.steps
        previous_texts |= {step.text for step in part.steps}


def _is_sentence(step: WorkedStep) -> bool:
    return step.data["type"] == "text" and step.text.endswith(".")


def _count_block_bytes(block: SolutionBlock) -> int:
    return count_bytes(block.html, block.picture)


def _group_runs(steps: Sequence[WorkedStep]) -> list[_StepRun]:
    """Return *steps* grouped into runs, each with the arrays shown before it."""
    runs: list[_StepRun] = []
    position = 0
    for kind, group in groupby(steps, _choose_group_kind):
        of_kind = tuple(group)
        for bundle in [of_kind] if kind != "plain" else [(one,) for one in of_kind]:
            previous_arrays = (
                step.data["value"] for step in steps[:position] if step.data["type"] == "array"
            )
            # A key that calls a solver twice has its first stamps twice.
            unique_steps = (
                tuple({one.text: one for one in bundle}.values()) if kind == "stamps" else bundle
            )
            runs.append(
                _StepRun(
                    kind,
                    unique_steps,
                    tuple(previous_arrays),
                    steps[position - 1] if position else None,
                )
            )
            position += len(bundle)
    return runs


def _choose_group_kind(step: WorkedStep) -> str:
    if step.data["type"] in WINDOW_TYPES:
        return "windows"
    if step.data["type"] == "formula":
        return "formulas"
    return "stamps" if is_partial_sum_step(step) else "plain"


def _build_frames_block(
    run: _StepRun, problem_arrays: Sequence[Any], *, name: str, max_bytes: int
) -> SolutionBlock | None:
    """Return the frames of a run of windows or stamps, or None if there are none to draw."""
    if run.kind == "stamps" and len(run.steps) > 1:
        return SolutionBlock(
            frames=build_stamp_frames(run.steps, id_prefix=name, max_bytes=max_bytes)
        )
    paths = (
        [
            *build_window_paths(
                run.steps, previous_arrays=run.previous_arrays, problem_arrays=problem_arrays
            )
        ]
        if run.kind == "windows"
        else []
    )
    return (
        SolutionBlock(frames=build_window_frames(paths, id_prefix=name, max_bytes=max_bytes))
        if paths
        else None
    )


def _render_run(run: _StepRun, kind: str) -> SolutionBlock:
    """Return the block of a run, without frames."""
    if run.kind == "windows":
        return SolutionBlock(
            lines=tuple(
                replace_hyphens_with_minus_signs(window_calculation_with_position(step))
                for step in run.steps
            )
        )
    before = (run.previous_step, *run.steps)
    pictures = (_draw_picture(step, last) for step, last in zip(run.steps, before, strict=False))
    lines = EMPTY_MARKUP.join(_render_step(step, kind) for step in run.steps)
    return SolutionBlock(
        FORMULAS_TEMPLATE.format(lines) if run.kind == "formulas" else lines,
        EMPTY_MARKUP.join(pictures),
    )


def _render_step(step: WorkedStep, kind: str) -> Markup:
    data = step.data
    match data["type"]:
        case "text":
            return _render_sentence(data["text"], kind)
        case "rows":
            return Markup(tables.render_table(data["head"], data["rows"]))  # noqa: S704  # escaped there
        case "array" if tables.is_matrix(data["value"]):
            return Markup(tables.render_array(data["name"], data["value"]))  # noqa: S704  # escaped there
        case _:
            formula = Markup(_simplify_mathml(step.mathml))  # noqa: S704  # the engine escapes names
            return Markup("<p>{}</p>").format(formula)


def _simplify_mathml(formula: str) -> str:
    """Return a formula without redundant rows, since a page has dozens of formulas."""
    short, before = SINGLE_ELEMENT_ROW.sub(r"\1", formula), ""
    while short != before:
        short, before = NESTED_ROW.sub(r"\1", short), short
    return short


def _render_sentence(text: str, kind: str) -> Markup:
    """Return a sentence as HTML.

    Text by an author, in text and choice parts, may contain formulas.
    """
    if kind == "text":
        return render_markdown(text)
    is_written = kind in {"choice", "choices"} and "$" in text
    return Markup("<p>{}</p>").format(
        render_inline(text) if is_written else replace_hyphens_with_minus_signs(text)
    )


def _draw_picture(step: WorkedStep, before: WorkedStep | None) -> Markup:
    """Return the picture of a table or a sum.

    A sum gets no picture if it follows the drawn table of its terms.
    """
    data = step.data
    drawing = ""
    if data["type"] == "rows":
        drawing = draw_receptive_field_picture(data["head"], data["rows"]) or _draw_layer_counts(
            step
        )
    elif data["type"] == "formula" and data["value"] is not None and not _draw_layer_counts(before):
        drawing = draw_sum_picture(data["name"], data["tree"], data["numbers"])
    # Its texts are escaped where they are written.
    return Markup(drawing)  # noqa: S704


def _draw_layer_counts(step: WorkedStep | None) -> str:
    if step is None or step.data["type"] != "rows":
        return ""
    return draw_layer_counts_picture(step.data["head"], step.data["rows"])
