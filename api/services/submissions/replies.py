"""Replies to submissions: computed once, stored, and replayed for the same request."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from api.http.field_types import format_utc, serialize_fraction
from api.services.assignments.release import Visibility
from api.services.assignments.visible_verdicts import (
    mask_unreleased_status,
    mask_unreleased_verdict,
)
from api.services.submissions.admission import AdmittedSubmission
from api.services.submissions.grading import AnswerResult
from api.services.submissions.pending_submissions import PendingSubmission
from grader.policy import Admission
from grader.policy import format_rounded_number as shown_number

SPARED_LATE_DAYS_MESSAGE: Final = "Submitted after the due time. No late day was used."
USED_LATE_DAYS_MESSAGE: Final = "Submitted after the due time: {} used for this assignment."
LATE_CREDIT_MESSAGE: Final = "Submitted late: {} % of the credit."


@dataclass(frozen=True, slots=True)
class ScoreSummary:
    """Progress in a problem for a reply: the score, the possible score and the used attempts.

    *used_attempts* is their number by part. *waiting*: a person has yet to grade something.
    """

    used_attempts: Mapping[str, int]
    score: Fraction | None
    possible: Fraction | None
    waiting: bool


def build_reply(admitted: AdmittedSubmission, summary: ScoreSummary) -> dict[str, Any]:
    """Return the reply to an admitted submission as JSON data, in the form of `SubmissionReply`.

    It holds no more than the student may see now.
    """
    entry, admission = admitted.entry, admitted.admission
    visibility = admitted.visibility
    return {
        "id": admitted.id_text,
        "assignment": entry.ids.id_texts[2],
        "problem": entry.problem_slug,
        "sequence": admitted.sequence,
        "received_at": format_utc(entry.received_at),
        "late_credit": serialize_fraction(admission.late),
        "results": [
            _serialize_part(result, admitted, summary) for result in entry.answer_results.values()
        ],
        "results_shown": visibility.now,
        "results_from": format_utc(visibility.since)
        if not visibility.now and visibility.since
        else None,
        "standing": _serialize_score(summary) if visibility.now else None,
        "messages": [
            *_iter_messages(entry, admission, visibility),
            *_iter_lateness_messages(admitted),
        ],
        "receipt": {
            "id": admitted.id_text,
            "digest": admitted.receipt_digest,
            "document": entry.source.digest if entry.source else None,
            "attachments": entry.attachment_digests,
        },
    }


def _serialize_part(
    result: AnswerResult, admitted: AdmittedSubmission, summary: ScoreSummary
) -> dict[str, Any]:
    feedback = result.feedback
    verdict = mask_unreleased_verdict(
        result.status,
        result.credit,
        feedback,
        form_mismatch=result.form_mismatch,
        results=admitted.visibility,
    )
    return {
        "part": result.part,
        "status": verdict.status,
        "credit": None if verdict.credit is None else serialize_fraction(verdict.credit),
        "points": serialize_fraction(result.points),
        "score": None
        if verdict.credit is None
        else serialize_fraction(verdict.credit * result.points),
        "read_as": feedback["read_as"],
        "notes": feedback["notes"],
        "feedback": verdict.feedback,
        "position": feedback["position"],
        "cells": verdict.cells,
        "place": verdict.location,
        "attempt": admitted.admission.attempts.get(result.part),
        "attempts_left": admitted.rules.attempts_left(summary.used_attempts[result.part]),
        "repeats": admitted.admission.repeats.get(result.part),
    }


def _serialize_score(summary: ScoreSummary) -> dict[str, Any]:
    return {
        "score": serialize_fraction(summary.score or Fraction(0)),
        "possible": serialize_fraction(summary.possible or Fraction(0)),
        "waiting": summary.waiting,
    }


def _iter_messages(
    entry: PendingSubmission, admission: Admission, visibility: Visibility
) -> Iterator[str]:
    for part in admission.repeats:
        yield f"{part}: the same answer as before; no attempt was used."
    for result in entry.answer_results.values():
        status = mask_unreleased_status(result.status, result.form_mismatch, results=visibility)
        if status == "unreadable":
            yield f"{result.part}: it could not be read; no attempt was used."
    if not visibility.now:
        yield "It is stored. Results will be released later."


def _iter_lateness_messages(admitted: AdmittedSubmission) -> Iterator[str]:
    admission, late_days = admitted.admission, admitted.late_days
    if admitted.has_spared_late_days:
        yield SPARED_LATE_DAYS_MESSAGE
        return
    if late_days:
        spent = "1 late day is" if late_days == 1 else f"{late_days} late days are"
        yield USED_LATE_DAYS_MESSAGE.format(spent)
    if admission.late < 1:
        yield LATE_CREDIT_MESSAGE.format(shown_number(admission.late * 100))
