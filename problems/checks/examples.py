"""Grading of known answers: samples made from the keys, and the author's examples."""

from collections.abc import Iterator

from grader.definitions.problem import AnyPart, Expectation, Problem
from grader.grading.grade import grade
from grader.grading.result import PartResult
from grader.kinds import KINDS
from grader.reading import RawAnswer
from grader.reading.grammar.errors import truncate_line
from grader.registry import Registry
from grader.variants.variant import Variant, solve_variant
from problems.checks.texts import format_variant_label


def find_sample_answer_errors(variants: list[Variant], registry: Registry) -> Iterator[str]:
    """Yield an error for each part where an answer made from the key is not correct.

    Each part is reported once.
    """
    reported: set[str] = set()
    for variant in variants:
        for part in variant.problem.parts:
            if part.id in variant.failures or KINDS[part.kind].by_person:
                continue
            samples = KINDS[part.kind].build_samples(part, variant.keys[part.id])
            for answer in samples.right:
                result = _grade_part(variant, part.id, answer, registry)
                if result.status != "correct" and part.id not in reported:
                    reported.add(part.id)
                    yield (
                        f"parts.{part.id}: the key itself, typed {answer!r}, is {result.status}"
                        f" ({format_variant_label(variant)}): {result.feedback}"
                    )


def _grade_part(variant: Variant, part: str, answer: RawAnswer, registry: Registry) -> PartResult:
    results = grade(variant, {part: answer}, registry=registry)
    return next(result for result in results if result.part == part)


def find_example_errors(problem: Problem, registry: Registry) -> Iterator[str]:
    """Yield an error for each example that is not graded as the author expects."""
    for index, example in enumerate(problem.examples):
        variant = solve_variant(problem, example.seed, registry)
        results = {one.part: one for one in grade(variant, example.answers, registry=registry)}
        for part in problem.parts:
            if part.id in example.expect:
                path = f"examples.{index}.{part.id}"
                yield from _compare_with_expectation(
                    path, part, example.expect[part.id], results[part.id]
                )


def _compare_with_expectation(
    path: str, part: AnyPart, expected: Expectation, result: PartResult
) -> Iterator[str]:
    if result.status != expected.status:
        message = f"{path}: is {result.status}, expected {expected.status}: {result.feedback}"
        yield f"{message}{_accepted_answers_note(part, result)}"
    elif expected.mistakes is not None and set(expected.mistakes) != set(result.mistakes):
        mistakes = ", ".join(result.mistakes) or "none"
        yield f"{path}: names {mistakes}, expected {', '.join(expected.mistakes) or 'none'}"
    elif expected.credit is not None and result.credit != expected.credit:
        yield f"{path}: earns {result.credit}, expected {expected.credit}"


def _accepted_answers_note(part: AnyPart, result: PartResult) -> str:
    """Return a note on the accepted answers if the answer is a mistake, partial or wrong."""
    if result.status not in {"mistake", "partial", "wrong"}:
        return ""
    return (
        f" Accepted: {truncate_line(KINDS[part.kind].describe_accepted(part, result.counted_key))}."
    )
