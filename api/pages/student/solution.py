"""The worked solution of a problem: the way to every answer, drawn where a drawing says more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query
from fastapi.responses import Response

from api.pages.drawing import Block, drawn
from api.pages.layout.formatting import part_letter, said
from api.pages.layout.frame import Crumb, page
from api.pages.router import PageDep, PageRouter
from api.schemas.student.solution import KnownMistake, SolutionView, SolvedPart
from api.services.student.problem_session import Choice, Seat, take_seat
from api.services.student.solution import solution_view
from grader.values import Tensor
from grader.variants.variant import Variant
from problems.publish import plain

__all__ = ["drawn_ways", "router", "solved_cards"]

router = PageRouter()

POSED: Final = "/assignments/{assignment}/problems/{problem}"
KEPT: Final = 256
ROOM: Final = 25_000
"""So many bytes all parts take at the most, where frames can be left out."""
CARD, MISTAKE = 520, 25
"""So many bytes stand around a part, and around a mistake of it."""
MOST_MISTAKES, FEWEST_OF_PART = 96, 4
"""So many mistakes are told of all parts together, and of each one however many parts there are."""

Seed = Annotated[int | None, Query(ge=0, le=2**53)]
Position = Annotated[int | None, Query(ge=-1, le=100_000)]


@dataclass(frozen=True, slots=True)
class Card:
    """A part with its letter, the way to its answer, and the likeliest of its mistakes."""

    part: SolvedPart
    letter: str
    blocks: tuple[Block, ...]
    mistakes: tuple[KnownMistake, ...]


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways to the answers of a variant, which says alone whether two of them are the same.

    *around* is how many bytes are written beside them.
    """

    variant: Variant
    parts: Sequence[SolvedPart] = field(compare=False)
    given: Sequence[Any] = field(compare=False)
    around: int = field(compare=False)


@router.get(f"{POSED}/solution")
def solution_page(
    assignment: UUID, problem: str, here: PageDep, seed: Seed = None, position: Position = None
) -> Response:
    """Return the worked solution with the student's own numbers, or for staff with any numbers."""
    with here.reading() as session:
        posed = here.posed(session, assignment, problem)
        seat = take_seat(session, posed, Choice(seed, position), now=here.now)
        view = solution_view(session, seat, variants=here.service.variants)
        variant = seat.variant(session, here.service.variants)
        crumbs = _crumbs(seat)
    return page(
        here,
        "student/solution.html",
        title=f"Solution: {view.title}",
        crumbs=crumbs,
        tab="assignments",
        view=view,
        cards=solved_cards(view, variant),
        path=f"/assignments/{assignment}/problems/{problem}",
        seat=seat,
        seed=variant.seed,
    )


def _crumbs(seat: Seat) -> tuple[Crumb, ...]:
    course, assignment = seat.posed.member.course, seat.posed.assignment
    return (
        Crumb(course.title, f"/courses/{course.id}"),
        Crumb(assignment.title, f"/assignments/{assignment.id}"),
        Crumb("Problem", f"/assignments/{assignment.id}/problems/{seat.posed.problem.slug}"),
    )


def solved_cards(view: SolutionView, variant: Variant) -> tuple[Card, ...]:
    """Return a card for each part, with its way drawn."""
    given = [plain(one) for one in variant.names.values() if isinstance(one, Tensor)]
    told = _told(view)
    blocks = drawn_ways(Ways(variant, view.parts, given, _around(view, told)))
    return tuple(
        Card(
            part=part,
            letter=part_letter(at),
            blocks=way,
            mistakes=told[part.id],
        )
        for at, (part, way) in enumerate(zip(view.parts, blocks, strict=True))
    )


def _told(view: SolutionView) -> dict[str, tuple[KnownMistake, ...]]:
    """Return which mistakes are told of each part; they come with the likeliest first."""
    each = max(MOST_MISTAKES // (len(view.parts) or 1), FEWEST_OF_PART)
    return {part.id: part.mistakes[:each] for part in view.parts}


def _around(view: SolutionView, told: Mapping[str, tuple[KnownMistake, ...]]) -> int:
    """Return in how many bytes about the text of a problem is sent, with what is asked in it."""
    return len(view.statement.encode()) + sum(
        CARD
        + len(f"{part.title}{part.prompt}".encode())
        + sum(MISTAKE + len(f"{said(one.answer)}{one.said}".encode()) for one in told[part.id])
        for part in view.parts
    )


@lru_cache(maxsize=KEPT)
def drawn_ways(ways: Ways) -> tuple[tuple[Block, ...], ...]:
    """Return what is drawn of a variant, made once."""
    return drawn(ways.parts, ways.given, room=ROOM - ways.around)
