"""The rows of admitted submissions: draws, answers and their first gradings."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from api.core.ids import new_digits
from api.core.json_text import JsonText, written
from api.db.models import Answer, Draw, Grading, Submission
from api.db.upserts import Row, Rows
from api.services.rate_limits.storage_budget import text_bytes
from api.services.submissions.admission import Taken

__all__ = ["rows_of"]

ROW_BYTES: Final = 1_024
"""What a row takes beside its long texts, with its indexes."""


def rows_of(
    taken: Sequence[Taken], replies: Mapping[UUID, JsonText], *, now: datetime
) -> tuple[list[Rows], dict[UUID, int]]:
    """Return the draws, submissions, answers and gradings to insert, and the sizes.

    *replies* are the replies by submission. A size is that of one submission in bytes: the long
    texts, plus a flat amount for each row.
    """
    submissions: list[Row] = []
    answers: list[Row] = []
    gradings: list[Row] = []
    sizes: dict[UUID, int] = {}
    for one in taken:
        submission = _submission(one, replies[one.id])
        submissions.append(submission)
        size_bytes = ROW_BYTES + text_bytes(submission["answers"]) + text_bytes(submission["reply"])
        for part in one.entry.judged:
            ids = new_digits(), new_digits()
            answer, grading = _answer(one, part, ids), _grading(one, part, ids, now=now)
            answers.append(answer)
            gradings.append(grading)
            texts = answer["shown"], answer["carries"], grading["record"], grading["said"]
            size_bytes += 2 * ROW_BYTES + sum(map(text_bytes, texts))
        sizes[one.id] = size_bytes
    rows = [
        Rows(Draw, [_draw(one) for one in taken if not one.seat.opened], "if missing"),
        Rows(Submission, submissions),
        Rows(Answer, answers),
        Rows(Grading, gradings),
    ]
    return rows, sizes


def _draw(one: Taken) -> Row:
    entry = one.entry
    return {
        "problem_id": entry.ids.problem,
        "student_id": entry.ids.student,
        "number": entry.drawn.number,
        "version_id": entry.drawn.version_id,
        "position": entry.drawn.position,
        "opened_at": entry.received_at,
    }


def _submission(one: Taken, reply: JsonText) -> Row:
    entry = one.entry
    return {
        "id": one.id,
        "problem_id": entry.ids.problem,
        "student_id": entry.ids.student,
        "author_id": entry.ids.author,
        "sequence": one.sequence,
        "version_id": entry.drawn.version_id,
        "position": entry.drawn.position,
        "draw": entry.drawn.number,
        "received_at": entry.received_at,
        "answers": written(one.stored_answers),
        "key": entry.key,
        "fingerprint": entry.print,
        "reply": reply,
    }


def _answer(one: Taken, part: str, ids: tuple[str, str]) -> Row:
    entry, judged, repeats = one.entry, one.entry.judged[part], one.admission.repeats.get(part)
    return {
        "id": ids[0],
        "submission_id": one.id,
        "problem_id": entry.ids.problem,
        "student_id": entry.ids.student,
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


def _grading(one: Taken, part: str, ids: tuple[str, str], *, now: datetime) -> Row:
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
