"""Timelines: from local times in the course's zone to instants for the policy, and back to text.

Days are calendar days: two days after 23:59 is 23:59, even across a clock change. Hours are elapsed
hours. A local time that occurs twice means the later instant; a skipped local time moves forward
by the length of the gap. No clock change ever takes time from a student.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from difflib import get_close_matches
from fractions import Fraction
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from pydantic import ValidationError

from api.core.clock import from_micros, to_micros
from api.core.errors import FieldError, Invalid
from api.http.validation_errors import wrong_fields
from api.schemas.assignments.timeline import ExtensionSpec, LateStep, Offset, TimelineSpec
from grader.policy import Timeline

__all__ = [
    "absolute",
    "extended",
    "localized",
    "moment",
    "relative",
    "resolve",
    "shifted",
    "with_late_days",
    "zone",
]

HOUR: Final = 3_600_000_000
# Files among the zones that name no zone; the first one depends on the machine.
NO_PLACES: Final = {"localtime", "Factory", "posixrules"}
MAX_NAME: Final = 60
NEAR: Final = 3
DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
UNITS: Final = (("days", 86_400), ("hours", 3_600), ("minutes", 60))


def zone(name: str) -> ZoneInfo:
    """Return the time zone with an IANA name.

    Raises `Invalid` for an unknown name and suggests similar ones.
    """
    if name in _zones().values():
        return ZoneInfo(name)
    near = " or ".join(_near(name[:MAX_NAME].strip().casefold().replace(" ", "_")))
    said = f"did you mean {near}?" if near else "write one such as Europe/Berlin."
    known = f"is not known; write {near or 'one such as Europe/Berlin'}"
    raise Invalid(f"There is no such time zone; {said}", errors=(FieldError("zone", known),))


@cache
def _zones() -> dict[str, str]:
    """Return the names of all zones, keyed by their lower-case forms."""
    return {name.casefold(): name for name in sorted(available_timezones() - NO_PLACES)}


def _near(name: str) -> list[str]:
    """Return zones that *name* may mean: those with the same city, otherwise similar spellings."""
    zones = _zones()
    if name in zones:
        return [zones[name]]
    city = name.rpartition("/")[2]
    same = [found for low, found in zones.items() if city and low.rpartition("/")[2] == city]
    near = same or [zones[low] for low in get_close_matches(name, zones, NEAR, cutoff=0.7)]
    return near[:NEAR]


def moment(at: datetime, where: ZoneInfo) -> int:
    """Return the instant of a local time in a zone, in microseconds UTC.

    A time that occurs twice means the second instant; a skipped time moves forward by the gap.

    >>> new_york = ZoneInfo("America/New_York")
    >>> from_micros(moment(datetime(2026, 3, 8, 2, 30), new_york)).astimezone(new_york).isoformat()
    '2026-03-08T03:30:00-04:00'
    >>> from_micros(moment(datetime(2026, 11, 1, 1, 30), new_york)).astimezone(new_york).isoformat()
    '2026-11-01T01:30:00-05:00'
    """
    wall = _wall(at, where)
    return max(to_micros(wall.replace(tzinfo=where, fold=fold)) for fold in (0, 1))


def _wall(at: datetime, where: ZoneInfo) -> datetime:
    """Return *at* as naive local time; a time without an offset is local already."""
    here = at if at.tzinfo is None else at.astimezone(where)
    return here.replace(tzinfo=None, fold=0)


def _clock(micros: int, where: ZoneInfo) -> datetime:
    """Return the naive local time of an instant in microseconds UTC."""
    return _wall(from_micros(micros), where)


def localized(spec: TimelineSpec, where: ZoneInfo) -> TimelineSpec:
    """Return *spec* with all times as naive local times, the stored form.

    Raises `Invalid` if times with an offset are out of order after conversion.
    """
    return _checked(_mapped(spec, lambda at: _wall(at, where)))


def shifted(spec: TimelineSpec, days: int) -> TimelineSpec:
    """Return *spec* moved by *days* calendar days; each time keeps its time of day."""
    return _checked(_mapped(spec, lambda at: at + timedelta(days=days)))


def _mapped(spec: TimelineSpec, change: Callable[[datetime], datetime]) -> TimelineSpec:
    """Return *spec* with *change* applied to every time."""

    def maybe(at: datetime | None) -> datetime | None:
        return None if at is None else change(at)

    update = {
        "release": maybe(spec.release),
        "due": maybe(spec.due),
        "late": tuple(step.model_copy(update={"until": maybe(step.until)}) for step in spec.late),
        "close": spec.close if isinstance(spec.close, Offset) else maybe(spec.close),
    }
    return spec.model_copy(update=update)


def _checked(spec: TimelineSpec) -> TimelineSpec:
    try:
        return TimelineSpec(**dict(spec))
    except ValidationError as error:
        said = wrong_fields(error.errors())[0].said
        raise Invalid(
            f"The timeline cannot be used: {said}", errors=(FieldError("timeline", said),)
        ) from error


def resolve(spec: TimelineSpec, where: ZoneInfo) -> Timeline:
    """Return the instants of *spec*; release, due, ends of late steps and close never decrease.

    Omits a step that ends before the previous one or after close. A clock change can cause the
    first, an extension that sets the close the second.
    """
    spec = localized(spec, where)
    release = None if spec.release is None else moment(spec.release, where)
    due = None if spec.due is None else _latest(moment(spec.due, where), release)
    close = _close(spec, where)
    if close is not None:
        close = _latest(close, release, due)
    steps: list[tuple[int, Fraction]] = []
    for step in spec.late:
        until = _end(step, spec.due, where)
        until = until if close is None else min(until, close)
        if due is not None and until > (steps[-1][0] if steps else due):
            steps.append((until, step.credit))
    return Timeline(release=release, due=due, steps=tuple(steps), close=close)


def _latest(one: int, *others: int | None) -> int:
    return max([one, *(other for other in others if other is not None)])


def _end(step: LateStep | Offset, due: datetime | None, where: ZoneInfo) -> int:
    """Return the instant at which a late step, or an offset from due, ends."""
    if isinstance(step, LateStep) and step.until is not None:
        return moment(step.until, where)
    if due is None:
        raise ValueError("what counts from due needs due")
    return moment(due + timedelta(days=step.days or 0), where) + (step.hours or 0) * HOUR


def _close(spec: TimelineSpec, where: ZoneInfo) -> int | None:
    if isinstance(spec.close, Offset):
        return _end(spec.close, spec.due, where)
    return None if spec.close is None else moment(spec.close, where)


def extended(spec: TimelineSpec, extension: ExtensionSpec, where: ZoneInfo) -> TimelineSpec:
    """Return *spec* with an extension: no time ends earlier, and release is not later.

    Late steps and close keep their distance from due in local time. If a clock change would make
    one of them end earlier, everything moves by a whole day instead.
    """
    own = localized(spec, where)
    moved = _extended(own, extension, where)
    if all(old <= new for old, new in zip(_ends(own, where), _ends(moved, where), strict=False)):
        return moved
    day = extension.model_copy(update={"days": 1, "hours": None, "due": None})
    return _extended(own, day, where)


def _ends(spec: TimelineSpec, where: ZoneInfo) -> Iterator[int]:
    """Yield the instants of due, of the end of each late step, and of close, if set."""
    if spec.due is not None:
        yield moment(spec.due, where)
    yield from (_end(step, spec.due, where) for step in spec.late)
    close = _close(spec, where)
    if close is not None:
        yield close


def _extended(own: TimelineSpec, extension: ExtensionSpec, where: ZoneInfo) -> TimelineSpec:
    by = _gain(own, extension, where)
    moved = _moved(own, by)
    release, close = _release(own.release, extension.release, where), moved.close
    closing = resolve(own, where).closes_at
    if extension.close is not None and closing is not None:
        due = None if moved.due is None else moment(moved.due, where)
        close = _clock(_latest(closing, moment(extension.close, where), due), where)
    return moved.model_copy(update={"release": release, "close": close})


def _release(own: datetime | None, given: datetime | None, where: ZoneInfo) -> datetime | None:
    """Return the *given* release if it is earlier in local time and as an instant, else *own*."""
    if own is None or given is None:
        return own
    given = _wall(given, where)
    return given if given < own and moment(given, where) < moment(own, where) else own


def _gain(own: TimelineSpec, extension: ExtensionSpec, where: ZoneInfo) -> timedelta:
    """Return by how much an extension moves due in local time, never less than zero."""
    if own.due is None:
        return timedelta(0)
    due = own.due + timedelta(days=extension.days or 0)
    if extension.hours:
        due = _clock(moment(due, where) + extension.hours * HOUR, where)
    if extension.due is not None:
        due = _wall(extension.due, where)
    return max(due - own.due, timedelta(0))


def _moved(spec: TimelineSpec, by: timedelta) -> TimelineSpec:
    """Return *spec* with every time except release moved *by* that much in local time."""
    return _mapped(spec, lambda at: at + by).model_copy(update={"release": spec.release})


def with_late_days(spec: TimelineSpec, days: int, where: ZoneInfo) -> TimelineSpec:
    """Return *spec* after a student spent *days* late days; its `late_days` are those left.

    Due and the late steps move by calendar days. A close that is set stays, and due does not pass
    it.
    """
    own = localized(spec, where)
    left = max(own.late_days - days, 0)
    if own.due is None or days <= 0:
        return own
    by, close = timedelta(days=days), resolve(own, where).close
    if close is None:
        return _moved(own, by).model_copy(update={"late_days": left})
    if moment(own.due + by, where) > close:
        by = _clock(close, where) - own.due
    return _moved(own, by).model_copy(update={"late_days": left, "close": _clock(close, where)})


def absolute(at: datetime, where: ZoneInfo) -> str:
    """Return an instant as readable text with its zone; seconds appear only if they are not zero.

    >>> absolute(from_micros(1_795_820_340_000_000), ZoneInfo("Europe/Berlin"))
    'Fri 27 Nov 2026, 23:59 Europe/Berlin (CET)'
    """
    here = at.astimezone(where)
    seconds = f":{here:%S}" if here.second or here.microsecond else ""
    date = f"{DAYS[here.weekday()]} {here.day} {MONTHS[here.month - 1]} {here.year}"
    return f"{date}, {here:%H:%M}{seconds} {_named(here, where.key)}"


def _named(here: datetime, key: str) -> str:
    """Return the zone with its abbreviation, or with its offset if it has none."""
    short = here.tzname() or ""
    if short == key:
        return key
    offset = f"{here:%z}"
    return f"{key} ({short if short.isalpha() else f'UTC{offset[:3]}:{offset[3:5]}'})"


def relative(at: datetime, now: datetime) -> str:
    """Return the distance from *now* in the largest unit of which it has two, rounded down.

    >>> now = from_micros(0)
    >>> relative(from_micros(172_800_000_000), now), relative(now, from_micros(7_200_000_000))
    ('in 2 days', '2 hours ago')
    """
    seconds = abs(at - now) // timedelta(seconds=1)
    amount = next(
        (f"{seconds // size} {unit}" for unit, size in UNITS if seconds >= 2 * size),
        "1 minute" if seconds >= UNITS[-1][1] else "less than a minute",
    )
    return f"in {amount}" if at > now else f"{amount} ago"
