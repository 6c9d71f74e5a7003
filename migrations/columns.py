"""Our column types in revisions: as the plain types in which they are stored."""

from typing import Any, Literal

from sqlalchemy import TypeDecorator

__all__ = ["compare_type", "render_item"]


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Return the source of a type of ours, so that a revision does not depend on our code."""
    if (
        kind == "type"
        and isinstance(item, TypeDecorator)
        and item.__module__ == "api.db.models.base"
    ):
        return f"sa.{item.impl_instance!r}"
    return False


def compare_type(
    _context: Any, _inspected: Any, metadata: Any, inspected_type: Any, metadata_type: Any
) -> bool | None:
    """Tell whether a column has another type than the tables say; None leaves it to Alembic."""
    del metadata
    if isinstance(metadata_type, TypeDecorator):
        stored = metadata_type.impl_instance
        return not isinstance(inspected_type, type(stored).__mro__[1]) and (
            inspected_type._type_affinity is not stored._type_affinity  # noqa: SLF001
        )
    return None
