"""Worked solution with the student's own numbers, once it is visible."""

from fractions import Fraction
from functools import lru_cache
from typing import Any, Final

from sqlalchemy.orm import Session

from api.core.errors import NotReleased
from api.schemas.student.solution import KnownMistake, RubricLine, SolutionView, SolvedPart
from api.services.engine.variants import Variants
from api.services.problems.reports import worked_solution
from api.services.student.problem_session import Seat, solutions_of
from api.services.student.questions import asked, numbers, statement
from api.services.student.times import moment_of
from grader.definitions.problem import AnyPart
from grader.kinds import KINDS
from grader.kinds.texts import TextPart
from grader.variants.variant import Variant
from problems.book import BOOK
from problems.publish import plain

__all__ = ["solution_view"]

KEPT: Final = 256
MOST_MISTAKES: Final = 20
FAILED: Final = "The answer could not be computed; ask your instructor."


def solution_view(session: Session, seat: Seat, *, variants: Variants) -> SolutionView:
    """Return the worked solution; raise `NotReleased` for a student before its time."""
    if not seat.preview:
        _check_time(session, seat)
    variant = seat.variant(session, variants)
    way = _worked(variant)
    steps = {one["id"]: one for one in way["parts"]}
    return SolutionView(
        assignment=seat.posed.assignment.id,
        problem=seat.posed.problem.slug,
        title=variant.problem.title,
        statement=statement(variant),
        numbers=numbers(variant),
        words=way["words"],
        parts=tuple(_solved(part, variant, steps[part.id]) for part in variant.problem.parts),
    )


@lru_cache(maxsize=KEPT)
def _worked(variant: Variant) -> dict[str, Any]:
    """Return the worked solution of a variant; cached, because large networks take a while."""
    return worked_solution(variant)


def _check_time(session: Session, seat: Seat) -> None:
    shown = solutions_of(session, seat)
    if shown.now:
        return
    if shown.since is None:
        raise NotReleased("The solution is not shown yet.")
    when = moment_of(shown.since, seat.posed.member.course.zone, now=seat.now)
    raise NotReleased(
        f"The solution is shown after {when.text}, {when.relative}.", until=shown.since
    )


def _solved(part: AnyPart, variant: Variant, way: dict[str, Any]) -> SolvedPart:
    key, kind = variant.keys.get(part.id), KINDS[part.kind]
    failed = part.id in variant.failures
    return SolvedPart(
        **dict(asked(part, variant)),
        steps=tuple(way["steps"]),
        answer=FAILED if failed else way["answer"],
        key=plain(key),
        accepted="" if failed else kind.accepted(part, key),
        mistakes=_mistakes(part, variant),
        model=part.model.fill(variant.scope(BOOK)).strip() if isinstance(part, TextPart) else "",
        rubric=_rubric(part, variant),
    )


def _mistakes(part: AnyPart, variant: Variant) -> tuple[KnownMistake, ...]:
    """Return known wrong answers that have a hint, one per hint."""
    known = variant.mistakes.get(part.id)
    found: dict[str, KnownMistake] = {}
    for one in known.candidates if known else ():
        if one.say and one.say not in found:
            shown = KINDS[part.kind].show(one.value, part)
            found[one.say] = KnownMistake(answer=shown, said=one.say)
    return tuple(found.values())[:MOST_MISTAKES]


def _rubric(part: AnyPart, variant: Variant) -> tuple[RubricLine, ...]:
    if not isinstance(part, TextPart):
        return ()
    scope = variant.scope(BOOK)
    return tuple(
        RubricLine(points=Fraction(item.points), said=item.say.fill(scope).strip())
        for item in part.rubric
    )
