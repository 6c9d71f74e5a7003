"""Preview of a problem file that is being written: its original as a student would see it.

The job runs in a worker process of the publishing pool, within the deadline of checks, because an
unfinished file may be as expensive as any other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from api.core.errors import FieldError
from api.schemas.student.problem import PartAsked, ProblemNumber
from api.services.problems.problem_errors import DEFAULT_FILE_NAME, to_field_errors
from api.services.student.questions import (
    render_statement,
    serialize_numbers,
    serialize_question,
)
from grader.definitions.problem import Problem
from grader.errors import DrawError, GraderError, ProblemError
from grader.kinds import KINDS
from grader.variants.variant import Variant, draw_values, solve_keys
from problems.files.loader import load_problem
from problems.registry import REGISTRY

SEEDS_TO_TRY: Final = 20
"""Number of seeds of which the first with a draw is displayed, where there is no original."""


@dataclass(frozen=True, slots=True)
class StudentPreview:
    """One variant of a problem; *seed* is None for the original.

    *keys* holds the right answers by part as text, and *failures* the reasons for those that could
    not be computed.
    """

    id: str
    title: str
    seed: int | None
    statement: str
    numbers: tuple[ProblemNumber, ...]
    parts: tuple[PartAsked, ...]
    keys: Mapping[str, str]
    failures: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PreviewOutcome:
    """A preview, or the errors for which there is none."""

    preview: StudentPreview | None = None
    errors: tuple[FieldError, ...] = ()


def preview_problem_text(text: str) -> PreviewOutcome:
    """Return the preview of the file *text*; never raises an error caused by the file."""
    try:
        problem = load_problem(text, file=DEFAULT_FILE_NAME, registry=REGISTRY)
        return PreviewOutcome(_build_preview(problem))
    except ProblemError as error:
        return PreviewOutcome(errors=to_field_errors(error))
    except GraderError as error:
        return _build_failure(str(error))
    except Exception as error:
        return _build_failure(f"the preview failed: {type(error).__name__}: {error}")


def _build_failure(message: str) -> PreviewOutcome:
    return PreviewOutcome(errors=(FieldError("", message, DEFAULT_FILE_NAME),))


def _build_preview(problem: Problem) -> StudentPreview:
    variant = _draw_variant(problem)
    return StudentPreview(
        id=problem.id,
        title=problem.title,
        seed=variant.seed,
        statement=render_statement(variant),
        numbers=serialize_numbers(variant),
        parts=tuple(serialize_question(part, variant) for part in problem.parts),
        keys={
            part.id: KINDS[part.kind].format_key(variant.keys[part.id], part)
            for part in problem.parts
            if variant.keys.get(part.id) is not None
        },
        failures=dict(variant.failures),
    )


def _draw_variant(problem: Problem) -> Variant:
    """Return the original, or the variant of the first seed that has a draw."""
    if problem.has_original or not problem.has_drawn_params:
        return _solve_variant(problem, None)
    for seed in range(SEEDS_TO_TRY - 1):
        try:
            return _solve_variant(problem, seed)
        except DrawError:
            continue
    return _solve_variant(problem, SEEDS_TO_TRY - 1)


def _solve_variant(problem: Problem, seed: int | None) -> Variant:
    """Return a variant with keys, which say how large arrays are, and without mistakes."""
    names = draw_values(problem, seed, REGISTRY)
    keys, failures = solve_keys(problem, names, REGISTRY)
    return Variant(problem, seed, names, keys, failures, {})
