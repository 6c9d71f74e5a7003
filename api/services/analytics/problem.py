"""Statistics of a problem: its parts, their wrong answers, and its variants."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth import authorization
from api.core.errors import NotFound
from api.schemas.analytics.assignment import PartFigures
from api.schemas.analytics.figures import FlagOut
from api.schemas.analytics.problem import (
    FollowThrough,
    ForeignKeys,
    PartAnalytics,
    ProblemAnalytics,
    SearchOut,
    WrongOut,
)
from api.services.analytics.guess_detection import searches_of
from api.services.analytics.items import Items
from api.services.analytics.other_variant_matches import foreign_keys
from api.services.analytics.overview import how_many
from api.services.analytics.parts import figures_of, flagged, item_flags_of
from api.services.analytics.queries.answers import Students, Which, check_section
from api.services.analytics.queries.assignment import Sheet, read_sheet, units_of
from api.services.analytics.queries.keys import Keys, read_keys
from api.services.analytics.queries.wrong_answer_tables import wrong_tables
from api.services.analytics.variants import variants_of
from api.services.analytics.wrong_answers import Wrong
from api.services.engine.variants import Variants
from api.services.grades import PosedProblem
from grader.analysis import Flag
from grader.definitions.problem import Problem

__all__ = ["problem_analytics"]


def problem_analytics(
    session: Session,
    asked: authorization.Posed,
    *,
    variants: Variants,
    attempt: Which,
    section: UUID | None,
    now: datetime,
) -> ProblemAnalytics:
    """Return the statistics of a problem of an assignment, with a fixed number of queries."""
    assignment = asked.assignment
    check_section(session, assignment.course_id, section)
    units = units_of(session, assignment, attempt=attempt, section=section, now=now)
    cells = units.cells
    number, posed = _among(cells.items, asked)
    places = cells.items.of(posed)
    sheet = read_sheet(session, units, Wrong(units, places).listed())
    figures = figures_of(sheet, number)
    problem = variants.problem(posed.version)
    found = _find(session, sheet, posed, problem, cells.students)
    told = [found.part(at, one) for at, one in zip(places, figures.parts, strict=True)]
    return ProblemAnalytics(
        assignment=assignment.id,
        problem=posed.row.slug,
        version=posed.version.id,
        as_of=now,
        attempt=attempt,
        section=section,
        students=how_many(session, cells.students),
        opened=sheet.sums.opened,
        item=figures.item,
        time=figures.time,
        parts=tuple(part for part, _ in told),
        flags=tuple(flag for _, flags in told for flag in flags),
    )


def _among(items: Items, asked: authorization.Posed) -> tuple[int, PosedProblem]:
    """Return the index of a problem and the problem.

    Raises `NotFound` if it is not in the assignment.
    """
    for number, posed in enumerate(items.problems):
        if posed.row.id == asked.problem.id:
            return number, posed
    raise NotFound(authorization.NO_PROBLEM)


@dataclass(frozen=True, slots=True)
class _Found:
    """Findings in the answers to a problem, by index or id of a part."""

    sheet: Sheet
    keys: Keys
    tables: Mapping[int, tuple[WrongOut, tuple[Flag, ...]]]
    foreign: Mapping[str, ForeignKeys]
    searches: Mapping[str, tuple[SearchOut, ...]]

    def part(self, at: int, figures: PartFigures) -> tuple[PartAnalytics, list[FlagOut]]:
        """Return the analytics of a part and its flags."""
        item = self.sheet.items.items[at]
        own: dict[str, Any] = {name: getattr(figures, name) for name in PartFigures.model_fields}
        flags = item_flags_of(self.sheet, at)
        if at not in self.tables:
            return PartAnalytics(**own), flags
        wrong, doubts = self.tables[at]
        variants, unlike = variants_of(self.sheet, at, self.keys)
        told = PartAnalytics(
            **own,
            wrong=wrong,
            follow_through=_follow_through(self.sheet, at),
            variants=variants,
            foreign=self.foreign.get(item.part),
            searches=self.searches.get(item.part, ()),
        )
        return told, [*flags, *flagged(item, (*doubts, *unlike))]


def _find(
    session: Session, sheet: Sheet, posed: PosedProblem, problem: Problem, students: Students
) -> _Found:
    keys = read_keys(session, posed)
    return _Found(
        sheet,
        keys,
        wrong_tables(session, sheet, posed, keys, problem=problem, students=students),
        foreign_keys(session, posed, keys, students),
        searches_of(session, posed, students),
    )


def _follow_through(sheet: Sheet, at: int) -> FollowThrough:
    found = sheet.sums.answered[at]
    n, count = found.answered, found.follows
    return FollowThrough(n=n, count=count, share=count / n if n else None)
