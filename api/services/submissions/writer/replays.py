"""Replays of requests with an idempotency key: the stored reply instead of a second submission."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.errors import InvalidInput
from api.core.json_text import serialize_json
from api.db.models import Submission
from api.services.submissions.pending_submissions import StoredSubmission
from api.services.submissions.writer.lookup_statements import (
    Pair,
    build_lookup_statements,
    look_up_rows,
)

SUBMISSION_COLUMNS: Final = Submission.__table__.c
SELECT_STORED_REQUESTS: Final = build_lookup_statements(
    [SUBMISSION_COLUMNS.author_id, SUBMISSION_COLUMNS.key],
    SUBMISSION_COLUMNS.id,
    SUBMISSION_COLUMNS.fingerprint,
)


@dataclass(frozen=True, slots=True)
class StoredRequest:
    """A stored submission with the same author and idempotency key."""

    id: UUID
    fingerprint: str

    def load_stored_reply(self, session: Session, fingerprint: str) -> StoredSubmission:
        """Return the stored reply; raise `InvalidInput` if the key came with another request."""
        if self.fingerprint != fingerprint:
            raise InvalidInput(
                "This Idempotency-Key was used with other answers. Use a new key.",
                code="idempotency_key_reused",
            )
        reply = session.execute(
            select(SUBMISSION_COLUMNS.reply).where(SUBMISSION_COLUMNS.id == self.id)
        ).scalar_one()
        return StoredSubmission(self.id, serialize_json(reply), replayed=True)


def find_replay(
    session: Session, author_id: UUID, key: str | None, fingerprint: str
) -> StoredSubmission | None:
    """Return the stored submission of the same request, None if there is none.

    It saves grading a repeated request. The writer checks the key again in its transaction, since a
    concurrent request may store it in between. Raises `InvalidInput` if the key came with another
    request.
    """
    keys = {} if key is None else {0: (author_id.hex, key)}
    stored_request = load_stored_requests(session, keys).get(0)
    return (
        None if stored_request is None else stored_request.load_stored_reply(session, fingerprint)
    )


def load_stored_requests(session: Session, keys: Mapping[int, Pair]) -> dict[int, StoredRequest]:
    """Return the stored submissions by index, for pairs of author and idempotency key."""
    if not keys:
        return {}
    indexes, pairs = zip(*keys.items(), strict=True)
    rows = look_up_rows(session, SELECT_STORED_REQUESTS, pairs)
    return {indexes[at]: StoredRequest(row, fingerprint) for at, row, fingerprint in rows}
