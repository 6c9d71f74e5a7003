"""The rows of submissions that were taken: draws, answers and their first gradings."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.ids import new_id
from api.services.submitting.admission import Taken
from api.services.upserts import insert_missing
from api.tables import Answer, Draw, Grading, Submission
from grader.json_values import to_json

__all__ = ["insert"]


def insert(session: Session, taken: Sequence[Taken], *, now: datetime) -> dict[UUID, Submission]:
    """Write draws, submissions, answers and gradings of what was taken; return the submissions."""
    insert_missing(session, Draw, [_draw(one) for one in taken])
    rows = {one.id: _submission(one) for one in taken}
    session.add_all(rows.values())
    session.flush()
    for one in taken:
        session.add_all(_answers(one, now=now))
    session.flush()
    return rows


def _draw(one: Taken) -> dict[str, object]:
    entry = one.entry
    return {
        "problem_id": entry.problem_id,
        "student_id": entry.student_id,
        "number": entry.drawn.number,
        "version_id": entry.drawn.version_id,
        "position": entry.drawn.position,
        "opened_at": entry.received_at,
    }


def _submission(one: Taken) -> Submission:
    entry = one.entry
    return Submission(
        id=one.id,
        problem_id=entry.problem_id,
        student_id=entry.student_id,
        author_id=entry.author_id,
        sequence=one.sequence,
        version_id=entry.drawn.version_id,
        position=entry.drawn.position,
        draw=entry.drawn.number,
        received_at=entry.received_at,
        answers={part: to_json(typed) for part, typed in entry.answers.items()},
        key=entry.key,
        fingerprint=entry.print,
        reply={},
    )


def _answers(one: Taken, *, now: datetime) -> Iterator[Answer | Grading]:
    entry, admission = one.entry, one.admission
    for part, judged in entry.judged.items():
        repeats = admission.repeats.get(part)
        answer_id, grading_id = new_id(), new_id()
        yield Answer(
            id=answer_id,
            submission_id=one.id,
            problem_id=entry.problem_id,
            student_id=entry.student_id,
            part=part,
            draw=entry.drawn.number,
            sequence=one.sequence,
            received_at=entry.received_at,
            attempt=admission.attempts.get(part),
            repeats=UUID(repeats) if repeats else None,
            late=admission.late,
            value=judged.value,
            shown=judged.shown,
            carries=judged.carries,
            grading_id=grading_id,
            status=judged.status,
            credit=judged.credit,
            credit_float=None if judged.credit is None else float(judged.credit),
            mistakes=judged.mistakes,
        )
        yield Grading(
            id=grading_id,
            answer_id=answer_id,
            kind="auto",
            status=judged.status,
            credit=judged.credit,
            mistakes=judged.mistakes,
            record=judged.record,
            said=judged.said,
            engine=judged.engine,
            version_id=entry.drawn.version_id,
            created_at=now,
        )
