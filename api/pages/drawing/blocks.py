"""The steps of a part as blocks of a page: sentences, formulas, tables and drawings, in order."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Final

from markupsafe import Markup

from api.markup.markdown import inline, prose
from api.pages.drawing import tables
from api.pages.drawing.fields import field_picture
from api.pages.drawing.frames import Stage, stage
from api.pages.drawing.markup import weight
from api.pages.drawing.moves import ways
from api.pages.drawing.spots import line
from api.pages.drawing.stamps import is_stamp, stamp_stage
from api.pages.drawing.totals import sum_picture, total_picture
from api.pages.layout.formatting import said
from api.schemas.student.solution import SolvedPart, WorkedStep

__all__ = ["Block", "drawn"]

LONE: Final = re.compile(r"<mrow>(<(m[ino])>[^<]*</\2>)</mrow>")
"""A row of one element, which is drawn as without it."""
WITHIN: Final = re.compile(
    r"(?:(?<=<math>)|(?<=<mrow>)|(?<=</mo>))"
    r"<mrow>(?!<mo>)((?:(?!</?mrow>|<mo>[^+\N{MINUS SIGN}\N{DOT OPERATOR}<]</mo>).)*)</mrow>"
)
"""A sum or a product that stands in another row, and is drawn as without its own."""
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
    """Return the blocks of each part; frames are left out where all takes more than *room* bytes.

    *given* are the arrays that the text of the problem names.
    """
    found = _blocks([part.steps for part in parts], parts)
    if sum(_weight(block) for own in found for _, block in own) > room:
        found = _blocks([*_unsaid(parts)], parts)
    used = sum(_weight(block) for own in found for _, block in own)
    stages = sum(run.kind in {"windows", "stamps"} for own in found for run, _ in own)
    each = max(0, room - used) // (stages or 1)
    return tuple(
        tuple(
            _staged(run, given, name=f"w{number}-{at}-", room=each)
            or (replace(block, picture=NOTHING) if used > room else block)
            for at, (run, block) in enumerate(own)
        )
        for number, own in enumerate(found)
    )


def _blocks(
    steps: Sequence[Sequence[WorkedStep]], parts: Sequence[SolvedPart]
) -> list[list[tuple[_Run, Block]]]:
    """Return the runs of the *steps* of each part, each without frames."""
    return [
        [(run, _plain(run, part.kind)) for run in _runs(own)]
        for own, part in zip(steps, parts, strict=True)
    ]


def _unsaid(parts: Sequence[SolvedPart]) -> Iterator[Sequence[WorkedStep]]:
    """Yield the steps of each part without the sentences that an earlier part has said."""
    heard: set[str] = set()
    for part in parts:
        new = [one for one in part.steps if not (_is_sentence(one) and one.text in heard)]
        yield new or part.steps
        heard |= {one.text for one in part.steps}


def _is_sentence(step: WorkedStep) -> bool:
    return step.data["type"] == "said" and step.text.endswith(".")


def _weight(block: Block) -> int:
    return weight(block.html, block.picture)


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
        return Block(lines=tuple(said(line(one)) for one in run.steps))
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
            formula = Markup(_short(step.mathml))  # noqa: S704  # the engine escapes names
            return Markup("<p>{}</p>").format(formula)


def _short(formula: str) -> str:
    """Return a formula without the rows that change nothing: a page has dozens of formulas."""
    short, before = LONE.sub(r"\1", formula), ""
    while short != before:
        short, before = WITHIN.sub(r"\1", short), short
    return short


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
