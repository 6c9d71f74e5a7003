"""Submissions of a database as values to check, and the database's own integrity check."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from api.db.engine import Database
from api.db.models import Answer, Submission
from api.durability_test.ledger import ClientReceipt
from api.durability_test.verification import SubmissionSnapshot
from api.services.grades import ProgressKey
from api.services.submissions.pending_submissions import compute_receipt_digest


def load_submission_snapshots(db: Database) -> list[SubmissionSnapshot]:
    """Return every submission with the attempts that it used."""
    attempts: dict[UUID, dict[str, int | None]] = defaultdict(dict)
    with db.reading() as session:
        for row in session.execute(select(Answer.submission_id, Answer.part, Answer.attempt)):
            attempts[row.submission_id][row.part] = row.attempt
        return [
            _build_snapshot(row, attempts[row.id]) for row in session.scalars(select(Submission))
        ]


def _build_snapshot(row: Submission, attempts: dict[str, int | None]) -> SubmissionSnapshot:
    key = ProgressKey(row.problem_id, row.student_id)
    return SubmissionSnapshot(
        student=row.student_id,
        problem=row.problem_id,
        answers={part: str(typed) for part, typed in row.answers.items()},
        attempts=attempts,
        receipt=ClientReceipt.from_reply(row.reply),
        sequence=row.sequence,
        digest=compute_receipt_digest(row.id, key, row.sequence, row.received_at, row.answers),
    )


def find_sqlite_damage(db: Database) -> list[str]:
    """Return errors that SQLite finds in its file; PostgreSQL checks pages as it reads them."""
    if not db.is_sqlite:
        return []
    rows: list[Any] = []
    with db.reading() as session:
        for pragma in ("integrity_check", "foreign_key_check"):
            rows += session.execute(text(f"PRAGMA {pragma}")).all()
    return [" ".join(map(str, row)) for row in rows if tuple(row) != ("ok",)]
