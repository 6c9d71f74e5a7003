"""A problem as one student sees it: the question with its numbers, and the student's progress."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from api.core.clock import from_micros
from api.db.engine import fetch_one
from api.db.models import Answer, GradeChange, Grading, Notice, ProblemProgress
from api.schemas.student.attachments import AttachmentView
from api.schemas.student.problem import LastAnswer, NoticeView, PartView, ProblemView
from api.schemas.student.submissions import ProblemScore
from api.services.assignments.visible_verdicts import mask_unreleased_status
from api.services.attachments.storage import list_unsubmitted_attachments
from api.services.attachments.submitted import build_attachment_views
from api.services.engine.variants import VariantCache
from api.services.grades import load_answers, to_policy_answer
from api.services.student.drafts import load_draft
from api.services.student.outcomes import describe_form_mismatch, load_submissions
from api.services.student.points import ProblemPoints, load_problem_overrides
from api.services.student.problem_session import ProblemSession, load_solutions_visibility
from api.services.student.questions import render_statement, serialize_numbers, serialize_question
from api.services.student.times import serialize_times
from grader.json_values import from_json
from grader.kinds import KINDS
from grader.policy import count_used_attempts, next_attempt_at
from grader.reading import RawAnswer
from grader.variants.variant import Variant

PROGRESS_QUERY: Final = select(ProblemProgress).where(
    ProblemProgress.problem_id == bindparam("problem_id"),
    ProblemProgress.student_id == bindparam("student_id"),
)
GRADINGS_QUERY: Final = select(Grading).where(Grading.id.in_(bindparam("ids", expanding=True)))
NOTICES_QUERY: Final = (
    select(Notice)
    .where(Notice.problem_id == bindparam("problem"), Notice.withdrawn_at.is_(None))
    .order_by(Notice.created_at, Notice.id)
)


@dataclass(frozen=True, slots=True)
class _ProblemWork:
    """A student's work on a problem: the answers by part, in order, and the progress.

    *typed* holds the answers of submissions as typed; *form_mismatches* says, by answer, how the
    last answers differ from the expected form.
    """

    answers: Mapping[str, Sequence[Answer]]
    typed: Mapping[UUID, Mapping[str, RawAnswer]]
    form_mismatches: Mapping[UUID, str]
    progress: ProblemProgress | None


def load_problem_view(
    session: Session, problem_session: ProblemSession, *, variants: VariantCache
) -> ProblemView:
    """Return the problem of *problem_session*, limited to what its student may see now."""
    assigned, variant = problem_session.assigned, problem_session.load_variant(session, variants)
    work = _load_work(session, problem_session)
    points = ProblemPoints.load(session, problem_session, work.progress)
    results, solutions = (
        problem_session.results_visibility,
        load_solutions_visibility(session, problem_session),
    )
    attachments = _load_attachments(session, problem_session)
    is_renewable = assigned.assignment.variants == "each_after"
    return ProblemView(
        assignment=assigned.assignment.id,
        course=assigned.member.course.id,
        problem=assigned.problem.slug,
        title=variant.problem.title,
        statement=render_statement(variant),
        numbers=serialize_numbers(variant),
        parts=_serialize_parts(problem_session, variant, work, points, attachments),
        draw=None if problem_session.preview else problem_session.draw.number,
        opened_at=problem_session.now
        if problem_session.is_first_view
        else problem_session.opened_at,
        draft=load_draft(session, problem_session.key),
        notices=_load_notices(session, problem_session),
        times=serialize_times(
            problem_session.rules, assigned.member.course.zone, now=problem_session.now
        ),
        attempts=problem_session.rules.attempts,
        cool_down_seconds=problem_session.rules.cool_down // 1_000_000,
        new_numbers_after=assigned.assignment.new_after if is_renewable else None,
        results_shown=results.now,
        results_from=None if results.now else results.since,
        solutions_shown=solutions.now,
        solutions_from=None if solutions.now else solutions.since,
        standing=points.score if results.now else None,
        overrides=load_problem_overrides(session, problem_session) if results.now else (),
    )


def serialize_progress_score(progress: ProblemProgress | None) -> ProblemScore | None:
    """Return a student's score in a problem; None without a submission."""
    if progress is None or progress.score is None:
        return None
    return ProblemScore(
        score=progress.score, possible=progress.possible or Fraction(0), waiting=progress.waiting
    )


