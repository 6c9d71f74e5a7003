"""The steps of a part as blocks of a page: sentences, formulas, tables and drawings, in order."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Final

from markupsafe import Markup

from api.pages.drawing import tables
from api.pages.drawing.fields import field_picture
from api.pages.drawing.frames import Stage, stage
from api.pages.drawing.markup import said
from api.pages.drawing.moves import ways
from api.pages.drawing.stamps import is_stamp, stamp_stage
from api.pages.drawing.totals import sum_picture, total_picture
from api.prose import inline, prose
from api.schemas.student_solution import SolvedPart, WorkedStep

__all__ = ["Block", "drawn"]

LONE: Final = re.compile(r"<mrow>(<(m[ino])>[^<]*</\2>)</mrow>")
"""A row of one element, which is drawn as without it."""
WINDOWS: Final = ("window", "pooled")
NOTHING: Final = Markup("")
FORMULAS: Final = Markup(
    '<div class="scroll ws-formulas" tabindex="0" role="group" aria-label="Formulas">{}</div>'
)


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of the way to an answer: HTML with a picture, frames, or lines of text."""

    html: Markup = NOTHING
    picture: Markup = NOTHING
    stage: Stage | None = None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Run:
    """Steps that are shown together: windows, stamps, formulas, or one of another type.

    *shown* are the arrays of the steps before it, *before* the step just before it.
    """

    kind: str
    steps: tuple[WorkedStep, ...]
    shown: tuple[Any, ...]
    before: WorkedStep | None


def drawn(
    parts: Sequence[SolvedPart], given: Sequence[Any], *, room: int
) -> tuple[tuple[Block, ...], ...]:
    """Return the blocks of each part; frames are left out where all takes more than *room*.

    *given* are the arrays that the text of the problem names.
    """
    runs = [_runs(part.steps) for part in parts]
    plain = [[_plain(run, part.kind) for run in own] for own, part in zip(runs, parts, strict=True)]
    used = sum(len(block.html + block.picture) for own in plain for block in own)
    stages = sum(run.kind in {"windows", "stamps"} for own in runs for run in own)
    each = max(0, room - used) // (stages or 1)
    return tuple(
        tuple(
            _staged(run, given, name=f"w{number}-{at}-", room=each)
            or (replace(block, picture=NOTHING) if used > room else block)
            for at, (run, block) in enumerate(zip(own, blocks, strict=True))
        )
        for number, (own, blocks) in enumerate(zip(runs, plain, strict=True))
    )


def _runs(steps: Sequence[WorkedStep]) -> list[_Run]:
    """Return *steps* in runs, each with the arrays that were shown before it."""
    found: list[_Run] = []
    at = 0
    for kind, group in groupby(steps, _kind):
        of_kind = tuple(group)
        for bundle in [of_kind] if kind != "plain" else [(one,) for one in of_kind]:
            shown = (one.data["value"] for one in steps[:at] if one.data["type"] == "array")
            # A key that calls a solver twice has its first stamps twice.
            once = tuple({one.text: one for one in bundle}.values()) if kind == "stamps" else bundle
            found.append(_Run(kind, once, tuple(shown), steps[at - 1] if at else None))
            at += len(bundle)
    return found


def _kind(step: WorkedStep) -> str:
    if step.data["type"] in WINDOWS:
        return "windows"
    if step.data["type"] == "formula":
        return "formulas"
    return "stamps" if is_stamp(step) else "plain"


def _staged(run: _Run, given: Sequence[Any], *, name: str, room: int) -> Block | None:
    """Return the frames of a run of windows or stamps, None where there are none to draw."""
    if run.kind == "stamps" and len(run.steps) > 1:
        return Block(stage=stamp_stage(run.steps, name=name, room=room))
    found = [*ways(run.steps, shown=run.shown, given=given)] if run.kind == "windows" else []
    return Block(stage=stage(found, name=name, room=room)) if found else None


def _plain(run: _Run, kind: str) -> Block:
    """Return a run without frames."""
    if run.kind == "windows":
        return Block(lines=tuple(said(one.text) for one in run.steps))
    before = (run.before, *run.steps)
    pictures = (_picture(one, last) for one, last in zip(run.steps, before, strict=False))
    lines = NOTHING.join(_html(one, kind) for one in run.steps)
    return Block(
        FORMULAS.format(lines) if run.kind == "formulas" else lines, NOTHING.join(pictures)
    )


def _html(step: WorkedStep, kind: str) -> Markup:
    data = step.data
    match data["type"]:
        case "said":
            return _said(data["text"], kind)
        case "rows":
            return Markup(tables.rows(data["head"], data["rows"]))  # noqa: S704  # escaped there
        case "array" if tables.is_matrix(data["value"]):
            return Markup(tables.array(data["name"], data["value"]))  # noqa: S704  # escaped there
        case _:
            short = LONE.sub(r"\1", step.mathml)
            formula = Markup(short)  # noqa: S704  # made by the engine, which escapes names
            return Markup("<p>{}</p>").format(formula)


def _said(text: str, kind: str) -> Markup:
    """Return a sentence; that of an author, a text or an option, may have formulas."""
    if kind == "text":
        return prose(text)
    is_written = kind in {"choice", "choices"} and "$" in text
    return Markup("<p>{}</p>").format(inline(text) if is_written else said(text))


def _picture(step: WorkedStep, before: WorkedStep | None) -> Markup:
    """Return the picture of a table or a sum; of the sum of a table that was drawn, none again."""
    data = step.data
    drawing = ""
    if data["type"] == "rows":
        drawing = field_picture(data["head"], data["rows"]) or _total(step)
    elif data["type"] == "formula" and data["value"] is not None and not _total(before):
        drawing = sum_picture(data["name"], data["tree"], data["numbers"])
    # Its texts are escaped where they are written.
    return Markup(drawing)  # noqa: S704


def _total(step: WorkedStep | None) -> str:
    if step is None or step.data["type"] != "rows":
        return ""
    return total_picture(step.data["head"], step.data["rows"])
