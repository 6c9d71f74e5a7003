"""Drafts: answers that a student typed but did not submit, stored unchecked and at any time.

A part submitted after the draft was saved is no longer a draft. The sequence number of the last
submission decides which came first, not clocks.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from api.core.json_text import serialize_json
from api.db.engine import fetch_one
from api.db.models import Answer, Draft
from api.db.upserts import insert_missing_rows
from api.http.etags import IfMatchVersions
from api.rate_limits.storage_budget import StorageBudget, utf8_size
from api.schemas.student.problem import DraftView
from api.services.engine.variants import VariantCache
from api.services.grades import ProgressKey
from api.services.student.problem_session import ProblemSession, check_not_viewing_as_student
from api.services.submissions.preparation import check_parts
from grader.json_values import from_json, to_json
from grader.reading import RawAnswer

DRAFT_QUERY: Final = select(Draft).where(
    Draft.problem_id == bindparam("problem_id"), Draft.student_id == bindparam("student_id")
)


def load_draft(session: Session, key: ProgressKey) -> DraftView:
    """Return the draft without parts submitted since; empty if there is none."""
    result = fetch_one(session, DRAFT_QUERY, **key._asdict())
    if result is None:
        return DraftView(answers={}, saved_at=None, version=0)
    row: Draft = result[0]
    submitted_parts = _load_parts_submitted_since(session, row)
    answers = {
        part: from_json(told) for part, told in row.answers.items() if part not in submitted_parts
    }
    return DraftView(answers=answers, saved_at=row.saved_at, version=row.version)


def _load_parts_submitted_since(session: Session, draft: Draft) -> set[str]:
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
    problem_session: ProblemSession,
    answers: Mapping[str, RawAnswer],
    *,
    variants: VariantCache,
    expected: IfMatchVersions | None,
    storage: StorageBudget,
) -> DraftView:
    """Replace the draft by *answers* (none discards it) and return its new version.

    Raises `Precondition` if its version is not the *expected* one, `Invalid` for unknown parts, and
    `RateLimited` if it grows while its author's storage budget is exhausted.
    """
    check_not_viewing_as_student(problem_session.assigned.member)
    check_parts(variants.get_problem(problem_session.assigned.version), answers)
    row = _lock_draft(session, problem_session.key, now=problem_session.now)
    if expected is not None:
        expected.check(row.version)
    stored = {part: to_json(typed) for part, typed in answers.items()}
    growth_bytes = utf8_size(serialize_json(stored)) - utf8_size(serialize_json(row.answers))
    if growth_bytes > 0:
        author_id = problem_session.assigned.member.caller.id
        storage.check(author_id)
        storage.add(author_id, growth_bytes)
    row.answers = stored
    row.saved_at = problem_session.now
    row.sequence = _load_last_sequence(session, problem_session.key)
    row.version += 1
    return DraftView(answers=dict(answers), saved_at=problem_session.now, version=row.version)


def _lock_draft(session: Session, key: ProgressKey, *, now: datetime) -> Draft:
    """Return the row of the draft, created if missing, locked until the transaction ends."""
    empty = {**key._asdict(), "answers": {}, "saved_at": now, "sequence": 0, "version": 0}
    insert_missing_rows(session, Draft, [empty])
    return session.scalars(
        select(Draft)
        .where(Draft.problem_id == key.problem_id, Draft.student_id == key.student_id)
        .with_for_update()
    ).one()


def _load_last_sequence(session: Session, key: ProgressKey) -> int:
    """Return the number of the student's last submission; 0 before the first."""
    last = session.scalar(
        select(func.max(Answer.sequence)).where(
            Answer.problem_id == key.problem_id, Answer.student_id == key.student_id
        )
    )
    return last or 0
