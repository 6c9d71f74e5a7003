"""Timelines: from local times in the course's zone to instants for the policy, and back to text.

Days are calendar days: two days after 23:59 is 23:59, even across a clock change. Hours are elapsed
hours. A local time that occurs twice means the later instant; a skipped local time moves forward
by the length of the gap. No clock change ever takes time from a student.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from api.core.clock import from_micros, to_micros
from api.core.errors import FieldError, InvalidInput
from api.http.validation_errors import to_field_errors
from api.schemas.assignments.timeline import ExtensionSpec, LateStep, Offset, TimelineSpec
from grader.policy import Timeline

MICROSECONDS_PER_HOUR: Final = 3_600_000_000
WEEKDAY_NAMES: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTH_NAMES: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
UNITS: Final = (("days", 86_400), ("hours", 3_600), ("minutes", 60))


def local_to_microseconds(local_time: datetime, zone: ZoneInfo) -> int:
    """Return the instant of a local time in a zone, in microseconds UTC.

    A time that occurs twice means the second instant; a skipped time moves forward by the gap.

    >>> new_york = ZoneInfo("America/New_York")
    >>> skipped = local_to_microseconds(datetime(2026, 3, 8, 2, 30), new_york)
    >>> from_micros(skipped).astimezone(new_york).isoformat()
    '2026-03-08T03:30:00-04:00'
    >>> repeated = local_to_microseconds(datetime(2026, 11, 1, 1, 30), new_york)
    >>> from_micros(repeated).astimezone(new_york).isoformat()
    '2026-11-01T01:30:00-05:00'
    """
    naive = _to_local(local_time, zone)
    return max(to_micros(naive.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))


def _to_local(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return *instant* as naive local time; a time without an offset is local already."""
    local = instant if instant.tzinfo is None else instant.astimezone(zone)
    return local.replace(tzinfo=None, fold=0)


def _microseconds_to_local(micros: int, zone: ZoneInfo) -> datetime:
    """Return the naive local time of an instant in microseconds UTC."""
    return _to_local(from_micros(micros), zone)


def to_naive_local_times(spec: TimelineSpec, zone: ZoneInfo) -> TimelineSpec:
    """Return *spec* with all times as naive local times, the stored form.

    Raises `InvalidInput` if times with an offset are out of order after conversion.
    """
    return _revalidate_spec(_map_times(spec, lambda instant: _to_local(instant, zone)))


def shift_days(spec: TimelineSpec, days: int) -> TimelineSpec:
    """Return *spec* moved by *days* calendar days; each time keeps its time of day."""
    return _revalidate_spec(_map_times(spec, lambda instant: instant + timedelta(days=days)))


def _map_times(spec: TimelineSpec, change: Callable[[datetime], datetime]) -> TimelineSpec:
    """Return *spec* with *change* applied to every time."""

    def apply(value: datetime | None) -> datetime | None:
        return None if value is None else change(value)

    update = {
        "release": apply(spec.release),
        "due": apply(spec.due),
        "late": tuple(step.model_copy(update={"until": apply(step.until)}) for step in spec.late),
        "close": spec.close if isinstance(spec.close, Offset) else apply(spec.close),
    }
    return spec.model_copy(update=update)


def _revalidate_spec(spec: TimelineSpec) -> TimelineSpec:
    try:
        return TimelineSpec(**dict(spec))
    except ValidationError as error:
        message = to_field_errors(error.errors())[0].message
        raise InvalidInput(
            f"The timeline is invalid: {message}", errors=(FieldError("timeline", message),)
        ) from error


def resolve_timeline(spec: TimelineSpec, zone: ZoneInfo) -> Timeline:
    """Return the instants of *spec*; release, due, ends of late steps and close never decrease.

    Omits a step that ends before the previous one or after close. A clock change can cause the
    first, an extension that sets the close the second.
    """
    spec = to_naive_local_times(spec, zone)
    release = None if spec.release is None else local_to_microseconds(spec.release, zone)
    due = None if spec.due is None else _latest(local_to_microseconds(spec.due, zone), release)
    close = _close_instant(spec, zone)
    if close is not None:
        close = _latest(close, release, due)
    steps: list[tuple[int, Fraction]] = []
    for step in spec.late:
        until = _step_end(step, spec.due, zone)
        until = until if close is None else min(until, close)
        if due is not None and until > (steps[-1][0] if steps else due):
            steps.append((until, step.credit))
    return Timeline(release=release, due=due, steps=tuple(steps), close=close)


def _latest(first: int, *others: int | None) -> int:
    return max([first, *(other for other in others if other is not None)])


def _step_end(step: LateStep | Offset, due: datetime | None, zone: ZoneInfo) -> int:
    """Return the instant at which a late step, or an offset from due, ends."""
    if isinstance(step, LateStep) and step.until is not None:
        return local_to_microseconds(step.until, zone)
    if due is None:
        raise ValueError("dates relative to due require due")
    return (
        local_to_microseconds(due + timedelta(days=step.days or 0), zone)
        + (step.hours or 0) * MICROSECONDS_PER_HOUR
    )


def _close_instant(spec: TimelineSpec, zone: ZoneInfo) -> int | None:
    if isinstance(spec.close, Offset):
        return _step_end(spec.close, spec.due, zone)
    return None if spec.close is None else local_to_microseconds(spec.close, zone)


