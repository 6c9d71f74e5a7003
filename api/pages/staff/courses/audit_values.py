"""What the log keeps of a change as people read it: without ids, braces and what is empty."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, load_only

from api.core.ids import read_id
from api.db.models import ProblemVersion
from api.services.enrolment.display_names import names_of
from api.services.problems.versions import space_of

__all__ = ["changes_of", "named_in", "plain"]

CODED: Final = frozenset({"format", "results", "solutions", "status", "variants"})
"""What has values that stand for words, such as the status ``needs_review``."""
TOLD: Final = frozenset({"id", "created_at", "created_by"})
"""What the entry tells beside: what it is about, when it was and who did it."""
LAST: Final = 8
"""So many signs of an id tell it from others on a page."""
MOST_SHOWN: Final = 300
MOST_LISTED: Final = 20
LENGTH: Final = 36


def named_in(session: Session, kept: Iterable[object]) -> dict[UUID, str]:
    """Return what people call the versions and persons whose ids are in what was *kept*."""
    ids = {one for value in kept for one in _ids(value)}
    if not ids:
        return {}
    rows = session.scalars(
        select(ProblemVersion)
        .where(ProblemVersion.id.in_(ids))
        .options(load_only(ProblemVersion.number, ProblemVersion.space))
    )
    versions = {one.id: f"{one.number} of the {space_of(one)}" for one in rows}
    return versions | names_of(session, ids - versions.keys())


def _ids(value: object) -> Iterator[UUID]:
    match value:
        case str():
            yield from filter(None, [_id(value)])
        case Mapping():
            kept = (each for name, each in value.items() if name not in TOLD)
            yield from chain.from_iterable(map(_ids, kept))
        case list():
            yield from chain.from_iterable(map(_ids, value[:MOST_LISTED]))


def _id(text: str) -> UUID | None:
    return read_id(text) if len(text) == LENGTH else None


def changes_of(
    before: Mapping[str, Any], after: Mapping[str, Any], names: Mapping[UUID, str]
) -> Iterator[tuple[str, str, str]]:
    """Yield what differs by name: what it was and what it is, cut where it is long."""
    for name in sorted({*before, *after} - TOLD):
        was, is_now = (_cut(plain(name, one.get(name), names)) for one in (before, after))
        if was != is_now:
            yield name.replace("_", " "), was, is_now


def _cut(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


def plain(name: str, value: object, names: Mapping[UUID, str]) -> str:
    """Return the *value* of a field in words; ids are told by *names*.

    >>> plain("timeline", {"due": "2026-11-24 18:00", "late": [{"days": 2, "credit": "90%"}]}, {})
    'due 2026-11-24 18:00, late (days 2, credit 90%)'
    >>> plain("extra", False, {}), plain("status", "needs_review", {}), plain("voided", {}, {})
    ('no', 'needs review', '')
    """
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Mapping():
            return ", ".join(_fields(value, names))
        case list():
            said = [_nested(name, one, names) for one in value[:MOST_LISTED]]
            more = len(value) - MOST_LISTED
            return ", ".join(said) + (f" and {more} more" if more > 0 else "")
        case str() if found := _id(value):
            return names.get(found, f"…{value[-LAST:]}")
    return str(value).replace("_", " ") if name in CODED else str(value)


def _fields(values: Mapping[str, Any], names: Mapping[UUID, str]) -> Iterator[str]:
    """Yield the fields of what stands in a field, but those that are empty."""
    for name, value in values.items():
        said = name.replace("_", " ")
        if value is True:
            yield said
        elif value is not False and (text := _nested(name, value, names)):
            yield f"{said} {text}"


def _nested(name: str, value: object, names: Mapping[UUID, str]) -> str:
    text = plain(name, value, names)
    return f"({text})" if text and isinstance(value, Mapping) else text
