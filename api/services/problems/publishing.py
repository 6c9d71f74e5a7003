"""Publication of many problems: an executor's workers check, draw and solve them.

A job takes a problem's text and returns plain data, so it can run in any process. Nothing is drawn
or solved later, when a student opens the problem.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from time import process_time
from typing import Any, Final, TypeAlias

from api.core.worker_pool import DeadlineExceeded
from api.markup.markdown import find_formula_errors
from api.markup.tex import TexUnavailableError
from grader import ENGINE
from grader.definitions.problem import Problem
from grader.errors import GraderError
from grader.registry import Registry
from grader.variants.variant import Variant, solve_variant
from problems.checks.checker import CheckResult, check_text
from problems.publish import Publication, SeedReport
from problems.registry import REGISTRY
from problems.variant_serialization import dump_variant, rekey_variant

OPERATOR_DEADLINE_SECONDS: Final = 900.0
"""Deadline for one problem that an operator publishes, such as one of the bank."""
MAX_VARIANT_SECONDS: Final = 5.0
"""Maximum processor time of one variant: the slowest, or the mean with all checks.

The serving process solves some variants again, for worked solutions and for answers
that follow from earlier ones. Those of the bank take 0.03 s at most.
"""
VARIANT_TOO_SLOW: Final = (
    "one variant takes {seconds:.0f} s of processor time to compute; the limit "
    f"is {MAX_VARIANT_SECONDS:.0f} s; use smaller numbers or tensors, or a "
    "simpler key"
)
SEEDS_TO_CHECK: Final = 5
"""Number of seeds to try for a version whose variants exist already."""


@dataclass(frozen=True, slots=True)
class ProblemSource:
    """Problem to publish: its id, the text of its file, and its existing variants.

    If *stored_variants* holds variants of an earlier version with the same draw block, these stay,
    in order and with their numbers, and no seeds are tried.
    """

    id: str
    text: str
    stored_variants: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class PublishedProblem:
    """Problem version with all its variants, as plain data.

    *variants* holds results of `dump_variant`, the original first if there is one, with seed None;
    students draw from those with a seed. *parts* is the result of `summarize_parts`. *report* says
    how the seeds were chosen and holds the checker's warnings; *rekeyed* says that the variants
    were kept.
    """

    id: str
    title: str
    topic: str
    difficulty: int
    points: Fraction
    parts: tuple[Mapping[str, str], ...]
    draw_hash: str
    marking_hash: str
    engine: str
    report: Mapping[str, Any]
    variants: tuple[Mapping[str, Any], ...]
    rekeyed: bool = False


@dataclass(frozen=True, slots=True)
class PublishFailure:
    """Problem that failed to publish, with the errors for its author to fix."""

    id: str
    errors: tuple[str, ...]


PublishOutcome: TypeAlias = PublishedProblem | PublishFailure


def publish_problems(
    sources: Sequence[ProblemSource], *, seeds: int, executor: Executor
) -> Iterator[PublishOutcome]:
    """Yield the outcome of each source, in order; a failure does not stop the others.

    Publishes up to *seeds* seeds of each, with the shipped book in every process. A problem fails
    if it misses the deadline of the executor or its worker dies.
    """
    futures = [executor.submit(publish_problem_source, source, seeds=seeds) for source in sources]
    for source, future in zip(sources, futures, strict=True):
        submit = partial(executor.submit, publish_problem_source, source, seeds=seeds)
        yield _await_outcome(source, future, submit)


def _await_outcome(
    source: ProblemSource,
    future: "Future[PublishOutcome]",
    submit_again: "Callable[[], Future[PublishOutcome]]",
) -> PublishOutcome:
    try:
        try:
            return future.result()
        except TexUnavailableError:
            return submit_again().result()
    except (DeadlineExceeded, BrokenExecutor, TexUnavailableError) as error:
        return PublishFailure(source.id, (f"publishing failed: {error}",))


def publish_problem_source(
    source: ProblemSource, *, seeds: int, registry: Registry = REGISTRY
) -> PublishOutcome:
    """Return the published problem or its failure; never raises an error caused by the problem.

    Raises `TexUnavailableError` if the converter of formulas does not answer.
    """
    try:
        return _check_and_publish(source, seeds, registry)
    except TexUnavailableError:
        raise
    except GraderError as error:
        return PublishFailure(source.id, (str(error),))
    except Exception as error:
        return PublishFailure(source.id, (f"publishing failed: {type(error).__name__}: {error}",))


def _check_and_publish(source: ProblemSource, seeds: int, registry: Registry) -> PublishOutcome:
    seeds_to_try = SEEDS_TO_CHECK if source.stored_variants else seeds
    started = process_time()
    checked = check_text(
        source.text,
        file=f"{source.id}.yaml",
        registry=registry,
        seeds=seeds_to_try,
        validator=find_formula_errors,
        clock=process_time,
    )
    problem = checked.problem
    if problem is not None and problem.id != source.id:
        return PublishFailure(
            source.id, (f"the id is {problem.id!r}, not {source.id!r}; make them the same",)
        )
    if problem is None or checked.publication is None or checked.report.errors:
        return PublishFailure(source.id, checked.report.errors)
    mean_seconds = (process_time() - started) / (1 + len(checked.publication.variants))
    seconds = max(mean_seconds, checked.publication.slowest_seconds)
    if seconds > MAX_VARIANT_SECONDS:
        return PublishFailure(source.id, (VARIANT_TOO_SLOW.format(seconds=seconds),))
    if any(variant["draw_hash"] == problem.draw_hash for variant in source.stored_variants):
        return _publish_with_rekeyed_variants(source, problem, checked, registry)
    if source.stored_variants:
        return publish_problem_source(
            ProblemSource(source.id, source.text), seeds=seeds, registry=registry
        )
    return _build_published(
        problem, checked, _collect_variants(problem, checked.publication, registry), registry
    )


def _collect_variants(
    problem: Problem, publication: Publication, registry: Registry
) -> tuple[Variant, ...]:
    """Return the original, if there is one, and the variants of the published seeds."""
    original = (solve_variant(problem, None, registry),) if problem.has_original else ()
    return (*original, *publication.variants)


def _publish_with_rekeyed_variants(
    source: ProblemSource, problem: Problem, checked: CheckResult, registry: Registry
) -> PublishOutcome:
    """Return the problem with its existing variants and recomputed keys and mistakes."""
    variants = tuple(
        rekey_variant(variant, problem, registry) for variant in source.stored_variants
    )
    failed = Counter(
        f"parts.{part}.key: {reason}"
        for variant in variants
        for part, reason in variant.failures.items()
    )
    if failed:
        return PublishFailure(
            source.id,
            tuple(
                f"{said} ({count} of {len(variants)} variants that students have)"
                for said, count in failed.items()
            ),
        )
    return _build_published(problem, checked, variants, registry, is_rekeyed=True)


def _build_published(
    problem: Problem,
    checked: CheckResult,
    variants: tuple[Variant, ...],
    registry: Registry,
    *,
    is_rekeyed: bool = False,
) -> PublishedProblem:
    return PublishedProblem(
        id=problem.id,
        title=problem.title,
        topic=problem.topic,
        difficulty=problem.difficulty,
        points=sum((Fraction(part.points) for part in problem.parts), Fraction(0)),
        parts=summarize_parts(problem),
        draw_hash=problem.draw_hash,
        marking_hash=problem.marking_hash,
        engine=ENGINE,
        report=_build_report(checked, has_walked=not is_rekeyed),
        variants=tuple(dump_variant(variant, registry) for variant in variants),
        rekeyed=is_rekeyed,
    )


def summarize_parts(problem: Problem) -> tuple[dict[str, str], ...]:
    """Return id, kind, points and title (if any) of each part, for lists and grades."""
    return tuple(
        {"id": part.id, "kind": part.kind, "points": str(part.points)}
        | ({"title": part.title} if part.title else {})
        for part in problem.parts
    )


def _build_report(checked: CheckResult, *, has_walked: bool) -> dict[str, Any]:
    """Return the publication report for staff as JSON data."""
    seed_report = checked.report.seeds or SeedReport("")
    return {
        "walked": seed_report.walked if has_walked else 0,
        "refused": dict(seed_report.refused) if has_walked else {},
        "inert": {part: sorted(ids) for part, ids in seed_report.inert.items()},
        "together": {
            part: [list(pair) for pair in pairs] for part, pairs in seed_report.together.items()
        },
        "accepted": dict(checked.report.accepted),
        "warnings": list(checked.report.warnings),
    }
