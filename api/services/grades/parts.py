"""Serialization of a student's progress in a part."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from api.core.json_text import JsonText, serialize_json
from api.db.models.base import parse_exact
from grader.policy import NO_PROGRESS, PartProgress

CACHED_PARTS: Final = 1_024


def serialize_part_progress(part: PartProgress) -> dict[str, Any]:
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


def serialize_part_progress_member(name: str, part: PartProgress) -> str:
    """Serialize the progress in a part to a named JSON member, for `join_part_members` to join."""
    if part is NO_PROGRESS:
        return _serialize_unanswered_member(name)
    return serialize_json({name: serialize_part_progress(part)})[1:-1]


@lru_cache(maxsize=CACHED_PARTS)
def _serialize_unanswered_member(name: str) -> str:
    return serialize_json({name: serialize_part_progress(NO_PROGRESS)})[1:-1]


def join_part_members(texts: Iterable[str]) -> JsonText:
    """Join the members of the parts of a progress row into one JSON object.

    >>> join_part_members(['"a":{}', '"b":{}'])
    '{"a":{},"b":{}}'
    """
    return JsonText(f"{{{','.join(texts)}}}")


def deserialize_part_progress(data: Mapping[str, Any]) -> PartProgress:
    """Deserialize the progress in a part from a progress row."""
    return PartProgress(
        attempts_used=data["attempts"],
        counts=data["counts"],
        raw=None if data["raw"] is None else parse_exact(data["raw"]),
        attempt=data["attempt"],
        attempt_factor=parse_exact(data["attempt_factor"]),
        late_factor=parse_exact(data["late_factor"]),
        credit=None if data["credit"] is None else parse_exact(data["credit"]),
        waiting=data["waiting"],
        status=data["status"],
        manual=data["manual"],
        late_days=data.get("late_days", 0),  # rows from before this field have none
    )
