"""Drafts: answers that a student typed but did not submit, stored unchecked and at any time.

A part submitted after the draft was saved is no longer a draft. The sequence number of the last
submission decides which came first, not clocks.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from api.core.json_text import written
from api.db.engine import find_one
from api.db.models import Answer, Draft
from api.db.upserts import insert_missing
from api.http.etags import Expected
from api.schemas.student.problem import DraftView
from api.services.engine.variants import Variants
from api.services.grades import Key
from api.services.rate_limits.storage_budget import StorageBudget, text_bytes
from api.services.student.problem_session import Seat, check_writes
from api.services.submissions.preparation import check_parts
from grader.json_values import from_json, to_json
from grader.reading import Typed

__all__ = ["draft_of", "save_draft"]

DRAFT: Final = select(Draft).where(
    Draft.problem_id == bindparam("problem_id"), Draft.student_id == bindparam("student_id")
)


def draft_of(session: Session, key: Key) -> DraftView:
    """Return the draft without parts submitted since; empty if there is none."""
    found = find_one(session, DRAFT, **key._asdict())
    if found is None:
        return DraftView(answers={}, saved_at=None, version=0)
    row: Draft = found[0]
    handed_in = _handed_in_since(session, row)
    kept = {part: from_json(told) for part, told in row.answers.items() if part not in handed_in}
    return DraftView(answers=kept, saved_at=row.saved_at, version=row.version)


def _handed_in_since(session: Session, draft: Draft) -> set[str]:
    return set(
        session.scalars(
            select(Answer.part).where(
                Answer.problem_id == draft.problem_id,
                Answer.student_id == draft.student_id,
                Answer.sequence > draft.sequence,
            )
        )
    )


def save_draft(
    session: Session,
    seat: Seat,
    answers: Mapping[str, Typed],
    *,
    variants: Variants,
    expected: Expected | None,
    storage: StorageBudget,
) -> DraftView:
    """Replace the draft by *answers* (none discards it) and return its new version.

    Raises `Precondition` if its version is not the *expected* one, `Invalid` for unknown parts, and
    `RateLimited` if it grows while its author's storage budget is exhausted.
    """
    check_writes(seat.posed.member)
    check_parts(variants.problem(seat.posed.version), answers)
    row = _locked(session, seat.key, now=seat.now)
    if expected is not None:
        expected.check(row.version)
    stored = {part: to_json(typed) for part, typed in answers.items()}
    growth_bytes = text_bytes(written(stored)) - text_bytes(written(row.answers))
    if growth_bytes > 0:
        author_id = seat.posed.member.caller.id
        storage.check(author_id)
        storage.add(author_id, growth_bytes)
    row.answers = stored
    row.saved_at = seat.now
    row.sequence = _last_sequence(session, seat.key)
    row.version += 1
    return DraftView(answers=dict(answers), saved_at=seat.now, version=row.version)


def _locked(session: Session, key: Key, *, now: datetime) -> Draft:
    """Return the row of the draft, created if missing, locked until the transaction ends."""
    empty = {**key._asdict(), "answers": {}, "saved_at": now, "sequence": 0, "version": 0}
    insert_missing(session, Draft, [empty])
    return session.scalars(
        select(Draft)
        .where(Draft.problem_id == key.problem_id, Draft.student_id == key.student_id)
        .with_for_update()
    ).one()


def _last_sequence(session: Session, key: Key) -> int:
    """Return the number of the student's last submission; 0 before the first."""
    last = session.scalar(
        select(func.max(Answer.sequence)).where(
            Answer.problem_id == key.problem_id, Answer.student_id == key.student_id
        )
    )
    return last or 0
