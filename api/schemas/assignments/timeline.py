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

from api.http.field_types import Text, parse_fraction_or_percent
from api.http.schema import InvalidValue, Schema, with_examples
from grader.display.text import to_text
from grader.values import simplify_number

LOCAL_TIME_PATTERN: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ]((?:[01]\d|2[0-3]):\d\d(?::\d\d(?:\.\d{1,6})?)?)"
    r" ?([Zz]|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
DATE_PATTERN: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
MIN_YEAR: Final = 1990
MAX_YEAR: Final = 2199
MAX_DAYS: Final = 3660
MAX_HOURS: Final = 24 * MAX_DAYS
MAX_STEPS: Final = 50
EXAMPLE: Final = "2026-11-27 23:59"


def parse_local_time(value: object) -> datetime:
    """Return the wall clock that was written; with a zone only where an offset was given."""
    moment = value if isinstance(value, datetime) else _parse_local_time_text(value)
    if not MIN_YEAR <= moment.year <= MAX_YEAR:
        raise InvalidValue(f"must be in the years {MIN_YEAR} to {MAX_YEAR}")
    return moment


def _parse_local_time_text(value: object) -> datetime:
    text = value.strip() if isinstance(value, str) else ""
    if DATE_PATTERN.fullmatch(text):
        raise InvalidValue(f"has no time of day; write it like {EXAMPLE}")
    match = LOCAL_TIME_PATTERN.fullmatch(text)
    try:
        if match:
            return datetime.fromisoformat(f"{match[1]}T{match[2]}{(match[3] or '').upper()}")
    except ValueError:
        pass
    raise InvalidValue(f"is not a valid date and time; write it like {EXAMPLE}")


def _format_local_time(moment: datetime) -> str:
    """Return a wall clock as it is written: without seconds where there are none."""
    return moment.isoformat(" ", "auto" if moment.second or moment.microsecond else "minutes")


def parse_credit(value: object) -> Fraction:
    """Return the credit that was written: 0.9, ``"0.9"``, ``"9/10"`` or ``"90%"``, exactly."""
    try:
        credit = parse_fraction_or_percent(
            value if isinstance(value, (int, Fraction)) else str(value)
        )
    except InvalidValue as error:
        raise InvalidValue("is not a credit; write it like 90%, 9/10 or 0.9") from error
    if not 0 <= credit <= 1:
        raise InvalidValue("must be between 0 and 1, such as 90%, 9/10 or 0.9")
    return credit


def format_credit(credit: Fraction) -> str:
    """Return a credit as it is written: a percentage where that ends, else a fraction."""
    percent = to_text(simplify_number(credit * 100))
    return str(credit) if "/" in percent else f"{percent}%"


