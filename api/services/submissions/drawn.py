"""Which numbers a student has."""

from dataclasses import dataclass
from uuid import UUID

__all__ = ["Drawn"]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Which numbers a student has: the *number* of the draw, a version, a position in its list."""

    number: int
    version_id: UUID
    position: int
