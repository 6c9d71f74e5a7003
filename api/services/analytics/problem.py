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
from api.schemas.analytics.problem import (
    FollowThrough,
    ForeignKeys,
    PartAnalytics,
    ProblemAnalytics,
    SearchOut,
    WrongOut,
)
from api.schemas.analytics.statistics import FlagOut
from api.services.analytics.guess_detection import find_bisection_searches
from api.services.analytics.items import AssignmentItems
from api.services.analytics.other_variant_matches import find_other_variant_matches
from api.services.analytics.overview import count_students
from api.services.analytics.parts import find_item_flags, serialize_flags, serialize_problem
from api.services.analytics.queries.answer_filters import MeasuredAttempt, StudentQuery
from api.services.analytics.queries.assignment import (
    AnalyticsData,
    build_unit_score_queries,
    load_analytics_data,
)
from api.services.analytics.queries.keys import VariantKeys, load_variant_keys
from api.services.analytics.queries.wrong_answer_tables import load_wrong_answer_tables
from api.services.analytics.variants import compare_variant_difficulty
from api.services.analytics.wrong_answers import WrongAnswerQueries
from api.services.engine.variants import VariantCache
from api.services.enrolment.sections import check_section_exists
from api.services.grades import VersionedProblem
from grader.analysis import ReviewFlag
from grader.definitions.problem import Problem


def compute_problem_analytics(
    session: Session,
    assigned_problem: authorization.AssignedProblem,
    *,
    variants: VariantCache,
    attempt: MeasuredAttempt,
    section: UUID | None,
    now: datetime,
) -> ProblemAnalytics:
    """Return the statistics of a problem of an assignment, with a fixed number of queries."""
    assignment = assigned_problem.assignment
    check_section_exists(session, assignment.course_id, section)
    units = build_unit_score_queries(session, assignment, attempt=attempt, section=section, now=now)
    part_scores = units.part_scores
    problem_index, problem = _find_problem(part_scores.items, assigned_problem)
    item_indices = part_scores.items.get_item_indices(problem)
    data = load_analytics_data(
        session,
        units,
        ("problem", problem.row.id),
        lambda: WrongAnswerQueries(units, item_indices).build_answer_group_queries(),
    )
    figures = serialize_problem(data, problem_index)
    definition = variants.get_problem(problem.version)
    findings = _load_findings(session, data, problem, definition, part_scores.students)
    parts_with_flags = [
        findings.serialize_part(at, index)
        for at, index in zip(item_indices, figures.parts, strict=True)
    ]
    return ProblemAnalytics(
        assignment=assignment.id,
        problem=problem.row.slug,
        version=problem.version.id,
        as_of=now,
        attempt=attempt,
        section=section,
        students=count_students(session, part_scores.students),
        opened=data.statistics.opened,
        item=figures.item,
        time=figures.time,
        parts=tuple(part for part, _ in parts_with_flags),
        flags=tuple(flag for _, flags in parts_with_flags for flag in flags),
    )


def _find_problem(
    items: AssignmentItems, assigned_problem: authorization.AssignedProblem
) -> tuple[int, VersionedProblem]:
    """Return the index of a problem and the problem.

    Raises `NotFound` if it is not in the assignment.
    """
    for problem_index, problem in enumerate(items.problems):
        if problem.row.id == assigned_problem.problem.id:
            return problem_index, problem
    raise NotFound(authorization.PROBLEM_NOT_FOUND_MESSAGE)


@dataclass(frozen=True, slots=True)
class _ProblemFindings:
    """Findings in the answers to a problem, by index or id of a part."""

    data: AnalyticsData
    keys: VariantKeys
    tables: Mapping[int, tuple[WrongOut, tuple[ReviewFlag, ...]]]
    foreign: Mapping[str, ForeignKeys]
    searches: Mapping[str, tuple[SearchOut, ...]]

    def serialize_part(
        self, item_index: int, figures: PartFigures
    ) -> tuple[PartAnalytics, list[FlagOut]]:
        """Return the analytics of a part and its flags."""
        item = self.data.items.items[item_index]
        figure_values: dict[str, Any] = {
            name: getattr(figures, name) for name in PartFigures.model_fields
        }
        flags = find_item_flags(self.data, item_index)
        if item_index not in self.tables:
            return PartAnalytics(**figure_values), flags
        wrong, doubts = self.tables[item_index]
        variants, uneven = compare_variant_difficulty(self.data, item_index, self.keys)
        part_analytics = PartAnalytics(
            **figure_values,
            wrong=wrong,
            follow_through=_serialize_follow_through(self.data, item_index),
            variants=variants,
            foreign=self.foreign.get(item.part),
            searches=self.searches.get(item.part, ()),
        )
        return part_analytics, [*flags, *serialize_flags(item, (*doubts, *uneven))]


def _load_findings(
    session: Session,
    data: AnalyticsData,
    problem: VersionedProblem,
    definition: Problem,
    students: StudentQuery,
) -> _ProblemFindings:
    keys = load_variant_keys(session, problem)
    return _ProblemFindings(
        data,
        keys,
        load_wrong_answer_tables(
            session, data, problem, keys, definition=definition, students=students
        ),
        find_other_variant_matches(session, problem, keys, students),
        find_bisection_searches(session, problem, students),
    )


def _serialize_follow_through(data: AnalyticsData, item_index: int) -> FollowThrough:
    attempts = data.statistics.attempts[item_index]
    n, count = attempts.answer_count, attempts.follow_through_count
    return FollowThrough(n=n, count=count, share=count / n if n else None)
