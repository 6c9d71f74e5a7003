"""Erasure of the free text in a student's work; the rest is graded and counted as before."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from api.db.models import (
    Answer,
    Comment,
    Excuse,
    Extension,
    Grading,
    Override,
    ProblemVersion,
    RegradeChange,
    RegradeRequest,
    Review,
    Submission,
)
from api.services.grades import Key
from api.services.submissions.entries import receipt_digest
from grader.kinds import KINDS

__all__ = ["ERASED", "erase_work", "renew_receipts"]

ERASED: Final = "[erased]"
"""What stands for a text that is gone. Not empty: a regrade must not find the answer missing."""
KEPT: Final = frozenset(
    {
        *("problem", "draw_hash", "marking_hash", "engine", "seed", "part", "numbers", "status"),
        *("rule", "credit", "points", "score", "mistakes"),
    }
)
"""What of a grading says nothing of what was typed."""
SAID: Final = ("say", "feedback")
"""Where a mark tells what a person wrote."""


def erase_work(session: Session, student: UUID) -> None:
    """Erase the free text in a student's submissions, and in what others wrote about them."""
    answers = session.scalars(select(Answer).where(Answer.student_id == student)).all()
    free = _free(session, answers)
    _answers([one for one in answers if one.id in free])
    _submissions(session, student, [one for one in answers if one.id in free])
    _gradings(session, student, free)
    session.execute(delete(RegradeChange).where(RegradeChange.answer_id.in_(free)))
    _said(session, student)
    _reasons(session, student)


def _free(session: Session, answers: Iterable[Answer]) -> set[UUID]:
    """Return the answers that are free text: unreadable, or to a part that a person grades."""
    by_person = _by_person(session, answers)
    return {
        one.id
        for one in answers
        if one.status == "unreadable" or (one.problem_id, one.part) in by_person
    }


def _by_person(session: Session, answers: Iterable[Answer]) -> set[tuple[UUID, str]]:
    """Return the parts that a person grades, in any version in which they were answered."""
    found = session.execute(
        select(Submission.problem_id, ProblemVersion.parts)
        .join(ProblemVersion, ProblemVersion.id == Submission.version_id)
        .where(Submission.id.in_({one.submission_id for one in answers}))
    )
    return {
        (problem, part["id"])
        for problem, parts in found
        for part in parts
        if KINDS[part["kind"]].by_person
    }


def _answers(answers: Iterable[Answer]) -> None:
    for one in answers:
        one.shown = ERASED if one.shown else ""
        # The digest of a short text can be guessed, and repeats no longer matter.
        one.value = f"erased {one.id}" if one.value else ""
        one.carries = None


def _submissions(session: Session, student: UUID, answers: Iterable[Answer]) -> None:
    parts: dict[UUID, set[str]] = {}
    for one in answers:
        parts.setdefault(one.submission_id, set()).add(one.part)
    for row in session.scalars(select(Submission).where(Submission.student_id == student)):
        row.key = None
        gone = parts.get(row.id, set())
        if not gone:
            continue
        row.fingerprint = ""
        row.answers = {part: ERASED if part in gone else one for part, one in row.answers.items()}
        results = row.reply.get("results", [])
        told = [_blank(one, KEPT | _NUMBERS) if one["part"] in gone else one for one in results]
        row.reply = row.reply | {"results": told}


_NUMBERS: Final = frozenset({"attempt", "attempts_left", "repeats"})


def _gradings(session: Session, student: UUID, free: Collection[UUID]) -> None:
    rows = session.scalars(
        select(Grading)
        .join(Answer, Answer.id == Grading.answer_id)
        .where(Answer.student_id == student)
    )
    for row in rows:
        row.reason = ERASED if row.reason and row.author_id is not None else row.reason
        if row.answer_id in free:
            row.record = _blank(row.record, KEPT)
            row.said = _blank(row.said, KEPT)
        elif row.author_id is not None:
            row.record = _without_comment(row.record)
            row.said = row.said | {name: "" for name in SAID if row.said.get(name)}


def _without_comment(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the *record* of a mark without the grader's text; the computed part stays."""
    found = dict(record)
    if "mark" in found:
        found["mark"] = found["mark"] | {"comment": ""}
        found["explanation"] = []
    return found


def renew_receipts(session: Session, student: UUID, new: UUID) -> None:
    """Recompute the receipts of a *student* for the *new* id, so that they prove what is stored.

    The old receipts name the erased person and no longer prove anything.
    """
    for row in session.scalars(select(Submission).where(Submission.student_id == student)):
        digest = receipt_digest(
            row.id, Key(row.problem_id, new), row.sequence, row.received_at, row.answers
        )
        row.reply = row.reply | {"receipt": row.reply["receipt"] | {"digest": digest}}


def _blank(told: Mapping[str, Any], kept: Collection[str]) -> dict[str, Any]:
    """Return *told* with all texts and lists emptied on every level, except the *kept* names."""
    return {
        name: value if name in kept else _emptied(name, value, kept) for name, value in told.items()
    }


def _emptied(name: str, value: object, kept: Collection[str]) -> object:
    match value:
        case dict():
            return None if name == "carries" else _blank(value, kept)
        case str():
            return ""
        case list():
            return []
        case _:
            return value


def _said(session: Session, student: UUID) -> None:
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


def _reasons(session: Session, student: UUID) -> None:
    """Erase the reasons of exceptions and overrides: they may reveal an illness."""
    for table in (Extension, Excuse, Override):
        given = update(table).where(table.student_id == student, table.reason != "")
        session.execute(given.values(reason=ERASED))
    for row in session.scalars(select(Extension).where(Extension.student_id == student)):
        # The spec of an extension repeats the reason.
        row.spec = row.spec | {"reason": row.reason}
