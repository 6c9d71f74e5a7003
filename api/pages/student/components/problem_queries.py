"""Queries for the problem page, through the services behind the API routes.

The page is read in one transaction, so that it shows a consistent snapshot and loads
quickly.
"""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy.orm import Session

from api.dependencies import RequestContext
from api.pages.student.components.inputs import has_content
from api.pages.student.components.problem_view import (
    AssignmentDisplay,
    JudgedAnswer,
    ProblemPageData,
)
from api.routes.student import assigned_problems
from api.schemas.student.assignments import MyAssignment
from api.schemas.student.problem import ProblemView
from api.schemas.student.work import ReadAs
from api.services.engine.keyless_reading import KeylessQuestion, read_answer
from api.services.review.requests import find_regradable_answers
from api.services.student.assignments import load_my_assignment
from api.services.student.history import load_student_submissions_by_id
from api.services.student.problem import load_problem_view
from api.services.student.problem_session import (
    ProblemSession,
    VariantChoice,
    get_number_style,
    open_problem_session,
)
from grader.reading import RawAnswer
from grader.variants.variant import Variant
from problems.registry import REGISTRY

ProblemKey: TypeAlias = tuple[UUID, str]
"""Assignment id and problem id."""


def load_problem_page_data(
    context: RequestContext, problem_key: ProblemKey, *, choice: VariantChoice, **form: Any
) -> ProblemPageData:
    """Return the data of the problem page; *form* sets fields of `ProblemPageData`."""
    while True:
        with context.reading() as session:
            problem_session = open_problem_session(
                session, context.authorize_problem(session, *problem_key), choice, now=context.now
            )
            if not problem_session.is_first_view:
                return _build_problem_page_data(context, session, problem_session, form)
        # This notes that the student has seen the numbers.
        assigned_problems.get_problem(*problem_key, context)


def _build_problem_page_data(
    context: RequestContext,
    session: Session,
    problem_session: ProblemSession,
    form: Mapping[str, Any],
) -> ProblemPageData:
    view = load_problem_view(session, problem_session, variants=context.service.variants)
    variant = problem_session.load_variant(session, context.service.variants)
    display, judged = (
        _build_display(problem_session, variant),
        _load_judged_answers(session, problem_session, view),
    )
    data_without_readings = ProblemPageData(
        view, display, _load_my_assignment(session, problem_session), judged, {}, **form
    )
    typed = {
        part.id: text
        for part in view.parts
        if (text := data_without_readings.current_answer(part)) is not None
    }
    return replace(
        data_without_readings,
        readings=_read_answers(variant, typed, display),
        regradable=_find_regradable_answers(session, problem_session, judged),
    )


def _find_regradable_answers(
    session: Session, problem_session: ProblemSession, judged: Mapping[str, JudgedAnswer]
) -> frozenset[UUID]:
    """Return the judged answers that lost credit and that the student can have regraded."""
    member = problem_session.assigned.member
    if problem_session.preview or member.course.archived_at:
        return frozenset()
    outcomes = (one.outcome for one in judged.values())
    return find_regradable_answers(
        session,
        member,
        problem_session.assigned.assignment,
        [one.answer for one in outcomes if one.credit is not None and one.credit < 1],
        visibility=problem_session.results_visibility,
        now=problem_session.now,
    )


def _build_display(problem_session: ProblemSession, variant: Variant) -> AssignmentDisplay:
    member, assignment = problem_session.assigned.member, problem_session.assigned.assignment
    return AssignmentDisplay(
        course=member.course.title,
        assignment=assignment.title,
        zone=member.course.zone,
        decimal_style=get_number_style(problem_session, variant),
        now=problem_session.now,
        attempt_credits=tuple(map(Fraction, assignment.by_attempt)),
        may_write=not (problem_session.is_read_only or member.course.archived_at),
    )


def _read_answers(
    variant: Variant, typed: Mapping[str, RawAnswer], display: AssignmentDisplay
) -> dict[str, ReadAs]:
    """Return how each answer is read, without access to the answer key."""
    scope = variant.student_scope(REGISTRY)
    return {
        part: read_answer(
            KeylessQuestion.from_part(variant.problem.get_part(part), scope),
            text,
            numbers=display.decimal_style,
        )
        for part, text in typed.items()
        if has_content(text)
    }


def _load_judged_answers(
    session: Session, problem_session: ProblemSession, view: ProblemView
) -> dict[str, JudgedAnswer]:
    """Return the latest answer to each part, limited to released results."""
    last_submission_ids = {
        part.id: part.last.submission for part in view.parts if part.last is not None
    }
    if not last_submission_ids:
        return {}
    submissions_by_id = {
        one.id: one
        for one in load_student_submissions_by_id(
            session, problem_session, set(last_submission_ids.values())
        )
    }
    return {
        part: JudgedAnswer(outcome, submissions_by_id[submission])
        for part, submission in last_submission_ids.items()
        for outcome in submissions_by_id[submission].results
        if outcome.part == part
    }


def _load_my_assignment(session: Session, problem_session: ProblemSession) -> MyAssignment | None:
    """Return the student's view of the assignment, or None for staff."""
    if problem_session.preview:
        return None
    return load_my_assignment(
        session,
        problem_session.assigned.member,
        problem_session.assigned.assignment,
        now=problem_session.now,
    )
