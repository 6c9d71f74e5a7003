"""A timeline as people write it: wall clocks of the course's zone, late steps, extensions.

Nothing here knows the zone, so that a course copied to another one keeps its wall clocks;
`api.services.assignments.timeline` makes instants of it.
"""

import re
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Annotated, Final, Self, TypeAlias

from pydantic import (
    Discriminator,
    Field,
    PlainSerializer,
    PlainValidator,
    Tag,
    WithJsonSchema,
    model_validator,
)

from api.http.fields import Text, share
from api.http.schema import Refused, Schema, examples
from grader.display.text import show
from grader.values import simplest

__all__ = [
    "Close",
    "ExtensionSpec",
    "LateCredit",
    "LateStep",
    "LocalTime",
    "Offset",
    "TimelineSpec",
    "show_credit",
]

WALL: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ]((?:[01]\d|2[0-3]):\d\d(?::\d\d(?:\.\d{1,6})?)?)"
    r" ?([Zz]|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
EARLIEST: Final = 1990
LATEST: Final = 2199
MAX_DAYS: Final = 3660
MAX_HOURS: Final = 24 * MAX_DAYS
MAX_STEPS: Final = 50
EXAMPLE: Final = "2026-11-27 23:59"


def to_wall(given: object) -> datetime:
    """Return the wall clock that was written; with a zone only where an offset was given."""
    at = given if isinstance(given, datetime) else _parsed(given)
    if not EARLIEST <= at.year <= LATEST:
        raise Refused(f"must lie in the years {EARLIEST} to {LATEST}")
    return at


def _parsed(given: object) -> datetime:
    text = given.strip() if isinstance(given, str) else ""
    if DATE.fullmatch(text):
        raise Refused(f"has no time of day; write it like {EXAMPLE}")
    found = WALL.fullmatch(text)
    try:
        if found:
            return datetime.fromisoformat(f"{found[1]}T{found[2]}{(found[3] or '').upper()}")
    except ValueError:
        pass
    raise Refused(f"is not a date and time that there is; write it like {EXAMPLE}")


def _show_wall(at: datetime) -> str:
    """Return a wall clock as it is written: without seconds where there are none."""
    return at.isoformat(" ", "auto" if at.second or at.microsecond else "minutes")


def to_credit(given: object) -> Fraction:
    """Return the credit that was written: 0.9, ``"0.9"``, ``"9/10"`` or ``"90%"``, exactly."""
    try:
        credit = share(given if isinstance(given, (int, Fraction)) else str(given))
    except Refused as error:
        raise Refused("is not a credit; write it like 90%, 9/10 or 0.9") from error
    if not 0 <= credit <= 1:
        raise Refused("must lie between 0 and 1; write nine tenths as 90%, 9/10 or 0.9")
    return credit


def show_credit(credit: Fraction) -> str:
    """Return a credit as it is written: a percentage where that ends, else a fraction."""
    percent = show(simplest(credit * 100))
    return str(credit) if "/" in percent else f"{percent}%"


LocalTime: TypeAlias = Annotated[
    datetime,
    PlainValidator(to_wall),
    PlainSerializer(_show_wall, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "description": "a time on the wall clock of the course; one with an offset is "
            "converted to it",
            "examples": [EXAMPLE, "2026-11-27T23:59:59", "2026-11-27T22:59:00Z"],
        }
    ),
]
LateCredit: TypeAlias = Annotated[
    Fraction,
    PlainValidator(to_credit),
    PlainSerializer(show_credit, return_type=str),
    WithJsonSchema(
        {
            "anyOf": [{"type": "number"}, {"type": "string"}],
            "description": "what late work is worth, exactly, from 0 to 1",
            "examples": ["90%", "9/10", 0.9],
        }
    ),
]
Days: TypeAlias = Annotated[int, Field(ge=0, le=MAX_DAYS)]
Hours: TypeAlias = Annotated[int, Field(ge=0, le=MAX_HOURS)]
LateDays: TypeAlias = Annotated[int, Field(ge=0, le=100)]
Attempts: TypeAlias = Annotated[int, Field(ge=1, le=1000)]
Reason: TypeAlias = Annotated[Text, Field(max_length=500)]


class Offset(Schema):
    """So long after due: `days` of the calendar keep the wall clock, `hours` are elapsed hours."""

    days: Days | None = None
    hours: Hours | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.days is None and self.hours is None:
            raise Refused("say how many days or hours after due")
        return self


class LateStep(Schema):
    """What work after due is worth `until` a wall clock, or so many `days` and `hours` after due.

    `days` are days of the calendar, so that the step ends at the same time of day as due; `hours`
    are elapsed hours.
    """

    until: LocalTime | None = None
    days: Days | None = None
    hours: Hours | None = None
    credit: LateCredit

    @model_validator(mode="after")
    def _ends_once(self) -> Self:
        lasts = bool(self.days or self.hours)
        if lasts == (self.until is not None):
            raise Refused("a late step ends either until a time or some days or hours after due")
        return self


