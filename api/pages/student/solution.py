"""Worked solutions: the steps to each answer, with drawings where they help."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query
from fastapi.responses import Response

from api.pages.drawing import SolutionBlock, build_solution_blocks
from api.pages.layout.formatting import part_letter, replace_hyphens_with_minus_signs
from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.router import PageDep, PageRouter
from api.schemas.student.solution import KnownMistake, SolutionView, SolvedPart
from api.services.student.problem_session import ProblemSession, VariantChoice, open_problem_session
from api.services.student.solution import load_solution_view
from grader.values import Tensor
from grader.variants.variant import Variant
from problems.publish import to_json_data

router = PageRouter()

PROBLEM_PATH: Final = "/assignments/{assignment}/problems/{problem}"
DRAWING_CACHE_SIZE: Final = 256
MAX_PARTS_BYTES: Final = 25_000
"""Size limit of all parts together, met by leaving out frames where possible."""
PART_OVERHEAD_BYTES, MISTAKE_OVERHEAD_BYTES = 520, 25
"""Size of the markup around a part, and around one of its mistakes."""
MAX_MISTAKES, MIN_MISTAKES_PER_PART, MAX_MISTAKES_BESIDE_DRAWINGS = 96, 4, 5
"""Limit on the mistakes shown for all parts together, and the least limit per part."""

Seed = Annotated[int | None, Query(ge=0, le=2**53)]
Position = Annotated[int | None, Query(ge=-1, le=100_000)]


@dataclass(frozen=True, slots=True)
class SolutionCard:
    """A part with its letter, the steps to its answer and its most likely mistakes."""

    part: SolvedPart
    letter: str
    blocks: tuple[SolutionBlock, ...]
    mistakes: tuple[KnownMistake, ...]


@dataclass(frozen=True, slots=True)
class SolutionDrawingInput:
    """Arguments of `draw_solution`; as a cache key, only *variant* is compared.

    *text_bytes* is the size of the text without the drawings.
    """

    variant: Variant
    parts: Sequence[SolvedPart] = field(compare=False)
    problem_arrays: Sequence[Any] = field(compare=False)
    text_bytes: int = field(compare=False)


@router.get(f"{PROBLEM_PATH}/solution")
def solution_page(
    assignment: UUID, problem: str, context: PageDep, seed: Seed = None, position: Position = None
) -> Response:
    """Return the worked solution of the student's variant; staff can select any variant."""
    with context.reading() as session:
        assigned_problem = context.authorize_problem(session, assignment, problem)
        problem_session = open_problem_session(
            session, assigned_problem, VariantChoice(seed, position), now=context.now
        )
        view = load_solution_view(session, problem_session, variants=context.service.variants)
        variant = problem_session.load_variant(session, context.service.variants)
        crumbs = _build_breadcrumbs(problem_session)
    return render_page(
        context,
        "student/solution.html",
        title=f"Solution: {view.title}",
        crumbs=crumbs,
        tab="assignments",
        view=view,
        cards=build_solution_cards(view, variant),
        path=f"/assignments/{assignment}/problems/{problem}",
        seat=problem_session,
        seed=variant.seed,
    )


def _build_breadcrumbs(problem_session: ProblemSession) -> tuple[Breadcrumb, ...]:
    course, assignment = problem_session.assigned.member.course, problem_session.assigned.assignment
    return (
        Breadcrumb(course.title, f"/courses/{course.id}"),
        Breadcrumb(assignment.title, f"/assignments/{assignment.id}"),
        Breadcrumb(
            "Problem",
            f"/assignments/{assignment.id}/problems/{problem_session.assigned.problem.slug}",
        ),
    )


def build_solution_cards(view: SolutionView, variant: Variant) -> tuple[SolutionCard, ...]:
    """Return a card for each part, with its solution drawn."""
    problem_arrays = [
        to_json_data(name) for name in variant.names.values() if isinstance(name, Tensor)
    ]
    mistakes_by_part = _limit_mistakes(view, has_drawings=bool(problem_arrays))
    blocks = draw_solution(
        SolutionDrawingInput(
            variant, view.parts, problem_arrays, _count_text_bytes(view, mistakes_by_part)
        )
    )
    return tuple(
        SolutionCard(
            part=part,
            letter=part_letter(index),
            blocks=way,
            mistakes=mistakes_by_part[part.id],
        )
        for index, (part, way) in enumerate(zip(view.parts, blocks, strict=True))
    )


def _limit_mistakes(
    view: SolutionView, *, has_drawings: bool
) -> dict[str, tuple[KnownMistake, ...]]:
    """Return the mistakes to show for each part, most likely first."""
    limit = max(MAX_MISTAKES // (len(view.parts) or 1), MIN_MISTAKES_PER_PART)
    if has_drawings:
        limit = min(limit, MAX_MISTAKES_BESIDE_DRAWINGS)
    return {part.id: part.mistakes[:limit] for part in view.parts}


def _count_text_bytes(
    view: SolutionView, mistakes_by_part: Mapping[str, tuple[KnownMistake, ...]]
) -> int:
    """Return the approximate size of a problem's text in bytes, with prompts and mistakes."""
    return len(view.statement.encode()) + sum(
        PART_OVERHEAD_BYTES
        + len(f"{part.title}{part.prompt}".encode())
        + sum(
            MISTAKE_OVERHEAD_BYTES
            + len(f"{replace_hyphens_with_minus_signs(one.answer)}{one.hint}".encode())
            for one in mistakes_by_part[part.id]
        )
        for part in view.parts
    )


@lru_cache(maxsize=DRAWING_CACHE_SIZE)
def draw_solution(drawing_input: SolutionDrawingInput) -> tuple[tuple[SolutionBlock, ...], ...]:
    """Return the drawn solution of a variant, cached."""
    return build_solution_blocks(
        drawing_input.parts,
        drawing_input.problem_arrays,
        max_bytes=MAX_PARTS_BYTES - drawing_input.text_bytes,
    )
