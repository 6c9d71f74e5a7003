"""Results of one problem: groups of wrong answers, and the fairness of its variants."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query
from fastapi.responses import Response
from markupsafe import Markup

from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.router import PageDep, PageRouter
from api.pages.staff.common import build_query_string, course_crumbs, has_permission
from api.pages.staff.grading.item_rows import (
    draw_correlation_dot,
    draw_share_bar,
    join_mistake_names,
)
from api.pages.staff.regrades.regrade_form import list_keyed_parts
from api.pages.staff.results.results import MIN_STUDENTS, ResultsPageFilters, ResultsPageFiltersDep
from api.routes.assignments import analytics
from api.schemas.analytics.problem import ForeignKey, PartAnalytics, ProblemAnalytics, WrongGroup
from api.schemas.analytics.statistics import FairnessOut, FlagOut, IntervalOut

router = PageRouter()

GROUPS_PER_OVERVIEW: Final = 20
MIN_GROUPS_PER_PART, MAX_GROUPS_PER_PART = 2, 4
"""Limits for the number of groups of each part in the overview of all parts.

`GROUPS_PER_OVERVIEW` groups are divided among the parts, within these limits.
"""
GROUPS_PER_PAGE: Final = 15
"""Number of groups per page when a single part is shown."""
MAX_SHOWN_MATCHES: Final = 10
"""Maximum number of listed answers that match the key of another student."""


@dataclass(frozen=True, slots=True)
class WrongAnswerGroupView:
    """Group of equal wrong answers, with its cause and its actions.

    *accept* is the value of the button that accepts it, *name* the link to name its mistake.
    """

    summary: WrongGroup
    cause: str
    looks: str
    typed: str
    accept: str
    name: str

    @property
    def is_explained(self) -> bool:
        """Whether a known mistake explains the group."""
        return bool(self.summary.mistakes)


@dataclass(frozen=True, slots=True)
class FairnessTableRow:
    """Facility of one variant, or of the variants with one value of a parameter."""

    label: str
    n: int
    facility: float
    interval: IntervalOut
    bar: Markup
    unlike: bool


@dataclass(frozen=True, slots=True)
class FairnessTableView:
    """Comparison of the difficulty of variants; *what* is the criterion."""

    what: str
    rows: tuple[FairnessTableRow, ...]

    @property
    def has_unlike_rows(self) -> bool:
        """Whether a row differs from the others beyond chance."""
        return any(row.unlike for row in self.rows)


@dataclass(frozen=True, slots=True)
class PartResultsView:
    """Results of a part: its statistics, groups of wrong answers, and signs to look at.

    *hidden* groups follow the displayed ones, *left_off* groups are not listed at all.
    *href* leads to the whole part, or to its next groups. *has_key*: the part has a key
    to correct.
    """

    analytics: PartAnalytics
    bar: Markup
    dot: Markup
    groups: tuple[WrongAnswerGroupView, ...]
    hidden: int
    left_off: int
    href: str
    fair: tuple[FairnessTableView, ...]
    foreign: tuple[ForeignKey, ...]
    flags: tuple[FlagOut, ...]
    has_key: bool


@router.get("/assignments/{assignment}/problems/{problem}/results")
def show_problem_results(
    assignment: UUID,
    problem: str,
    context: PageDep,
    filters: ResultsPageFiltersDep,
    part: Annotated[str, Query(max_length=80)] = "",
    after: Annotated[int, Query(ge=0, le=10_000)] = 0,
) -> Response:
    """Return the wrong answers to a problem, those of the most students first.

    For a single *part* everything is shown, with its groups in pages; *after* is the
    offset.
    """
    problem_analytics = analytics.get_problem_analytics(
        assignment, problem, context, filters.attempt, filters.section
    )
    with context.reading() as session:
        assigned = context.authorize_problem(session, assignment, problem, right="see_analytics")
        title, assignment_title = assigned.version.title, assigned.assignment.title
        keyed_parts = {
            one.id
            for one in list_keyed_parts(context.service.variants.get_problem(assigned.version))
        }
    blocks = _build_results_of_parts(
        problem_analytics, filters, keyed_parts, part=part, after=after
    )
    return render_page(
        context,
        "staff/wrong_answers.html",
        title=f"{title} · results",
        crumbs=course_crumbs(
            context, Breadcrumb(assignment_title, f"/assignments/{assignment}/results")
        ),
        tab="assignments",
        analytics=problem_analytics,
        blocks=blocks,
        path=f"/assignments/{assignment}/problems/{problem}",
        name=title,
        part=part,
        is_whole=len(blocks) == 1,
        fewest=MIN_STUDENTS,
        may_regrade=has_permission(context, "regrade"),
    )


def _build_results_of_parts(
    problem_analytics: ProblemAnalytics,
    filters: ResultsPageFilters,
    keyed_parts: Collection[str],
    *,
    part: str,
    after: int,
) -> list[PartResultsView]:
    """Return the results of all parts, or of a single *part* with its groups from *after* on."""
    parts = [one for one in problem_analytics.parts if part in {"", one.part}]
    is_whole = len(parts) == 1
    group_range = (
        range(after, after + GROUPS_PER_PAGE) if is_whole else _overview_group_range(len(parts))
    )
    return [
        _build_part_results(
            one,
            problem_analytics.flags,
            filters,
            group_range=group_range,
            is_whole=is_whole,
            has_key=one.part in keyed_parts,
        )
        for one in parts
    ]


def _overview_group_range(part_count: int) -> range:
    """Return the positions of the groups of each part in the overview of *part_count* parts."""
    share = GROUPS_PER_OVERVIEW // (part_count or 1)
    return range(min(max(share, MIN_GROUPS_PER_PART), MAX_GROUPS_PER_PART))


def _build_part_results(
    part: PartAnalytics,
    flags: tuple[FlagOut, ...],
    filters: ResultsPageFilters,
    *,
    group_range: range,
    is_whole: bool,
    has_key: bool,
) -> PartResultsView:
    """Return the results of a part, with the groups at the positions *group_range*.

    If *is_whole*, all signs are included.
    """
    sorted_groups = sorted(part.wrong.groups, key=_compute_group_sort_key) if part.wrong else []
    groups = sorted_groups[group_range.start : group_range.stop]
    following = {
        "part": part.part,
        **filters.query_params,
        "after": group_range.stop if is_whole else "",
    }
    return PartResultsView(
        analytics=part,
        bar=draw_share_bar(part.item.facility, part.item.facility_interval),
        dot=draw_correlation_dot(part.item.discrimination, part.item.interval),
        groups=tuple(_build_group(group, part.part) for group in groups),
        hidden=max(len(sorted_groups) - group_range.stop, 0),
        left_off=part.wrong.left_off if part.wrong else 0,
        href=build_query_string(following),
        fair=tuple(
            fair
            for fair in _iterate_fairness_tables(part, is_whole=is_whole)
            if is_whole or fair.has_unlike_rows
        ),
        foreign=part.foreign.rows[:MAX_SHOWN_MATCHES] if part.foreign and is_whole else (),
        flags=tuple(flag for flag in flags if flag.part == part.part),
        has_key=has_key,
    )


def _compute_group_sort_key(group: WrongGroup) -> tuple[int, bool]:
    """Return the sort key of a group: the most students first, then groups that doubt the key."""
    return -group.count, not group.key_doubt


def _build_group(group: WrongGroup, part: str) -> WrongAnswerGroupView:
    """Return a group with its links, which are relative because a page has many of them."""
    typed = "" if group.example.typed is None else str(group.example.typed)
    params = {"part": part, "answer": group.example.answer}
    return WrongAnswerGroupView(
        summary=group,
        cause=join_mistake_names(group.mistakes),
        looks=" and ".join(group.looks),
        typed="" if typed == group.shown else typed,
        accept=f"{part}/{group.example.answer}",
        name=f"regrades{build_query_string({'do': 'mistake', **params})}#start",
    )


def _iterate_fairness_tables(part: PartAnalytics, *, is_whole: bool) -> Iterator[FairnessTableView]:
    """Yield the fairness tables with more than one row, those of parameters first.

    Unless *is_whole*, they contain only the rows that differ from the others.
    """
    if part.variants is None:
        return
    for by in part.variants.by_parameter:
        if len(by.fairness.rows) > 1:
            yield _build_fairness_table(f"by {by.parameter}", by.fairness, is_whole=is_whole)
    if len(part.variants.by_variant.rows) > 1:
        yield _build_fairness_table("by variant", part.variants.by_variant, is_whole=is_whole)


def _build_fairness_table(what: str, fairness: FairnessOut, *, is_whole: bool) -> FairnessTableView:
    rows = tuple(
        FairnessTableRow(
            label=row.variant,
            n=row.n,
            facility=row.facility,
            interval=row.interval,
            bar=draw_share_bar(row.facility, row.interval),
            unlike=row.unlike,
        )
        for row in fairness.rows
        if is_whole or row.unlike
    )
    return FairnessTableView(what, rows)