def _load_work(session: Session, problem_session: ProblemSession) -> _ProblemWork:
    answers_by_part: dict[str, list[Answer]] = {}
    for row in load_answers(session, [problem_session.key])[problem_session.key]:
        answers_by_part.setdefault(row.part, []).append(row)
    answers = [rows[-1] for rows in answers_by_part.values()]
    last = {row.submission_id for row in answers}
    typed = {
        one.id: {part: from_json(told) for part, told in one.answers.items()}
        for one in load_submissions(session, last)
    }
    progress_row = fetch_one(session, PROGRESS_QUERY, **problem_session.key._asdict())
    form_mismatches = (
        {} if problem_session.results_visibility.now else _load_form_mismatches(session, answers)
    )
    return _ProblemWork(
        answers_by_part, typed, form_mismatches, progress_row[0] if progress_row else None
    )


def _load_form_mismatches(session: Session, answers: Sequence[Answer]) -> dict[UUID, str]:
    """Return, by answer, how its form differs from the expected one."""
    rows = session.scalars(GRADINGS_QUERY, {"ids": [answer.grading_id for answer in answers]})
    gradings = {row.id: row for row in rows}
    return {
        answer.id: describe_form_mismatch(answer, gradings[answer.grading_id]) for answer in answers
    }


def _serialize_parts(
    problem_session: ProblemSession,
    variant: Variant,
    work: _ProblemWork,
    points: ProblemPoints,
    attachments: Mapping[str, AttachmentView],
) -> tuple[PartView, ...]:
    results = problem_session.results_visibility
    takes_attachments = problem_session.assigned.problem.attachments
    return tuple(
        PartView(
            **dict(serialize_question(part, variant)),
            **_serialize_attempts(problem_session, work.answers.get(part.id, ())),
            voided=problem_session.assigned.problem.voided.get(part.id, ""),
            standing=points.part_score(part.id) if results.now else None,
            last=_serialize_last_answer(problem_session, work, part.id),
            takes_attachment=takes_attachments and KINDS[part.kind].by_person,
            attachment=attachments.get(part.id),
        )
        for part in variant.problem.parts
    )


def _load_attachments(
    session: Session, problem_session: ProblemSession
) -> dict[str, AttachmentView]:
    """Return the attachments that go with the next answers, by part."""
    if not problem_session.assigned.problem.attachments:
        return {}
    rows = list_unsubmitted_attachments(session, problem_session.assigned)
    return {view.part: view for view in build_attachment_views(session, rows)}


def _serialize_attempts(problem_session: ProblemSession, rows: Sequence[Answer]) -> dict[str, Any]:
    """Return how many attempts at a part are used and left, and when the cool-down ends."""
    earlier = [to_policy_answer(row) for row in rows]
    used, then = count_used_attempts(earlier), next_attempt_at(problem_session.rules, earlier)
    wait = None if then is None else from_micros(then)
    return {
        "attempts_used": used,
        "attempts_left": problem_session.rules.attempts_left(used),
        "wait_until": wait if wait is not None and wait > problem_session.now else None,
    }


def _serialize_last_answer(
    problem_session: ProblemSession, work: _ProblemWork, part: str
) -> LastAnswer | None:
    """Return the last answer to a part, unless it was for other numbers."""
    rows = work.answers.get(part, ())
    if not rows or rows[-1].draw != problem_session.draw.number:
        return None
    row = rows[-1]
    return LastAnswer(
        submission=row.submission_id,
        sequence=row.sequence,
        received_at=row.received_at,
        typed=work.typed[row.submission_id].get(part),
        read_as=row.shown,
        status=mask_unreleased_status(
            row.status,
            work.form_mismatches.get(row.id, ""),
            results=problem_session.results_visibility,
        ),
    )


def _load_notices(session: Session, problem_session: ProblemSession) -> tuple[NoticeView, ...]:
    """Return the notices, with what the student's grade gained by their regrades."""
    rows = session.scalars(NOTICES_QUERY, {"problem": problem_session.assigned.problem.id}).all()
    gains = _load_regrade_gains(
        session, problem_session, [row.regrade_id for row in rows if row.regrade_id is not None]
    )
    return tuple(
        NoticeView(
            text=row.text,
            at=row.created_at,
            gained=gains.get(row.regrade_id)
            if row.regrade_id and problem_session.results_visibility.now
            else None,
        )
        for row in rows
    )


def _load_regrade_gains(
    session: Session, problem_session: ProblemSession, regrades: Sequence[UUID]
) -> dict[UUID, Fraction]:
    """Return by how much each regrade changed the student's assignment grade, after any undo."""
    gains: dict[UUID, Fraction] = dict.fromkeys(regrades, Fraction(0))
    if not regrades:
        return gains
    changes = session.scalars(
        select(GradeChange).where(
            GradeChange.assignment_id == problem_session.assigned.assignment.id,
            GradeChange.student_id == problem_session.student_id,
            GradeChange.cause_id.in_(regrades),
        )
    )
    for change in changes:
        if change.cause_id is not None:
            gains[change.cause_id] += (change.after or 0) - (change.before or 0)
    return gains
