"""The rows of submissions that were taken: draws, answers and their first gradings."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api.ids import new_id
from api.json_text import JsonText, written
from api.services.submitting.admission import Taken
from api.services.upserts import insert_all, insert_missing
from api.tables import Answer, Draw, Grading, Submission
from grader.json_values import to_json

__all__ = ["insert"]


def insert(
    session: Session,
    taken: Sequence[Taken],
    replies: Mapping[UUID, JsonText],
    *,
    now: datetime,
) -> None:
    """Write draws, submissions, answers and gradings of what was taken.

    *replies* are what its authors are told.
    """
    insert_missing(session, Draw, [_draw(one) for one in taken if not one.seat.opened])
    insert_all(session, Submission, [_submission(one, replies[one.id]) for one in taken])
    answers: list[dict[str, Any]] = []
    gradings: list[dict[str, Any]] = []
    for one in taken:
        for part in one.entry.judged:
            ids = new_id(), new_id()
            answers.append(_answer(one, part, ids))
            gradings.append(_grading(one, part, ids, now=now))
    insert_all(session, Answer, answers)
    insert_all(session, Grading, gradings)


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


def _submission(one: Taken, reply: JsonText) -> dict[str, object]:
    entry = one.entry
    return {
        "id": one.id,
        "problem_id": entry.problem_id,
        "student_id": entry.student_id,
        "author_id": entry.author_id,
        "sequence": one.sequence,
        "version_id": entry.drawn.version_id,
        "position": entry.drawn.position,
        "draw": entry.drawn.number,
        "received_at": entry.received_at,
        "answers": written({part: to_json(typed) for part, typed in entry.answers.items()}),
        "key": entry.key,
        "fingerprint": entry.print,
        "reply": reply,
    }


def _answer(one: Taken, part: str, ids: tuple[UUID, UUID]) -> dict[str, object]:
    entry, judged, repeats = one.entry, one.entry.judged[part], one.admission.repeats.get(part)
    return {
        "id": ids[0],
        "submission_id": one.id,
        "problem_id": entry.problem_id,
        "student_id": entry.student_id,
        "part": part,
        "draw": entry.drawn.number,
        "sequence": one.sequence,
        "received_at": entry.received_at,
        "attempt": one.admission.attempts.get(part),
        "repeats": UUID(repeats) if repeats else None,
        "late": one.admission.late,
        "value": judged.value,
        "shown": judged.shown,
        "carries": None if judged.carries is None else written(judged.carries),
        "grading_id": ids[1],
        "status": judged.status,
        "credit": judged.credit,
        "credit_float": None if judged.credit is None else float(judged.credit),
        "mistakes": judged.mistakes,
        "manual": False,
    }


def _grading(one: Taken, part: str, ids: tuple[UUID, UUID], *, now: datetime) -> dict[str, object]:
    judged = one.entry.judged[part]
    return {
        "id": ids[1],
        "answer_id": ids[0],
        "kind": "auto",
        "status": judged.status,
        "credit": judged.credit,
        "mistakes": judged.mistakes,
        "record": written(judged.record),
        "said": written(judged.said),
        "engine": judged.engine,
        "version_id": one.entry.drawn.version_id,
        "created_at": now,
    }
