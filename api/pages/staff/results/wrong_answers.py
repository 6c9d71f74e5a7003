"""The results of one problem: its wrong answers in groups, and whether its numbers are fair."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query
from fastapi.responses import Response
from markupsafe import Markup

from api.pages.layout.frame import Crumb, page
from api.pages.router import PageDep, PageRouter
from api.pages.staff.common import course_crumbs, may, query
from api.pages.staff.grading.item_rows import figures_bar, figures_dot, spoken
from api.pages.staff.regrades.regrade_form import parts_of
from api.pages.staff.results.results import FEWEST, Asked, AskedDep
from api.routes.assignments import analytics
from api.schemas.analytics.figures import FairnessOut, FlagOut, IntervalOut
from api.schemas.analytics.problem import ForeignKey, PartAnalytics, WrongGroup

__all__ = ["router"]

router = PageRouter()

SHORT: Final = 20
FEWEST_OF_PART, MOST_OF_PART = 2, 4
"""So many groups are shown in all, and of a part, until one asks for this part alone."""
MANY: Final = 15
"""So many groups of one part are shown on a page."""
ROWS: Final = 10
"""So many rows of a list of signs are shown."""


@dataclass(frozen=True, slots=True)
class Group:
    """Equal wrong answers: what they are, what explains them, and where to do something."""

    told: WrongGroup
    cause: str
    looks: str
    typed: str
    accept: str
    name: str

    @property
    def is_explained(self) -> bool:
        """Whether a mistake explains them."""
        return bool(self.told.mistakes)


@dataclass(frozen=True, slots=True)
class FairRow:
    """A variant, or several by the value of a parameter, and how many were right."""

    says: str
    n: int
    facility: float
    interval: IntervalOut
    bar: Markup
    unlike: bool


@dataclass(frozen=True, slots=True)
class Fair:
    """Whether some numbers are harder, by *what*; *is_odd* where one differs beyond chance."""

    what: str
    rows: tuple[FairRow, ...]

    @property
    def is_odd(self) -> bool:
        """Whether a row is unlike the others."""
        return any(one.unlike for one in self.rows)


@dataclass(frozen=True, slots=True)
class Block:
    """A part: its figures, its groups, and the signs in it.

    *hidden* groups follow those that are shown, *left_off* are listed nowhere; *href* leads to all
    of the part, or to its next groups. *has_key* says that a key can be corrected.
    """

    told: PartAnalytics
    bar: Markup
    dot: Markup
    groups: tuple[Group, ...]
    hidden: int
    left_off: int
    href: str
    fair: tuple[Fair, ...]
    foreign: tuple[ForeignKey, ...]
    flags: tuple[FlagOut, ...]
    has_key: bool


@router.get("/assignments/{assignment}/problems/{problem}/results")
def problem_results(
    assignment: UUID,
    problem: str,
    here: PageDep,
    asked: AskedDep,
    part: Annotated[str, Query(max_length=80)] = "",
    after: Annotated[int, Query(ge=0, le=10_000)] = 0,
) -> Response:
    """Return what the class got wrong in a problem: what no mistake explains comes first.

    Of a *part* alone all is shown, its groups page by page; *after* so many were seen.
    """
    told = analytics.of_problem(assignment, problem, here, asked.attempt, asked.section)
    with here.reading() as session:
        posed = here.posed(session, assignment, problem, right="see_analytics")
        title, around = posed.version.title, posed.assignment.title
        keyed = {one.id for one in parts_of(here.service.variants.problem(posed.version))}
    path = f"/assignments/{assignment}/problems/{problem}"
    shown = [one for one in told.parts if part in {"", one.part}]
    is_whole = len(shown) == 1
    each = MANY if is_whole else min(max(SHORT // (len(shown) or 1), FEWEST_OF_PART), MOST_OF_PART)
    seen = range(after, after + each) if is_whole else range(each)
    blocks = [
        _block(one, told.flags, asked, seen=seen, is_whole=is_whole, has_key=one.part in keyed)
        for one in shown
    ]
    return page(
        here,
        "staff/wrong_answers.html",
        title=f"{title} · results",
        crumbs=course_crumbs(here, Crumb(around, f"/assignments/{assignment}/results")),
        tab="assignments",
        told=told,
        blocks=blocks,
        path=path,
        name=title,
        part=part,
        is_whole=is_whole,
        fewest=FEWEST,
        may_regrade=may(here, "regrade"),
    )


def _block(
    one: PartAnalytics,
    flags: tuple[FlagOut, ...],
    asked: Asked,
    *,
    seen: range,
    is_whole: bool,
    has_key: bool,
) -> Block:
    """Return a part with the groups at the places *seen*, and where *is_whole* all its signs."""
    every = sorted(one.wrong.groups, key=_rank) if one.wrong else []
    groups = every[seen.start : seen.stop]
    following = {"part": one.part, **asked.query, "after": seen.stop if is_whole else ""}
    return Block(
        told=one,
        bar=figures_bar(one.item.facility, one.item.facility_interval),
        dot=figures_dot(one.item.discrimination, one.item.interval),
        groups=tuple(_group(group, one.part) for group in groups),
        hidden=max(len(every) - seen.stop, 0),
        left_off=one.wrong.left_off if one.wrong else 0,
        href=query(following),
        fair=tuple(fair for fair in _fair(one, is_whole=is_whole) if is_whole or fair.is_odd),
        foreign=one.foreign.rows[:ROWS] if one.foreign and is_whole else (),
        flags=tuple(flag for flag in flags if flag.part == one.part),
        has_key=has_key,
    )


def _rank(one: WrongGroup) -> int:
    """Return where a group stands: what may be the key, several without a cause; lone ones last."""
    if one.key_doubt:
        return -1
    if one.mistakes:
        return 1
    return 0 if one.count > 1 else 2


def _group(told: WrongGroup, part: str) -> Group:
    """Return a group; its addresses are relative, as there are many on a page."""
    typed = "" if told.example.typed is None else str(told.example.typed)
    given = {"part": part, "answer": told.example.answer}
    return Group(
        told=told,
        cause=spoken(told.mistakes),
        looks=" and ".join(told.looks),
        typed="" if typed == told.shown else typed,
        accept=f"regrades{query({'do': 'accept', **given})}#start",
        name=f"regrades{query({'do': 'mistake', **given})}#start",
    )


def _fair(one: PartAnalytics, *, is_whole: bool) -> Iterator[Fair]:
    """Yield the tables of variants that say something: those of parameters first.

    Unless *is_whole*, they hold only the rows that are unlike the others.
    """
    if one.variants is None:
        return
    for by in one.variants.by_parameter:
        if len(by.fairness.rows) > 1:
            yield _fair_table(f"by {by.parameter}", by.fairness, is_whole=is_whole)
    if len(one.variants.by_variant.rows) > 1:
        yield _fair_table("by variant", one.variants.by_variant, is_whole=is_whole)


def _fair_table(what: str, told: FairnessOut, *, is_whole: bool) -> Fair:
    rows = tuple(
        FairRow(
            says=row.variant,
            n=row.n,
            facility=row.facility,
            interval=row.interval,
            bar=figures_bar(row.facility, row.interval),
            unlike=row.unlike,
        )
        for row in told.rows
        if is_whole or row.unlike
    )
    return Fair(what, rows)
