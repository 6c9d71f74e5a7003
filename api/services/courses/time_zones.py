"""Time zones by their IANA names, with suggestions for unknown ones."""

from difflib import get_close_matches
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from api.core.errors import FieldError, InvalidInput

# Files among the zones that name no zone; the first one depends on the machine.
NON_ZONE_FILES: Final = {"localtime", "Factory", "posixrules"}
MAX_ZONE_NAME_LENGTH: Final = 60
MAX_SUGGESTIONS: Final = 3


def get_zone(name: str) -> ZoneInfo:
    """Return the time zone with an IANA name.

    Raises `InvalidInput` for an unknown name and suggests similar ones.
    """
    if name in _zone_names().values():
        return ZoneInfo(name)
    suggestions = " or ".join(
        _suggest_zones(name[:MAX_ZONE_NAME_LENGTH].strip().casefold().replace(" ", "_"))
    )
    hint = f"did you mean {suggestions}?" if suggestions else "write one such as Europe/Berlin."
    field_message = f"is unknown; write {suggestions or 'one such as Europe/Berlin'}"
    raise InvalidInput(
        f"There is no such time zone; {hint}", errors=(FieldError("zone", field_message),)
    )


@cache
def _zone_names() -> dict[str, str]:
    """Return the names of all zones, keyed by their lower-case forms."""
    return {name.casefold(): name for name in sorted(available_timezones() - NON_ZONE_FILES)}


def _suggest_zones(name: str) -> list[str]:
    """Return zones that *name* may mean: those with the same city, otherwise similar spellings."""
    zones = _zone_names()
    if name in zones:
        return [zones[name]]
    city = name.rpartition("/")[2]
    same = [found for low, found in zones.items() if city and low.rpartition("/")[2] == city]
    suggestions = same or [
        zones[low] for low in get_close_matches(name, zones, MAX_SUGGESTIONS, cutoff=0.7)
    ]
    return suggestions[:MAX_SUGGESTIONS]
