"""Record of a student's draw, which `api.services.engine.assigned_variant` computes."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class VariantAssignment:
    """A student's draw: its *number*, the version, and the *position* in the list of variants."""

    number: int
    version_id: UUID
    position: int
