"""Confirmation of the answers in a report: which answers are submitted, from which passages."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.core.errors import Conflict, FieldError, InvalidInput
from api.db.models import Assignment, AssignmentProblem, Report, ReportAnswer, Submission
from api.http.validation_errors import to_field_errors
from api.schemas.student.reports import ConfirmedAnswer, ConfirmIn
from api.schemas.student.submissions import AnswersIn
from api.services.reports.grading import CERTAIN
from api.services.reports.uploads.report_sheet import load_draw_identity, load_labeled_problems
from api.services.submissions.pending_submissions import ReportSource, compute_fingerprint
from api.services.submissions.preparation import SubmissionRequest
from grader.json_values import from_json
from grader.reading import RawAnswer, is_blank

NOTHING_MESSAGE: Final = "Nothing is confirmed: choose a passage or type an answer."
NUMBERS_CHANGED_MESSAGE: Final = (
    "The numbers of this problem have changed since the report was uploaded, so its answers belong "
    "to others. Upload a report with the new numbers, or answer on the page of the problem."
)
KEY_DIGITS: Final = 32
REPLIES_AT_A_TIME: Final = 25
UNREADABLE: Final = "unreadable"

PartKey = tuple[str, str]
"""Names of a problem in its assignment and of a part."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Submission that a part of the report was confirmed with, and its reply at that time.

    *answer* is the submitted answer to the part. *status* and *read_as* describe the part,
    *messages* the submission.
    """

    submission: UUID
    answer: RawAnswer
    status: str
    read_as: str
    messages: tuple[str, ...]

    @property
    def is_final(self) -> bool:
        """Whether the part needs no other answer: an unreadable one counts as none."""
        return self.status != UNREADABLE


@dataclass(slots=True)
class ProblemAnswers:
    """Answers to one problem that a student confirms, with the quotes of their passages."""

    problem: str
    answers: dict[str, RawAnswer] = field(default_factory=dict)
    quotes: dict[str, tuple[str, str]] = field(default_factory=dict)

    def build_request(
        self,
        report: Report,
        problem_id: UUID,
        *,
        received_at: datetime,
        attachments: Mapping[str, UUID],
    ) -> SubmissionRequest:
        """Return the request to submit; the same answers of a report have the same key.

        *attachments* are the ids of what the student has attached to the parts. Raises
        `InvalidInput` for an answer that no submission takes.
        """
        try:
            answers = AnswersIn.model_validate({"answers": self.answers}).answers
        except ValidationError as error:
            raise InvalidInput.for_fields(to_field_errors(error.errors())) from None
        digest = compute_fingerprint(problem_id, report.student_id, answers, attachments)
        key = hashlib.sha256(f"{report.id}|{digest}".encode()).hexdigest()[:KEY_DIGITS]
        source = ReportSource(report.id, report.digest, self.quotes)
        return SubmissionRequest(answers, f"report-{key}", received_at, source, attachments)


def load_confirmations(session: Session, report: Report) -> dict[PartKey, Confirmation]:
    """Return the confirmed parts of a report with their last submission."""
    rows = session.execute(
        select(AssignmentProblem.slug, ReportAnswer.part, Submission.id)
        .join(Submission, Submission.id == ReportAnswer.submission_id)
        .join(AssignmentProblem, AssignmentProblem.id == Submission.problem_id)
        .where(ReportAnswer.report_id == report.id)
        .order_by(Submission.id)
    )
    last = {(slug, part): submission for slug, part, submission in rows}
    parts_of: defaultdict[UUID, list[PartKey]] = defaultdict(list)
    for key, submission in last.items():
        parts_of[submission].append(key)
    confirmations: dict[PartKey, Confirmation] = {}
    # A reply may be long, and a report may have been confirmed many times.
    ids = list(parts_of)
    for start in range(0, len(ids), REPLIES_AT_A_TIME):
        batch = ids[start : start + REPLIES_AT_A_TIME]
        replies = select(Submission.id, Submission.reply, Submission.answers)
        for submission, reply, answers in session.execute(replies.where(Submission.id.in_(batch))):
            for key in parts_of[submission]:
                answer = from_json(answers.get(key[1], ""))
                confirmations[key] = _build_confirmation(submission, reply, key[1], answer)
    return confirmations


def _build_confirmation(
    submission: UUID, reply: Mapping[str, Any], part: str, answer: RawAnswer
) -> Confirmation:
    results = reply.get("results", ())
    result: Mapping[str, Any] = next((each for each in results if each["part"] == part), {})
    return Confirmation(
        submission,
        answer,
        str(result.get("status", "")),
        str(result.get("read_as", "")),
        tuple(reply.get("messages", ())),
    )


def select_answers(
    report: Report, confirmations: Mapping[PartKey, Confirmation], body: ConfirmIn
) -> list[ProblemAnswers]:
    """Return the answers that *body* confirms, by problem in the order of the sheet.

    Raises `InvalidInput` if it names a part or a passage that the report does not have, or nothing.
    """
    parts = {(part["problem"], part["part"]): part for part in report.reading["parts"]}
    chosen: dict[PartKey, ConfirmedAnswer] = {}
    if body.certain:
        for key, part in parts.items():
            is_confirmed = key in confirmations and confirmations[key].is_final
            if part["confidence"] == CERTAIN and not is_confirmed:
                chosen[key] = ConfirmedAnswer(problem=key[0], part=key[1], passage=0)
    for index, answer in enumerate(body.answers):
        key = answer.problem, answer.part
        if key not in parts:
            raise _wrong_answer_error(index, "names no part of the assignment of this report")
        _check_answer(answer, parts[key], index)
        chosen[key] = answer
    if not chosen:
        raise InvalidInput(NOTHING_MESSAGE)
    by_problem: dict[str, ProblemAnswers] = {}
    for key in (key for key in parts if key in chosen):
        group = by_problem.setdefault(key[0], ProblemAnswers(key[0]))
        group.answers[key[1]], group.quotes[key[1]] = _resolve_answer(chosen[key], parts[key])
    return list(by_problem.values())


def _check_answer(answer: ConfirmedAnswer, part: Mapping[str, Any], index: int) -> None:
    if (answer.passage is None) == (answer.answer is None):
        raise _wrong_answer_error(index, "must have either a passage or an answer")
    if answer.passage is not None and answer.passage >= len(part["passages"]):
        raise _wrong_answer_error(index, "names a passage that this part does not have")
    if answer.answer is not None and is_blank(answer.answer):
        raise _wrong_answer_error(index, "has an empty answer")


def _wrong_answer_error(index: int, message: str) -> InvalidInput:
    name = f"answers.{index}"
    return InvalidInput(f"{name} {message}.", errors=(FieldError(name, message),))


def _resolve_answer(
    answer: ConfirmedAnswer, part: Mapping[str, Any]
) -> tuple[RawAnswer, tuple[str, str]]:
    """Return the answer and the quote of its passage, which is empty for a typed one."""
    if answer.answer is not None:
        return answer.answer, ("", "")
    passage = part["passages"][answer.passage]
    return passage["text"], (passage["quote"], passage["location"])


def resolve_problem_with_same_numbers(
    session: Session,
    member: CourseMembership,
    assignment: Assignment,
    report: Report,
    problem: str,
) -> UUID:
    """Return the id of *problem*; raise `Conflict` if the student has other numbers by now."""
    items: Sequence[Any] = load_labeled_problems(session, assignment.id)
    item = next((item for item in items if item.problem.slug == problem), None)
    if item is None:
        raise Conflict(f"The problem {problem} is no longer in this assignment.")
    identity = load_draw_identity(session, member, assignment, item)
    before = report.reading["draws"].get(problem)
    if (None if identity is None else [*identity]) != (None if before is None else [*before]):
        raise Conflict(NUMBERS_CHANGED_MESSAGE)
    return UUID(str(item.problem.id))
