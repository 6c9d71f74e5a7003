"""The rows of admitted submissions: draws, answers and their first gradings."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from api.core.ids import new_id
from api.core.json_text import JsonText, serialize_json
from api.db.models import Answer, AnswerAttachment, Draw, Grading, ReportAnswer, Submission
from api.db.upserts import RowBatch, RowValues
from api.rate_limits.storage_budget import utf8_size
from api.services.submissions.admission import AdmittedSubmission

ROW_BYTES: Final = 1_024
"""Bytes counted for a row with its indexes, in addition to its long texts."""


def build_row_batches(
    admitted_submissions: Sequence[AdmittedSubmission],
    replies: Mapping[UUID, JsonText],
    *,
    now: datetime,
) -> tuple[list[RowBatch], dict[UUID, int]]:
    """Return the draws, submissions, answers and gradings to insert, and the sizes.

    *replies* are the replies by submission. A size is that of one submission in bytes: the long
    texts, plus a flat amount for each row.
    """
    submissions: list[RowValues] = []
    answers: list[RowValues] = []
    gradings: list[RowValues] = []
    report_answers: list[RowValues] = []
    attachments: list[RowValues] = []
    sizes: dict[UUID, int] = {}
    for admitted in admitted_submissions:
        submission = _build_submission_row(admitted, replies[admitted.id])
        submissions.append(submission)
        size_bytes = ROW_BYTES + utf8_size(submission["answers"]) + utf8_size(submission["reply"])
        for part in admitted.entry.answer_results:
            ids = new_id(), new_id()
            answer = _build_answer_row(admitted, part, ids)
            grading = _build_grading_row(admitted, part, ids, now=now)
            answers.append(answer)
            gradings.append(grading)
            texts = answer["shown"], answer["carries"], grading["record"], grading["said"]
            size_bytes += 2 * ROW_BYTES + sum(map(utf8_size, texts))
        report_rows = _build_report_quote_rows(admitted)
        report_answers += report_rows
        size_bytes += sum(ROW_BYTES + utf8_size(row["quote"]) for row in report_rows)
        attachments += _build_attachment_rows(admitted)
        size_bytes += ROW_BYTES * len(admitted.entry.attachments)
        sizes[admitted.id] = size_bytes
    draws = [_build_draw_row(one) for one in admitted_submissions if not one.state.has_stored_draw]
    rows = [
        RowBatch(Draw, draws, "if missing"),
        RowBatch(Submission, submissions),
        RowBatch(Answer, answers),
        RowBatch(Grading, gradings),
        RowBatch(ReportAnswer, report_answers),
        RowBatch(AnswerAttachment, attachments),
    ]
    return rows, sizes


def _build_report_quote_rows(admitted: AdmittedSubmission) -> list[RowValues]:
    """Return the passages that the answers were confirmed from, none for typed answers."""
    source = admitted.entry.source
    if source is None:
        return []
    return [
        {
            "submission_id": admitted.id,
            "part": part,
            "report_id": source.report_id,
            "quote": quote,
            "location": location,
        }
        for part, (quote, location) in source.quotes.items()
    ]


def _build_attachment_rows(admitted: AdmittedSubmission) -> list[RowValues]:
    return [
        {"submission_id": admitted.id, "part": part, "attachment_id": attachment.attachment_id}
        for part, attachment in admitted.entry.attachments.items()
    ]


def _build_draw_row(admitted: AdmittedSubmission) -> RowValues:
    entry = admitted.entry
    return {
        "problem_id": entry.problem_id,
        "student_id": entry.student_id,
        "number": entry.variant_assignment.number,
        "version_id": entry.variant_assignment.version_id,
        "position": entry.variant_assignment.position,
        "opened_at": entry.received_at,
    }


def _build_submission_row(admitted: AdmittedSubmission, reply: JsonText) -> RowValues:
    entry = admitted.entry
    return {
        "id": admitted.id,
        "problem_id": entry.problem_id,
        "student_id": entry.student_id,
        "author_id": entry.author_id,
        "sequence": admitted.sequence,
        "version_id": entry.variant_assignment.version_id,
        "position": entry.variant_assignment.position,
        "draw": entry.variant_assignment.number,
        "received_at": entry.received_at,
        "answers": serialize_json(admitted.stored_answers),
        "key": entry.idempotency_key,
        "fingerprint": entry.fingerprint,
        "reply": reply,
    }


def _build_answer_row(admitted: AdmittedSubmission, part: str, ids: tuple[UUID, UUID]) -> RowValues:
    entry, result, repeats = (
        admitted.entry,
        admitted.entry.answer_results[part],
        admitted.admission.repeats.get(part),
    )
    return {
        "id": ids[0],
        "submission_id": admitted.id,
        "problem_id": entry.problem_id,
        "student_id": entry.student_id,
        "part": part,
        "draw": entry.variant_assignment.number,
        "sequence": admitted.sequence,
        "received_at": entry.received_at,
        "attempt": admitted.admission.attempts.get(part),
        "repeats": UUID(repeats) if repeats else None,
        "late": admitted.admission.late,
        "value": result.value,
        "shown": result.rendered_value,
        "carries": None if result.carries is None else serialize_json(result.carries),
        "grading_id": ids[1],
        "status": result.status,
        "credit": result.credit,
        "credit_float": None if result.credit is None else float(result.credit),
        "mistakes": result.mistakes,
        "manual": False,
    }


def _build_grading_row(
    admitted: AdmittedSubmission, part: str, ids: tuple[UUID, UUID], *, now: datetime
) -> RowValues:
    result = admitted.entry.answer_results[part]
    return {
        "id": ids[1],
        "answer_id": ids[0],
        "kind": "auto",
        "status": result.status,
        "credit": result.credit,
        "mistakes": result.mistakes,
        "record": serialize_json(result.record),
        "said": serialize_json(result.feedback),
        "engine": result.engine,
        "version_id": admitted.entry.variant_assignment.version_id,
        "created_at": now,
    }
