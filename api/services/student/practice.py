"""Practice: other variants of a problem, graded without limit; nothing is stored."""

import hmac
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from api.core.clock import to_micros
from api.core.errors import NotReleased
from api.schemas.student.solution import PracticeOutcome, PracticeProblem, PracticeReply
from api.services.engine.keyless_reading import KeylessQuestion, read_answer
from api.services.engine.protected_numbers import load_protected_numbers
from api.services.engine.single_answer import serialize_student_result
from api.services.engine.variant_identity import load_identities, load_past_identities
from api.services.engine.variants import VariantCache
from api.services.student.problem_session import ProblemSession, load_solutions_visibility
from api.services.student.questions import render_statement, serialize_numbers, serialize_question
from api.services.student.times import serialize_moment
from api.services.submissions.preparation import check_parts
from grader.grading.grade import grade
from grader.reading import NumberStyle, RawAnswer, is_blank
from grader.variants.variant import Variant
from problems.registry import REGISTRY


def load_practice_problem(
    session: Session, problem_session: ProblemSession, number: int, *, variants: VariantCache
) -> PracticeProblem:
    """Return the problem with the numbers of practice *number*."""
    return _serialize_practice_problem(
        number, load_practice_variant(session, problem_session, number, variants=variants)
    )


def _serialize_practice_problem(number: int, variant: Variant) -> PracticeProblem:
    return PracticeProblem(
        number=number,
        title=variant.problem.title,
        statement=render_statement(variant),
        numbers=serialize_numbers(variant),
        parts=tuple(serialize_question(part, variant) for part in variant.problem.parts),
    )


def grade_practice(
    variant: Variant, number: int, answers: Mapping[str, RawAnswer], *, numbers: NumberStyle | None
) -> PracticeReply:
    """Grade *answers* to practice *number*, whose numbers are those of *variant*."""
    check_parts(variant.problem, answers)
    results = grade(variant, answers, registry=REGISTRY, numbers=numbers)
    return PracticeReply(
        problem=_serialize_practice_problem(number, variant),
        results=tuple(
            PracticeOutcome(
                **_select_visible_fields(serialize_student_result(result, variant)),
                credit=result.credit,
                mathml=_render_reading(variant, result.part, answers[result.part], numbers),
            )
            for result in results
            if result.part in answers
        ),
    )


def _render_reading(
    variant: Variant, part: str, typed: RawAnswer, numbers: NumberStyle | None
) -> str:
    scope = variant.student_scope(REGISTRY)
    question = KeylessQuestion.from_part(variant.problem.get_part(part), scope)
    return "" if is_blank(typed) else read_answer(question, typed, numbers=numbers).mathml


def _select_visible_fields(record: Mapping[str, Any]) -> dict[str, Any]:
    names = ("part", "status", "read_as", "notes", "feedback", "position", "cells", "place")
    return {name: record[name] for name in names}


def load_practice_variant(
    session: Session, problem_session: ProblemSession, number: int, *, variants: VariantCache
) -> Variant:
    """Return the variant of a practice number; not the student's own unless it is the only one."""
    _check_practice_released(session, problem_session)
    others = _list_practice_positions(session, problem_session)
    if not others:
        _check_solutions_visible(session, problem_session)
        return problem_session.load_variant(session, variants)
    message = (
        f"practice|{problem_session.assigned.problem.id}|{problem_session.student_id}".encode()
    )
    digest = hmac.digest(
        bytes.fromhex(problem_session.assigned.member.course.secret), message, "sha256"
    )
    start = int.from_bytes(digest, "big") % len(others)
    position = others[(start + number) % len(others)]
    return variants.get_variant(session, problem_session.draw.version_id, position)


def _check_practice_released(session: Session, problem_session: ProblemSession) -> None:
    """Raise `NotReleased` if the student may still submit, unless solutions are visible."""
    ends = problem_session.rules.closes_at_with_late_days
    if problem_session.preview or (ends is not None and ends < to_micros(problem_session.now)):
        return
    _check_solutions_visible(session, problem_session)


def _check_solutions_visible(session: Session, problem_session: ProblemSession) -> None:
    visibility = load_solutions_visibility(session, problem_session)
    if problem_session.preview or visibility.now:
        return
    until = visibility.since
    when = "later"
    if until is not None:
        zone, now = problem_session.assigned.member.course.zone, problem_session.now
        when = f"after {serialize_moment(until, zone, now=now).text}"
    raise NotReleased(f"Practice on this problem is available {when}.", until=until)


def _list_practice_positions(session: Session, problem_session: ProblemSession) -> list[int]:
    """Return the positions of all variants except the student's own and those still graded.

    Numbers of students who may still submit are left out, so that nobody tries answers for them.
    """
    listed = load_identities(session, problem_session.draw.version_id)
    had = load_past_identities(session, problem_session.key.problem_id, problem_session.student_id)
    excluded = {listed[problem_session.draw.position], *had.values()}
    if not problem_session.preview:
        excluded |= load_protected_numbers(
            session, problem_session.assigned, now=problem_session.now
        )
    return [position for position, numbers in listed.items() if numbers not in excluded]
