"""Rows of an export, read in small batches with one transaction per batch."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.orm import Session

from api.core.json_text import serialize_json
from api.services.accounts.export.files_export import JsonObject
from api.services.files.stored_bytes import ReadSessionFactory

UUID_BYTES: Final = 16
FETCHED_IDS: Final = 1_000
ReadRows: TypeAlias = Callable[[Session, Sequence[UUID]], Iterable[JsonObject]]
"""Function that returns the rows of some ids, in their order."""


class PackedIds:
    """Ids in 16 bytes each; as objects they would take five times as much."""

    def __init__(self, session: Session, query: Select[UUID]) -> None:
        """Load the ids that *query* selects, in its order."""
        self._packed = bytearray()
        for id_ in session.scalars(query.execution_options(yield_per=FETCHED_IDS)):
            self._packed += id_.bytes

    def __len__(self) -> int:
        return len(self._packed) // UUID_BYTES

    def __iter__(self) -> Iterator[UUID]:
        return (id_ for batch in self.split(FETCHED_IDS) for id_ in batch)

    def split(self, size: int) -> Iterator[list[UUID]]:
        """Yield the ids in lists of *size*."""
        step = UUID_BYTES
        for start in range(0, len(self._packed), size * step):
            batch = self._packed[start : start + size * step]
            yield [UUID(bytes=bytes(batch[at : at + step])) for at in range(0, len(batch), step)]


def read_in_batches(
    reading: ReadSessionFactory, read: ReadRows, ids: PackedIds, *, size: int
) -> Iterator[Iterator[str]]:
    """Yield the rows of *ids* as JSON in order; *size* of them are in memory at a time."""
    for batch in ids.split(size):
        with reading() as session:
            rows = list(read(session, batch))
        yield from (iter((serialize_json(row),)) for row in rows)