def apply_extension(spec: TimelineSpec, extension: ExtensionSpec, zone: ZoneInfo) -> TimelineSpec:
    """Return *spec* with an extension: no time ends earlier, and release is not later.

    Late steps and close keep their distance from due in local time. If a clock change would make
    one of them end earlier, everything moves by a whole day instead.
    """
    local_spec = to_naive_local_times(spec, zone)
    moved = _apply_local_extension(local_spec, extension, zone)
    if all(
        old <= new
        for old, new in zip(
            _iterate_ends(local_spec, zone), _iterate_ends(moved, zone), strict=False
        )
    ):
        return moved
    one_day = extension.model_copy(update={"days": 1, "hours": None, "due": None})
    return _apply_local_extension(local_spec, one_day, zone)


def _iterate_ends(spec: TimelineSpec, zone: ZoneInfo) -> Iterator[int]:
    """Yield the instants of due, of the end of each late step, and of close, if set."""
    if spec.due is not None:
        yield local_to_microseconds(spec.due, zone)
    yield from (_step_end(step, spec.due, zone) for step in spec.late)
    close = _close_instant(spec, zone)
    if close is not None:
        yield close


def _apply_local_extension(
    local_spec: TimelineSpec, extension: ExtensionSpec, zone: ZoneInfo
) -> TimelineSpec:
    by = _compute_due_shift(local_spec, extension, zone)
    moved = _move_times_except_release(local_spec, by)
    release, close = _earlier_release(local_spec.release, extension.release, zone), moved.close
    closing = resolve_timeline(local_spec, zone).closes_at
    if extension.close is not None and closing is not None:
        due = None if moved.due is None else local_to_microseconds(moved.due, zone)
        close = _microseconds_to_local(
            _latest(closing, local_to_microseconds(extension.close, zone), due), zone
        )
    return moved.model_copy(update={"release": release, "close": close})


def _earlier_release(
    current: datetime | None, extended: datetime | None, zone: ZoneInfo
) -> datetime | None:
    """Return *extended* if it is earlier in local time and as an instant, else *current*."""
    if current is None or extended is None:
        return current
    extended = _to_local(extended, zone)
    return (
        extended
        if extended < current
        and local_to_microseconds(extended, zone) < local_to_microseconds(current, zone)
        else current
    )


def _compute_due_shift(
    local_spec: TimelineSpec, extension: ExtensionSpec, zone: ZoneInfo
) -> timedelta:
    """Return by how much an extension moves due in local time, never less than zero."""
    if local_spec.due is None:
        return timedelta(0)
    due = local_spec.due + timedelta(days=extension.days or 0)
    if extension.hours:
        due = _microseconds_to_local(
            local_to_microseconds(due, zone) + extension.hours * MICROSECONDS_PER_HOUR, zone
        )
    if extension.due is not None:
        due = _to_local(extension.due, zone)
    return max(due - local_spec.due, timedelta(0))


def _move_times_except_release(spec: TimelineSpec, by: timedelta) -> TimelineSpec:
    """Return *spec* with every time except release moved *by* that much in local time."""
    return _map_times(spec, lambda instant: instant + by).model_copy(
        update={"release": spec.release}
    )


def with_late_days(spec: TimelineSpec, days: int, zone: ZoneInfo) -> TimelineSpec:
    """Return *spec* after a student spent *days* late days; its `late_days` are those left.

    Due and the late steps move by calendar days. A close that is set stays, and due does not pass
    it.
    """
    local_spec = to_naive_local_times(spec, zone)
    left = max(local_spec.late_days - days, 0)
    if local_spec.due is None or days <= 0:
        return local_spec
    by, close = timedelta(days=days), resolve_timeline(local_spec, zone).close
    if close is None:
        return _move_times_except_release(local_spec, by).model_copy(update={"late_days": left})
    if local_to_microseconds(local_spec.due + by, zone) > close:
        by = _microseconds_to_local(close, zone) - local_spec.due
    return _move_times_except_release(local_spec, by).model_copy(
        update={"late_days": left, "close": _microseconds_to_local(close, zone)}
    )


def format_absolute(instant: datetime, zone: ZoneInfo) -> str:
    """Return an instant as readable text with its zone; seconds appear only if they are not zero.

    >>> format_absolute(from_micros(1_795_820_340_000_000), ZoneInfo("Europe/Berlin"))
    'Fri 27 Nov 2026, 23:59 Europe/Berlin (CET)'
    """
    local = instant.astimezone(zone)
    seconds = f":{local:%S}" if local.second or local.microsecond else ""
    date = (
        f"{WEEKDAY_NAMES[local.weekday()]} {local.day} {MONTH_NAMES[local.month - 1]} {local.year}"
    )
    return f"{date}, {local:%H:%M}{seconds} {_format_zone(local, zone.key)}"


def _format_zone(local: datetime, key: str) -> str:
    """Return the zone with its abbreviation, or with its offset if it has none."""
    short = local.tzname() or ""
    if short == key:
        return key
    offset = f"{local:%z}"
    return f"{key} ({short if short.isalpha() else f'UTC{offset[:3]}:{offset[3:5]}'})"


def format_relative(instant: datetime, now: datetime) -> str:
    """Return the distance from *now* in the largest unit of which it has two, rounded down.

    >>> start, later = from_micros(0), from_micros(7_200_000_000)
    >>> format_relative(from_micros(172_800_000_000), start), format_relative(start, later)
    ('in 2 days', '2 hours ago')
    """
    seconds = abs(instant - now) // timedelta(seconds=1)
    amount = next(
        (f"{seconds // size} {unit}" for unit, size in UNITS if seconds >= 2 * size),
        "1 minute" if seconds >= UNITS[-1][1] else "less than a minute",
    )
    return f"in {amount}" if instant > now else f"{amount} ago"
