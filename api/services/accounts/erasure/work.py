"""Erasure of the free text in a student's work; the rest is graded and counted as before."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from api.db.models import (
    Answer,
    AnswerAttachment,
    Attachment,
    AttachmentPage,
    Comment,
    Excuse,
    Extension,
    Grading,
    Override,
    ProblemVersion,
    RegradeChange,
    RegradeRequest,
    Report,
    ReportAnswer,
    Review,
    Submission,
)
from api.services.grades import ProgressKey
from api.services.submissions.pending_submissions import compute_receipt_digest
from grader.kinds import KINDS

ERASED: Final = "[erased]"
"""Replacement for an erased text.

It is not empty, because a regrade would take an empty answer for a missing one.
"""
NON_TEXT_FIELDS: Final = frozenset(
    {
        *("problem", "draw_hash", "marking_hash", "engine", "seed", "part", "numbers", "status"),
        *("rule", "credit", "points", "score", "mistakes"),
    }
)
"""Fields of a grading that reveal nothing about the typed text."""
COMMENT_FIELDS: Final = ("say", "feedback")
"""Fields of a mark with text that a person wrote."""


def erase_free_text(session: Session, student: UUID) -> None:
    """Erase the free text in a student's submissions, and in what others wrote about them."""
    answers = session.scalars(select(Answer).where(Answer.student_id == student)).all()
    free_text_answer_ids = _find_free_text_answer_ids(session, answers)
    _erase_answers([answer for answer in answers if answer.id in free_text_answer_ids])
    _erase_answers_in_submissions(
        session, student, [answer for answer in answers if answer.id in free_text_answer_ids]
    )
    _erase_grading_texts(session, student, free_text_answer_ids)
    session.execute(delete(RegradeChange).where(RegradeChange.answer_id.in_(free_text_answer_ids)))
    _erase_comments_and_requests(session, student)
    _erase_reasons(session, student)


def delete_reports(session: Session, student: UUID) -> None:
    """Delete a student's reports with their documents and passages; the answers stay."""
    reports = select(Report.id).where(Report.student_id == student)
    session.execute(delete(ReportAnswer).where(ReportAnswer.report_id.in_(reports)))
    session.execute(delete(Report).where(Report.student_id == student))


def delete_attachments(session: Session, student: UUID) -> None:
    """Delete the images and files that a student attached to answers."""
    attachments = select(Attachment.id).where(Attachment.student_id == student)
    for table in (AnswerAttachment, AttachmentPage):
        session.execute(delete(table).where(table.attachment_id.in_(attachments)))
    session.execute(delete(Attachment).where(Attachment.student_id == student))


def _find_free_text_answer_ids(session: Session, answers: Iterable[Answer]) -> set[UUID]:
    """Return the answers that are free text: unreadable, or to a part that a person grades."""
    by_person = _load_manually_graded_parts(session, answers)
    return {
        answer.id
        for answer in answers
        if answer.status == "unreadable" or (answer.problem_id, answer.part) in by_person
    }


def _load_manually_graded_parts(
    session: Session, answers: Iterable[Answer]
) -> set[tuple[UUID, str]]:
    """Return the parts that a person grades, in any version in which they were answered."""
    rows = session.execute(
        select(Submission.problem_id, ProblemVersion.parts)
        .join(ProblemVersion, ProblemVersion.id == Submission.version_id)
        .where(Submission.id.in_({answer.submission_id for answer in answers}))
    )
    return {
        (problem, part["id"])
        for problem, parts in rows
        for part in parts
        if KINDS[part["kind"]].by_person
    }


def _erase_answers(answers: Iterable[Answer]) -> None:
    for answer in answers:
        answer.shown = ERASED if answer.shown else ""
        # The digest of a short text can be guessed, and repeats no longer matter.
        answer.value = f"erased {answer.id}" if answer.value else ""
        answer.carries = None


