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
from api.markup.markdown import formula_faults
from api.markup.tex import TexUnavailableError
from grader import ENGINE
from grader.book import Book
from grader.definitions.problem import Problem
from grader.errors import GraderError
from grader.variants.variant import Variant, solve
from problems.book import BOOK
from problems.check import Checked, check_text
from problems.publish import Publication, SeedReport
from problems.stored import dump_variant, rekey_variant

__all__ = [
    "OPERATOR_DEADLINE_SECONDS",
    "Failed",
    "Outcome",
    "Published",
    "Source",
    "publish_all",
    "publish_one",
    "summary_of_parts",
]

OPERATOR_DEADLINE_SECONDS: Final = 900.0
"""How long one problem may take that an operator publishes, such as one of the bank."""
MAX_VARIANT_SECONDS: Final = 5.0
"""Processor time for one variant, the slowest or the mean with all checks. The process that serves
solves some again, for worked solutions and for answers that follow from earlier ones. Those of the
bank take 0.03 s at most."""
TOO_COSTLY: Final = (
    "one variant takes {seconds:.0f} s of processor time to work out, "
    f"the limit is {MAX_VARIANT_SECONDS:.0f} s; use smaller numbers or tensors, or a simpler key"
)
SEEDS_TO_CHECK: Final = 5
"""How many seeds are tried with a version whose variants are there already."""


@dataclass(frozen=True, slots=True)
class Source:
    """Problem to publish: its id, the text of its file, and its existing variants.

    If *kept* holds variants of an earlier version with the same draw block, these stay, in order
    and with their numbers, and no seeds are tried.
    """

    id: str
    text: str
    kept: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Published:
    """Problem version with all its variants, as plain data.

    *variants* holds results of `dump_variant`, the original first if there is one, with seed None;
    students draw from those with a seed. *parts* is the result of `summary_of_parts`. *report* says
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
class Failed:
    """Problem that failed to publish, with the errors for its author to fix."""

    id: str
    errors: tuple[str, ...]


Outcome: TypeAlias = Published | Failed


def publish_all(sources: Sequence[Source], *, seeds: int, executor: Executor) -> Iterator[Outcome]:
    """Yield the outcome of each source, in order; a failure does not stop the others.

    Publishes up to *seeds* seeds of each, with the shipped book in every process. A problem fails
    if it misses the deadline of the executor or its worker dies.
    """
    futures = [executor.submit(publish_one, source, seeds=seeds) for source in sources]
    for source, future in zip(sources, futures, strict=True):
        submit = partial(executor.submit, publish_one, source, seeds=seeds)
        yield _ended(source, future, submit)


def _ended(
    source: Source, future: "Future[Outcome]", submit_again: "Callable[[], Future[Outcome]]"
) -> Outcome:
    try:
        try:
            return future.result()
        except TexUnavailableError:
            return submit_again().result()
    except (DeadlineExceeded, BrokenExecutor, TexUnavailableError) as error:
        return Failed(source.id, (f"publishing failed: {error}",))


def publish_one(source: Source, *, seeds: int, book: Book = BOOK) -> Outcome:
    """Return the published problem or its failure; never raises an error caused by the problem.

    Raises `TexUnavailableError` if the converter of formulas does not answer.
    """
    try:
        return _publish(source, seeds, book)
    except TexUnavailableError:
        raise
    except GraderError as error:
        return Failed(source.id, (str(error),))
    except Exception as error:
        return Failed(source.id, (f"publishing failed: {type(error).__name__}: {error}",))


def _publish(source: Source, seeds: int, book: Book) -> Outcome:
    walked = SEEDS_TO_CHECK if source.kept else seeds
    began = process_time()
    checked = check_text(
        source.text,
        file=f"{source.id}.yaml",
        book=book,
        seeds=walked,
        proof=formula_faults,
        clock=process_time,
    )
    problem = checked.problem
    if problem is not None and problem.id != source.id:
        return Failed(
            source.id, (f"the id is {problem.id!r}, not {source.id!r}; make them the same",)
        )
    if problem is None or checked.publication is None or checked.report.errors:
        return Failed(source.id, checked.report.errors)
    mean_seconds = (process_time() - began) / (1 + len(checked.publication.variants))
    seconds = max(mean_seconds, checked.publication.slowest_seconds)
    if seconds > MAX_VARIANT_SECONDS:
        return Failed(source.id, (TOO_COSTLY.format(seconds=seconds),))
    if any(one["draw_hash"] == problem.draw_hash for one in source.kept):
        return _rekeyed(source, problem, checked, book)
    if source.kept:
        return publish_one(Source(source.id, source.text), seeds=seeds, book=book)
    return _published(problem, checked, _walked(problem, checked.publication, book), book)


def _walked(problem: Problem, publication: Publication, book: Book) -> tuple[Variant, ...]:
    """Return the original, if there is one, and the variants of the published seeds."""
    original = (solve(problem, None, book),) if problem.has_original else ()
    return (*original, *publication.variants)


def _rekeyed(source: Source, problem: Problem, checked: Checked, book: Book) -> Outcome:
    """Return the problem with its existing variants and recomputed keys and mistakes."""
    variants = tuple(rekey_variant(one, problem, book) for one in source.kept)
    failed = Counter(
        f"parts.{part}.key: {reason}" for one in variants for part, reason in one.failures.items()
    )
    if failed:
        return Failed(
            source.id,
            tuple(
                f"{said} ({count} of {len(variants)} variants that students have)"
                for said, count in failed.items()
            ),
        )
    return _published(problem, checked, variants, book, rekeyed=True)


def _published(
    problem: Problem,
    checked: Checked,
    variants: tuple[Variant, ...],
    book: Book,
    *,
    rekeyed: bool = False,
) -> Published:
    return Published(
        id=problem.id,
        title=problem.title,
        topic=problem.topic,
        difficulty=problem.difficulty,
        points=sum((Fraction(part.points) for part in problem.parts), Fraction(0)),
        parts=summary_of_parts(problem),
        draw_hash=problem.draw_hash,
        marking_hash=problem.marking_hash,
        engine=ENGINE,
        report=_reported(checked, walked=not rekeyed),
        variants=tuple(dump_variant(one, book) for one in variants),
        rekeyed=rekeyed,
    )


def summary_of_parts(problem: Problem) -> tuple[dict[str, str], ...]:
    """Return id, kind, points and title (if any) of each part, for lists and grades."""
    return tuple(
        {"id": part.id, "kind": part.kind, "points": str(part.points)}
        | ({"title": part.title} if part.title else {})
        for part in problem.parts
    )


def _reported(checked: Checked, *, walked: bool) -> dict[str, Any]:
    """Return the publication report for staff as JSON data."""
    told = checked.report.seeds or SeedReport("")
    return {
        "walked": told.walked if walked else 0,
        "refused": dict(told.refused) if walked else {},
        "inert": {part: sorted(ids) for part, ids in told.inert.items()},
        "together": {part: [list(pair) for pair in pairs] for part, pairs in told.together.items()},
        "accepted": dict(checked.report.accepted),
        "warnings": list(checked.report.warnings),
    }
