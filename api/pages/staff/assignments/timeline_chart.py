"""What work is worth over time, drawn: a step for each stage, a number at each time, now marked.

The drawing has no text but the numbers of the times; the list beside it says what they are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final

from api.schemas.student.assignments import Moment, Times

__all__ = ["Drawing", "Mark", "Step", "drawn", "marks"]

HEIGHT: Final = 64.0
LEFT: Final = 14.0
APART: Final = 22.0
BASE: Final = 72.0
"""Where the line of time runs, in units of the drawing."""
WIDTHS: Final = {"wide": 640.0, "small": 320.0}
ALONE: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Mark:
    """A time of the list: its number, what happens then, and when."""

    number: int
    said: str
    when: Moment


@dataclass(frozen=True, slots=True)
class Step:
    """A piece of the drawing: from *x* on so *wide* and *high*, worth *credit*."""

    x: float
    width: float
    y: float
    height: float
    credit: Fraction


@dataclass(frozen=True, slots=True)
class Drawing:
    """A timeline drawn at one width: its steps, where the numbers stand, and where now is."""

    size: str
    width: float
    steps: tuple[Step, ...]
    marks: tuple[tuple[int, float, float], ...]
    now: float | None


def marks(times: Times) -> tuple[Mark, ...]:
    """Return the times of an assignment in their order, each with what happens then."""
    found = sorted(_said(times), key=lambda one: one[1].at)
    return tuple(Mark(at, said, when) for at, (said, when) in enumerate(found, 1))


def _said(times: Times) -> Iterator[tuple[str, Moment]]:
    if times.release:
        yield "Released", times.release
    due = times.due.at if times.due else None
    if times.due:
        yield "Due", times.due
    closes = times.closes.at if times.closes else None
    for one in times.stages:
        if one.until and one.until.at not in {due, closes}:
            yield f"Until then late work is worth {_share(one.credit)}", one.until
    if times.closes and closes != due:
        last = _last(times)
        yield f"Closes; until then late work is worth {last}" if last else "Closes", times.closes


def _last(times: Times) -> str:
    """Return what the last late stage leaves, nothing where there is none."""
    return _share(times.stages[-1].credit) if len(times.stages) > 1 else ""


def _share(credit: Fraction) -> str:
    return f"{float(credit * 100):.4g} %"


def drawn(times: Times, now: datetime) -> tuple[Drawing, ...]:
    """Return the drawing at the widths of a desk and of a phone; none without a time to draw."""
    listed = marks(times)
    if not listed:
        return ()
    return tuple(_drawn(times, listed, now, size) for size in WIDTHS)


def _drawn(times: Times, listed: Sequence[Mark], now: datetime, size: str) -> Drawing:
    scale = _Scale.of(times, listed, WIDTHS[size])
    ends = [_at(one.until) for one in times.stages if one.until]
    bounds = [scale.start, *ends] if ends else [scale.start, scale.end]
    shares = [one.credit for one in times.stages] or [Fraction(1)]
    steps = tuple(
        _step(scale.x(start), scale.x(end), credit)
        for start, end, credit in zip(bounds, bounds[1:], shares, strict=False)
        if end > start
    )
    places = [scale.x(one.when.at) for one in listed]
    inside = scale.start <= now <= scale.end
    labels = _spread(places, scale.width)
    numbers = tuple(zip((one.number for one in listed), places, labels, strict=True))
    return Drawing(size, scale.width, steps, numbers, scale.x(now) if inside else None)


@dataclass(frozen=True, slots=True)
class _Scale:
    """From instants to places between the margins."""

    start: datetime
    end: datetime
    width: float

    @classmethod
    def of(cls, times: Times, listed: Sequence[Mark], width: float) -> "_Scale":
        first, last = listed[0].when.at, listed[-1].when.at
        return cls(first if times.release and first < last else first - ALONE, last, width)

    def x(self, at: datetime) -> float:
        share = (at - self.start) / (self.end - self.start)
        return round(LEFT + share * (self.width - 2 * LEFT), 1)


def _at(when: Moment | None) -> datetime:
    if when is None:
        raise ValueError("a stage without an end has no place")
    return when.at


def _step(start: float, end: float, credit: Fraction) -> Step:
    height = round(float(credit) * HEIGHT, 1)
    return Step(start, round(end - start, 1), round(BASE - height, 1), height, credit)


def _spread(places: Sequence[float], width: float) -> list[float]:
    """Return where numbers stand so that none touches the next, each as near as can be."""
    found: list[float] = []
    for x in places:
        found.append(max(x, found[-1] + APART) if found else x)
    limit = width - LEFT
    for at in range(len(found) - 1, -1, -1):
        found[at] = round(min(found[at], limit), 1)
        limit = found[at] - APART
    return found
