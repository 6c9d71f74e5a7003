"""Worked solution with the student's own numbers, and own mistakes, once they are visible."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import AssignedProblem, CourseMembership
from api.core.errors import NotFound, NotReleased
from api.db.models import Answer, Assignment, AssignmentProblem, ProblemVersion
from api.schemas.student.solution import (
    KnownMistake,
    MistakenProblem,
    OwnMistake,
    OwnMistakes,
    RubricLine,
    SolutionView,
    SolvedPart,
)
from api.services.analytics.wrong_answers import split_mistakes
from api.services.engine.variants import VariantCache
from api.services.problems.serializers import serialize_worked_solution
from api.services.student.problem_session import (
    ProblemSession,
    load_solutions_visibility,
    open_problem_session,
)
from api.services.student.questions import render_statement, serialize_numbers, serialize_question
from api.services.student.times import serialize_moment
from grader.definitions.problem import AnyPart
from grader.kinds import KINDS
from grader.kinds.texts import TextPart
from grader.variants.variant import Variant
from problems.mistakes import MISTAKES
from problems.publish import to_json_data
from problems.registry import REGISTRY

SOLUTION_CACHE_SIZE: Final = 256
MAX_MISTAKES: Final = 20
MAX_OWN_MISTAKES: Final = 30
FAILED_KEY_MESSAGE: Final = "The answer could not be computed; ask your instructor."


def load_solution_view(
    session: Session, problem_session: ProblemSession, *, variants: VariantCache
) -> SolutionView:
    """Return the worked solution; raise `NotReleased` for a student before its time."""
    if not problem_session.preview:
        _check_released(session, problem_session)
    variant = problem_session.load_variant(session, variants)
    solution = _build_worked_solution(variant)
    solution_parts = {one["id"]: one for one in solution["parts"]}
    return SolutionView(
        assignment=problem_session.assigned.assignment.id,
        problem=problem_session.assigned.problem.slug,
        title=variant.problem.title,
        statement=render_statement(variant),
        numbers=serialize_numbers(variant),
        words=solution["words"],
        parts=tuple(
            _serialize_part(part, variant, solution_parts[part.id])
            for part in variant.problem.parts
        ),
    )


@lru_cache(maxsize=SOLUTION_CACHE_SIZE)
def _build_worked_solution(variant: Variant) -> dict[str, Any]:
    """Return the worked solution of a variant; cached, because large networks take a while."""
    return serialize_worked_solution(variant)


def _check_released(session: Session, problem_session: ProblemSession) -> None:
    visibility = load_solutions_visibility(session, problem_session)
    if visibility.now:
        return
    if visibility.since is None:
        raise NotReleased("The solution is not available yet.")
    when = serialize_moment(
        visibility.since, problem_session.assigned.member.course.zone, now=problem_session.now
    )
    raise NotReleased(
        f"The solution is available after {when.text}, {when.relative}.", until=visibility.since
    )


def _serialize_part(part: AnyPart, variant: Variant, solution: dict[str, Any]) -> SolvedPart:
    key, kind = variant.keys.get(part.id), KINDS[part.kind]
    failed = part.id in variant.failures
    return SolvedPart(
        **dict(serialize_question(part, variant)),
        steps=tuple(solution["steps"]),
        answer=FAILED_KEY_MESSAGE if failed else solution["answer"],
        key=to_json_data(key),
        accepted="" if failed else kind.describe_accepted(part, key),
        mistakes=_serialize_mistakes(part, variant),
        model=part.model.fill(variant.student_scope(REGISTRY)).strip()
        if isinstance(part, TextPart)
        else "",
        rubric=_serialize_rubric(part, variant),
    )


def _serialize_mistakes(part: AnyPart, variant: Variant) -> tuple[KnownMistake, ...]:
    """Return known wrong answers that have a hint, one per hint."""
    known = variant.mistakes.get(part.id)
    by_hint: dict[str, KnownMistake] = {}
    for candidate in known.candidates if known else ():
        if candidate.hint and candidate.hint not in by_hint:
            answer = KINDS[part.kind].format_key(candidate.value, part)
            by_hint[candidate.hint] = KnownMistake(answer=answer, hint=candidate.hint)
    return tuple(by_hint.values())[:MAX_MISTAKES]


def _serialize_rubric(part: AnyPart, variant: Variant) -> tuple[RubricLine, ...]:
    if not isinstance(part, TextPart):
        return ()
    scope = variant.student_scope(REGISTRY)
    return tuple(
        RubricLine(points=Fraction(item.points), text=item.say.fill(scope).strip())
        for item in part.rubric
    )


def load_own_mistakes(session: Session, member: CourseMembership, *, now: datetime) -> OwnMistakes:
    """Return the student's known mistakes by cause, the most frequent first.

    An answer counts if it used an attempt. A problem counts once the student sees both the results
    and the solution, because the name of a mistake gives part of the solution away.
    """
    times: Counter[tuple[str, UUID]] = Counter()
    problems: dict[UUID, AssignedProblem] = {}
    for assigned, mistakes in _iter_mistaken_answers(session, member):
        problems[assigned.problem.id] = assigned
        times.update((mistake, assigned.problem.id) for mistake in split_mistakes(mistakes))
    visible = {
        problem_id
        for problem_id, assigned in problems.items()
        if _is_solution_visible(session, assigned, now=now)
    }
    visible_times = Counter({key: count for key, count in times.items() if key[1] in visible})
    totals: Counter[str] = Counter()
    for (mistake, _), count in visible_times.items():
        totals[mistake] += count
    most = sorted(totals.items(), key=lambda item: (-item[1], item[0]))[:MAX_OWN_MISTAKES]
    return OwnMistakes(
        items=tuple(
            OwnMistake(
                mistake=mistake,
                description=MISTAKES[mistake].note if mistake in MISTAKES else "",
                times=total,
                problems=tuple(
                    _serialize_mistaken_problem(problems[problem_id], count)
                    for (name, problem_id), count in visible_times.most_common()
                    if name == mistake
                ),
            )
            for mistake, total in most
        )
    )


def _iter_mistaken_answers(
    session: Session, member: CourseMembership
) -> Iterator[tuple[AssignedProblem, str]]:
    """Yield the problem and the mistakes of each answer that has a known cause."""
    query = (
        select(Assignment, AssignmentProblem, ProblemVersion, Answer.mistakes)
        .join(AssignmentProblem, AssignmentProblem.assignment_id == Assignment.id)
        .join(ProblemVersion, ProblemVersion.id == AssignmentProblem.version_id)
        .join(Answer, Answer.problem_id == AssignmentProblem.id)
        .where(
            Assignment.course_id == member.course.id,
            Assignment.published_at.is_not(None),
            Assignment.deleted_at.is_(None),
            AssignmentProblem.removed_at.is_(None),
            Answer.student_id == member.student_id,
            Answer.attempt.is_not(None),
            Answer.mistakes != "",
        )
        .order_by(Assignment.position, Assignment.id, AssignmentProblem.position)
    )
    for assignment, problem, version, mistakes in session.execute(query):
        yield AssignedProblem(member, assignment, problem, version), mistakes


def _is_solution_visible(session: Session, assigned: AssignedProblem, *, now: datetime) -> bool:
    try:
        problem_session = open_problem_session(session, assigned, now=now)
    except NotFound:  # its release was moved
        return False
    return (
        problem_session.results_visibility.now
        and load_solutions_visibility(session, problem_session).now
    )


def _serialize_mistaken_problem(assigned: AssignedProblem, times: int) -> MistakenProblem:
    return MistakenProblem(
        assignment=assigned.assignment.id,
        assignment_title=assigned.assignment.title,
        problem=assigned.problem.slug,
        title=assigned.version.title,
        times=times,
    )