def _erase_answers_in_submissions(
    session: Session, student: UUID, answers: Iterable[Answer]
) -> None:
    parts: dict[UUID, set[str]] = {}
    for answer in answers:
        parts.setdefault(answer.submission_id, set()).add(answer.part)
    for row in session.scalars(select(Submission).where(Submission.student_id == student)):
        row.key = None
        erased_parts = parts.get(row.id, set())
        if not erased_parts:
            continue
        row.fingerprint = ""
        row.answers = {
            part: ERASED if part in erased_parts else answer for part, answer in row.answers.items()
        }
        results = row.reply.get("results", [])
        blanked = [
            _blank_texts(result, NON_TEXT_FIELDS | _ATTEMPT_FIELDS)
            if result["part"] in erased_parts
            else result
            for result in results
        ]
        row.reply = row.reply | {"results": blanked}


_ATTEMPT_FIELDS: Final = frozenset({"attempt", "attempts_left", "repeats"})


def _erase_grading_texts(
    session: Session, student: UUID, free_text_answer_ids: Collection[UUID]
) -> None:
    rows = session.scalars(
        select(Grading)
        .join(Answer, Answer.id == Grading.answer_id)
        .where(Answer.student_id == student)
    )
    for row in rows:
        row.reason = ERASED if row.reason and row.author_id is not None else row.reason
        if row.answer_id in free_text_answer_ids:
            row.record = _blank_texts(row.record, NON_TEXT_FIELDS)
            row.said = _blank_texts(row.said, NON_TEXT_FIELDS)
        elif row.author_id is not None:
            row.record = _remove_mark_comment(row.record)
            row.said = row.said | {name: "" for name in COMMENT_FIELDS if row.said.get(name)}


def _remove_mark_comment(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the *record* of a mark without the TA's text; the computed part stays."""
    cleaned = dict(record)
    if "mark" in cleaned:
        cleaned["mark"] = cleaned["mark"] | {"comment": ""}
        cleaned["explanation"] = []
    return cleaned


def recompute_receipts(session: Session, student: UUID, new: UUID) -> None:
    """Recompute the receipts of a *student* for the *new* id, so that they prove what is stored.

    The old receipts name the erased person and no longer prove anything; the documents of reports
    and the attachments are deleted by now.
    """
    for row in session.scalars(select(Submission).where(Submission.student_id == student)):
        digest = compute_receipt_digest(
            row.id, ProgressKey(row.problem_id, new), row.sequence, row.received_at, row.answers
        )
        row.reply = row.reply | {"receipt": {"id": row.reply["receipt"]["id"], "digest": digest}}


def _blank_texts(data: Mapping[str, Any], preserved: Collection[str]) -> dict[str, Any]:
    """Return *data* with texts and lists emptied on every level, except the *preserved* names."""
    return {
        name: value if name in preserved else _blank_value(name, value, preserved)
        for name, value in data.items()
    }


def _blank_value(name: str, value: object, preserved: Collection[str]) -> object:
    match value:
        case dict():
            return None if name == "carries" else _blank_texts(value, preserved)
        case str():
            return ""
        case list():
            return []
        case _:
            return value


def _erase_comments_and_requests(session: Session, student: UUID) -> None:
    """Erase the texts about the answers, by the student and by staff."""
    theirs = select(Answer.id).where(Answer.student_id == student)
    for table in (Comment, RegradeRequest):
        session.execute(update(table).where(table.answer_id.in_(theirs)).values(text=ERASED))
    replied = update(RegradeRequest).where(
        RegradeRequest.answer_id.in_(theirs), RegradeRequest.reply != ""
    )
    session.execute(replied.values(reply=ERASED))
    marked = update(Review).where(Review.answer_id.in_(theirs))
    session.execute(marked.values(comment="", reason="", likeness=None))
    flagged = marked.where(Review.flag != "")
    session.execute(flagged.values(flag=ERASED))


def _erase_reasons(session: Session, student: UUID) -> None:
    """Erase the reasons of exceptions and overrides: they may reveal an illness."""
    for table in (Extension, Excuse, Override):
        with_reason = update(table).where(table.student_id == student, table.reason != "")
        session.execute(with_reason.values(reason=ERASED))
    for row in session.scalars(select(Extension).where(Extension.student_id == student)):
        # The spec of an extension repeats the reason.
        row.spec = row.spec | {"reason": row.reason}