LocalTime: TypeAlias = Annotated[
    datetime,
    PlainValidator(parse_local_time),
    PlainSerializer(_format_local_time, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "description": "a local time of the course; a time with an offset is converted",
            "examples": [EXAMPLE, "2026-11-27T23:59:59", "2026-11-27T22:59:00Z"],
        }
    ),
]
LateCredit: TypeAlias = Annotated[
    Fraction,
    PlainValidator(parse_credit),
    PlainSerializer(format_credit, return_type=str),
    WithJsonSchema(
        {
            "anyOf": [{"type": "number"}, {"type": "string"}],
            "description": "the share of the credit that late work gets, from 0 to 1",
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
    """A time after due: `days` of the calendar keep the local time, `hours` are elapsed hours."""

    days: Days | None = None
    hours: Hours | None = None

    @model_validator(mode="after")
    def _check_not_empty(self) -> Self:
        if self.days is None and self.hours is None:
            raise InvalidValue("set the days or hours after due")
        return self


class LateStep(Schema):
    """The credit of late work `until` a local time, or until `days` and `hours` after the due time.

    `days` are days of the calendar, so that the step ends at the same time of day as due; `hours`
    are elapsed hours.
    """

    until: LocalTime | None = None
    days: Days | None = None
    hours: Hours | None = None
    credit: LateCredit

    @model_validator(mode="after")
    def _check_end(self) -> Self:
        lasts = bool(self.days or self.hours)
        if lasts == (self.until is not None):
            raise InvalidValue("a late step ends either at a time or some days or hours after due")
        return self


def _close_tag(value: object) -> str:
    return "after_due" if isinstance(value, (dict, Offset)) else "time"


Close: TypeAlias = Annotated[
    Annotated[LocalTime, Tag("time")] | Annotated[Offset, Tag("after_due")],
    Discriminator(_close_tag),
]


class TimelineSpec(Schema):
    """When an assignment is released, due, worth less, and closed, in the time zone of its course.

    Without `release` it is open at once, without `due` it is never late. Without `close` it closes
    with the last late step, or at the due time if there is none. `late_days` is how many late days
    a student may use here. Work is on time up to the exact instant of due, the end of a step or the
    close: 23:59 means 23:59:00.000000 and not a microsecond more.
    """

    model_config = with_examples(
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
    def _check_times(self) -> Self:
        self._check_due()
        self._check_order()
        self._check_steps()
        return self

    def _check_due(self) -> None:
        if self.due is None and (self.late or self.late_days or isinstance(self.close, Offset)):
            what = "late steps" if self.late else "late days" if self.late_days else "such a close"
            raise InvalidValue(f"{what} are relative to due, which is missing; add due")

    def _check_order(self) -> None:
        close = None if isinstance(self.close, Offset) else self.close
        named_times = (("release", self.release), ("due", self.due), ("close", close))
        set_times = [(name, at) for name, at in named_times if at is not None]
        for index, (name, time) in enumerate(set_times):
            for later, later_time in set_times[index + 1 :]:
                if _is_before(later_time, time):
                    raise InvalidValue(
                        f"{later} ({_format_local_time(later_time)}) is before "
                        f"{name} ({_format_local_time(time)}); release, due and close must be "
                        "in this order"
                    )

    def _check_steps(self) -> None:
        if self.due is None:
            return
        after, end, credit = "due", self.due, Fraction(1)
        for number, step in enumerate(self.late, 1):
            ends = _nominal_end(step, self.due)
            if _is_before(ends, end) or ends == end:
                raise InvalidValue(
                    f"late step {number} ends at {_format_local_time(ends)}, not after {after} "
                    f"({_format_local_time(end)}); sort the steps by their ends"
                )
            if step.credit > credit:
                raise InvalidValue(
                    f"late step {number} gives {format_credit(step.credit)}, more than "
                    f"{format_credit(credit)} before it; later work cannot be worth more"
                )
            after, end, credit = f"step {number}", ends, step.credit


def _nominal_end(step: LateStep, due: datetime) -> datetime:
    """Return where a step ends on the wall clock if no clock changed on the way."""
    if step.until is not None:
        return step.until
    return due + timedelta(days=step.days or 0, hours=step.hours or 0)


def _is_before(first: datetime, second: datetime) -> bool:
    """Tell whether *first* is earlier; unknown, so no, where only one of them has an offset."""
    return (first.tzinfo is None) == (second.tzinfo is None) and first < second


class ExtensionSpec(Schema):
    """What one student or section gets in addition to the assignment's own rules.

    `days` (of the calendar) and `hours` (elapsed) move the due time, or `due` sets a new one. The
    late steps and the close move with it unless `close` is set. An extension only gives: values
    worse than the assignment's own have no effect.
    """

    model_config = with_examples(
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
    def _check_grants(self) -> Self:
        if self.due is not None and (self.days is not None or self.hours is not None):
            raise InvalidValue("set either due or the days and hours after it, not both")
        if self.attempts is not None and self.unlimited_attempts:
            raise InvalidValue("set either attempts or unlimited_attempts, not both")
        grants = (self.days, self.hours, self.due, self.close, self.release, self.attempts)
        if not (any(grants) or self.unlimited_attempts or self.no_cool_down):
            raise InvalidValue("gives nothing; add days, due or attempts")
        return self
