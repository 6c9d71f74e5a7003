"""Timeline chart: credit over time, with numbered dates and a mark for now.

Each stage is a step. The only text of the chart is its numbers; the list next to it explains
them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final

from api.schemas.student.assignments import Moment, Times

MAX_STEP_HEIGHT: Final = 64.0
SIDE_MARGIN: Final = 14.0
MIN_LABEL_DISTANCE: Final = 22.0
BASELINE_Y: Final = 72.0
"""Vertical position of the time axis, in units of the drawing."""
WIDTHS: Final = {"wide": 640.0, "small": 320.0}
LONE_MARK_LEAD: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class TimelineMark:
    """Numbered date of the timeline: its label and time."""

    number: int
    label: str
    when: Moment


@dataclass(frozen=True, slots=True)
class TimelineStep:
    """Step of the chart: a rectangle whose *height* is proportional to *credit*."""

    x: float
    width: float
    y: float
    height: float
    credit: Fraction


@dataclass(frozen=True, slots=True)
class TimelineDrawing:
    """Timeline drawn at one width: its steps, its numbers and the position of now.

    *marks* are tuples of a number, the position of its date and the position of its
    label. *now* is None outside the range of the chart.
    """

    size: str
    width: float
    steps: tuple[TimelineStep, ...]
    marks: tuple[tuple[int, float, float], ...]
    now: float | None


def list_timeline_marks(times: Times) -> tuple[TimelineMark, ...]:
    """Return the dates of an assignment in order, each with its label."""
    entries = sorted(_iter_labeled_times(times), key=lambda item: item[1].at)
    return tuple(TimelineMark(index, said, when) for index, (said, when) in enumerate(entries, 1))


def _iter_labeled_times(times: Times) -> Iterator[tuple[str, Moment]]:
    if times.release:
        yield "Released", times.release
    due = times.due.at if times.due else None
    if times.due:
        yield "Due", times.due
    closes = times.closes.at if times.closes else None
    for stage in times.stages:
        if stage.until and stage.until.at not in {due, closes}:
            yield f"Until then late work is worth {_format_credit(stage.credit)}", stage.until
    if times.closes and closes != due:
        last = _format_last_late_credit(times)
        yield f"Closes; until then late work is worth {last}" if last else "Closes", times.closes


def _format_last_late_credit(times: Times) -> str:
    """Return the credit of the last late stage, or "" if there is none."""
    return _format_credit(times.stages[-1].credit) if len(times.stages) > 1 else ""


def _format_credit(credit: Fraction) -> str:
    return f"{float(credit * 100):.4g} %"


def draw_timelines(times: Times, now: datetime) -> tuple[TimelineDrawing, ...]:
    """Return the chart at desktop and phone width, or an empty tuple without dates."""
    marks = list_timeline_marks(times)
    if not marks:
        return ()
    return tuple(_draw_timeline(times, marks, now, size) for size in WIDTHS)


def _draw_timeline(
    times: Times, marks: Sequence[TimelineMark], now: datetime, size: str
) -> TimelineDrawing:
    scale = _TimeScale.from_times(times, marks, WIDTHS[size])
    ends = [_stage_end(stage.until) for stage in times.stages if stage.until]
    bounds = [scale.start, *ends] if ends else [scale.start, scale.end]
    shares = [stage.credit for stage in times.stages] or [Fraction(1)]
    steps = tuple(
        _draw_step(scale.x(start), scale.x(end), credit)
        for start, end, credit in zip(bounds, bounds[1:], shares, strict=False)
        if end > start
    )
    x_positions = [scale.x(mark.when.at) for mark in marks]
    inside = scale.start <= now <= scale.end
    labels = _spread_labels(x_positions, scale.width)
    numbers = tuple(zip((mark.number for mark in marks), x_positions, labels, strict=True))
    return TimelineDrawing(size, scale.width, steps, numbers, scale.x(now) if inside else None)


@dataclass(frozen=True, slots=True)
class _TimeScale:
    """Linear scale from times to horizontal positions between the margins."""

    start: datetime
    end: datetime
    width: float

    @classmethod
    def from_times(cls, times: Times, marks: Sequence[TimelineMark], width: float) -> "_TimeScale":
        first, last = marks[0].when.at, marks[-1].when.at
        return cls(first if times.release and first < last else first - LONE_MARK_LEAD, last, width)

    def x(self, instant: datetime) -> float:
        share = (instant - self.start) / (self.end - self.start)
        return round(SIDE_MARGIN + share * (self.width - 2 * SIDE_MARGIN), 1)


def _stage_end(when: Moment | None) -> datetime:
    if when is None:
        raise ValueError("a stage without an end has no place")
    return when.at


def _draw_step(start: float, end: float, credit: Fraction) -> TimelineStep:
    height = round(float(credit) * MAX_STEP_HEIGHT, 1)
    return TimelineStep(start, round(end - start, 1), round(BASELINE_Y - height, 1), height, credit)


def _spread_labels(x_positions: Sequence[float], width: float) -> list[float]:
    """Return label positions that do not overlap, each as close to its date as possible."""
    positions: list[float] = []
    for x in x_positions:
        positions.append(max(x, positions[-1] + MIN_LABEL_DISTANCE) if positions else x)
    limit = width - SIDE_MARGIN
    for index in range(len(positions) - 1, -1, -1):
        positions[index] = round(min(positions[index], limit), 1)
        limit = positions[index] - MIN_LABEL_DISTANCE
    return positions