def _kind_of_close(given: object) -> str:
    return "after_due" if isinstance(given, (dict, Offset)) else "time"


Close: TypeAlias = Annotated[
    Annotated[LocalTime, Tag("time")] | Annotated[Offset, Tag("after_due")],
    Discriminator(_kind_of_close),
]


class TimelineSpec(Schema):
    """When an assignment is released, due, worth less, and closed, in the zone of its course.

    Without `release` it is open at once, without `due` never late. Without `close` it closes with
    the last late step, or at due where there is none. `late_days` is how many days of a student's
    late-day budget may be spent here. An instant that equals due, the end of a step or close is
    in time: 23:59 means 23:59:00.000000 and not a microsecond more.
    """

    model_config = examples(
        {
            "release": "2026-11-20 09:00",
            "due": "2026-11-27 23:59",
            "late": [{"days": 1, "credit": "90%"}, {"days": 3, "credit": "1/2"}],
            "late_days": 2,
            "close": {"days": 7},
        },
        {"late": [{"until": "2026-11-29 12:00", "credit": 0.8}], "due": "2026-11-27 23:59"},
    )

    release: LocalTime | None = None
    due: LocalTime | None = None
    late: Annotated[tuple[LateStep, ...], Field(max_length=MAX_STEPS)] = ()
    late_days: LateDays = 0
    close: Close | None = None

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        self._needs_due()
        self._check_order()
        self._check_steps()
        return self

    def _needs_due(self) -> None:
        if self.due is None and (self.late or self.late_days or isinstance(self.close, Offset)):
            what = "late steps" if self.late else "late days" if self.late_days else "such a close"
            raise Refused(f"{what} count from due, which is missing; add due")

    def _check_order(self) -> None:
        close = None if isinstance(self.close, Offset) else self.close
        named = (("release", self.release), ("due", self.due), ("close", close))
        given = [(name, at) for name, at in named if at is not None]
        for at, (name, one) in enumerate(given):
            for later, two in given[at + 1 :]:
                if _is_before(two, one):
                    raise Refused(
                        f"{later} ({_show_wall(two)}) is before {name} ({_show_wall(one)}); "
                        "release, due and close follow each other"
                    )

    def _check_steps(self) -> None:
        if self.due is None:
            return
        after, end, credit = "due", self.due, Fraction(1)
        for number, step in enumerate(self.late, 1):
            ends = _nominal_end(step, self.due)
            if _is_before(ends, end) or ends == end:
                raise Refused(
                    f"late step {number} ends at {_show_wall(ends)}, not after {after} "
                    f"({_show_wall(end)}); put the steps in the order of their ends"
                )
            if step.credit > credit:
                raise Refused(
                    f"late step {number} gives {show_credit(step.credit)}, more than "
                    f"{show_credit(credit)} before it; later work cannot be worth more"
                )
            after, end, credit = f"step {number}", ends, step.credit


def _nominal_end(step: LateStep, due: datetime) -> datetime:
    """Return where a step ends on the wall clock if no clock changed on the way."""
    if step.until is not None:
        return step.until
    return due + timedelta(days=step.days or 0, hours=step.hours or 0)


def _is_before(one: datetime, two: datetime) -> bool:
    """Tell whether *one* is earlier; unknown, so no, where only one of them has an offset."""
    return (one.tzinfo is None) == (two.tzinfo is None) and one < two


class ExtensionSpec(Schema):
    """What one student or section gets beyond the assignment's own rules.

    `days` (of the calendar) and `hours` (elapsed) move due, or `due` names the new one; the late
    steps and close move with it unless `close` is named. An extension gives and never takes: what
    it names and what is worse than the assignment's own has no effect.
    """

    model_config = examples(
        {"days": 3, "reason": "ill from 24 to 26 November"},
        {"due": "2026-12-01 12:00", "attempts": 2, "reason": "the site was down"},
        {"unlimited_attempts": True, "no_cool_down": True, "reason": "accommodation"},
    )

    days: Days | None = None
    hours: Hours | None = None
    due: LocalTime | None = None
    close: LocalTime | None = None
    release: LocalTime | None = None
    attempts: Attempts | None = None
    unlimited_attempts: bool = False
    no_cool_down: bool = False
    reason: Reason = ""

    @model_validator(mode="after")
    def _gives_something_once(self) -> Self:
        if self.due is not None and (self.days is not None or self.hours is not None):
            raise Refused("say either due or how many days and hours later, not both")
        if self.attempts is not None and self.unlimited_attempts:
            raise Refused("say either how many more attempts or unlimited_attempts, not both")
        given = (self.days, self.hours, self.due, self.close, self.release, self.attempts)
        if not (any(given) or self.unlimited_attempts or self.no_cool_down):
            raise Refused("gives nothing yet; add days, due or attempts")
        return self
