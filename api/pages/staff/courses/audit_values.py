"""Audit log changes in readable form, without ids, braces and empty values."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, load_only

from api.auth.roles import role_name
from api.core.ids import parse_id
from api.db.models import ProblemVersion
from api.services.enrolment.display_names import load_display_names
from api.services.gradebook.event_text import describe_status
from api.services.problems.versions import space_kind

CODED_FIELDS: Final = frozenset({"format", "results", "solutions", "variants"})
"""Fields whose values are codes for words, such as the release rule ``after_due``."""
OMITTED_FIELDS: Final = frozenset({"id", "created_at", "created_by"})
"""Fields left out because the entry already shows its target, time and actor."""
ID_SUFFIX_LENGTH: Final = 8
"""Number of trailing characters that identify an id on a page."""
MAX_TEXT_LENGTH: Final = 300
MAX_LIST_ITEMS: Final = 20
ID_LENGTH: Final = 36


def load_names_in_snapshots(session: Session, snapshots: Iterable[object]) -> dict[UUID, str]:
    """Return the display names of the versions and people whose ids are in *snapshots*."""
    ids = {one for value in snapshots for one in _iterate_ids(value)}
    if not ids:
        return {}
    rows = session.scalars(
        select(ProblemVersion)
        .where(ProblemVersion.id.in_(ids))
        .options(load_only(ProblemVersion.number, ProblemVersion.space))
    )
    versions = {row.id: f"{row.number} of the {space_kind(row)}" for row in rows}
    return versions | load_display_names(session, ids - versions.keys())


def _iterate_ids(value: object) -> Iterator[UUID]:
    match value:
        case str():
            yield from filter(None, [_parse_full_id(value)])
        case Mapping():
            field_values = (each for name, each in value.items() if name not in OMITTED_FIELDS)
            yield from chain.from_iterable(map(_iterate_ids, field_values))
        case list():
            yield from chain.from_iterable(map(_iterate_ids, value[:MAX_LIST_ITEMS]))


def _parse_full_id(text: str) -> UUID | None:
    return parse_id(text) if len(text) == ID_LENGTH else None


def iter_field_changes(
    before: Mapping[str, Any], after: Mapping[str, Any], names: Mapping[UUID, str]
) -> Iterator[tuple[str, str, str]]:
    """Yield the name, the old value and the new value of each field that differs.

    Long values are truncated.
    """
    for name in sorted({*before, *after} - OMITTED_FIELDS):
        was, is_now = (
            _truncate_text(format_value(name, one.get(name), names)) for one in (before, after)
        )
        if was != is_now:
            yield name.replace("_", " "), was, is_now


def _truncate_text(text: str) -> str:
    return text if len(text) <= MAX_TEXT_LENGTH else f"{text[:MAX_TEXT_LENGTH]}…"


def format_value(name: str, value: object, names: Mapping[UUID, str]) -> str:
    """Return the *value* of a field in words, with ids replaced by *names*.

    >>> late = [{"days": 2, "credit": "90%"}]
    >>> format_value("timeline", {"due": "2026-11-24 18:00", "late": late}, {})
    'due 2026-11-24 18:00, late (days 2, credit 90%)'
    >>> format_value("extra", False, {}), format_value("status", "wrong", {})
    ('no', 'incorrect')
    >>> format_value("voided", {}, {}), format_value("role", "grader", {})
    ('', 'TA')
    """
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Mapping():
            return ", ".join(_format_fields(value, names))
        case list():
            texts = [_format_nested(name, one, names) for one in value[:MAX_LIST_ITEMS]]
            more = len(value) - MAX_LIST_ITEMS
            return ", ".join(texts) + (f" and {more} more" if more > 0 else "")
        case str() if identifier := _parse_full_id(value):
            return names.get(identifier, f"…{value[-ID_SUFFIX_LENGTH:]}")
    if name == "role":
        return role_name(str(value))
    if name == "status":
        return describe_status(str(value))
    return str(value).replace("_", " ") if name in CODED_FIELDS else str(value)


def _format_fields(values: Mapping[str, Any], names: Mapping[UUID, str]) -> Iterator[str]:
    """Yield the non-empty fields of a nested value in words."""
    for name, value in values.items():
        label = name.replace("_", " ")
        if value is True:
            yield label
        elif value is not False and (text := _format_nested(name, value, names)):
            yield f"{label} {text}"


def _format_nested(name: str, value: object, names: Mapping[UUID, str]) -> str:
    text = format_value(name, value, names)
    return f"({text})" if text and isinstance(value, Mapping) else text
