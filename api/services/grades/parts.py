"""Serialization of a student's progress in a part."""

from collections.abc import Iterable, Mapping
from typing import Any

from api.core.json_text import JsonText, written
from api.db.models.base import exact
from grader.policy import PartStanding

__all__ = ["part_text", "part_told", "parts_text", "read_part"]


def part_told(part: PartStanding) -> dict[str, Any]:
    """Serialize the progress in a part to JSON data."""
    return {
        "attempts": part.attempts_used,
        "counts": part.counts,
        "raw": None if part.raw is None else str(part.raw),
        "attempt": part.attempt,
        "attempt_factor": str(part.attempt_factor),
        "late_factor": str(part.late_factor),
        "credit": None if part.credit is None else str(part.credit),
        "waiting": part.waiting,
        "status": part.status,
        "manual": part.manual,
        "late_days": part.late_days,
    }


def part_text(name: str, part: PartStanding) -> str:
    """Serialize the progress in a part to a named JSON member, for `parts_text` to join."""
    return written({name: part_told(part)})[1:-1]


def parts_text(texts: Iterable[str]) -> JsonText:
    """Join the members of a standing's parts into one JSON object.

    >>> parts_text(['"a":{}', '"b":{}'])
    '{"a":{},"b":{}}'
    """
    return JsonText(f"{{{','.join(texts)}}}")


def read_part(told: Mapping[str, Any]) -> PartStanding:
    """Deserialize the progress in a part from a standing."""
    return PartStanding(
        attempts_used=told["attempts"],
        counts=told["counts"],
        raw=None if told["raw"] is None else exact(told["raw"]),
        attempt=told["attempt"],
        attempt_factor=exact(told["attempt_factor"]),
        late_factor=exact(told["late_factor"]),
        credit=None if told["credit"] is None else exact(told["credit"]),
        waiting=told["waiting"],
        status=told["status"],
        manual=told["manual"],
        late_days=told.get("late_days", 0),  # rows from before this field have none
    )
