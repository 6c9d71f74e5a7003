"""A variant stored and reloaded as in the service, and differences in its grading."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from grader.definitions.problem import AnyPart
from grader.grading.explain import explain_result
from grader.grading.grade import grade
from grader.grading.result import PartResult
from grader.kinds import KINDS
from grader.reading import RawAnswer
from grader.registry import Registry
from grader.variants.variant import Variant
from problems.variant_serialization import (
    dump_variant,
    filter_stored_variant_line,
    load_variant,
    load_variant_for_parts,
)

__all__ = ["differences", "reload_variant", "sample_answers"]


def reload_variant(variant: Variant, book: Registry) -> dict[str, Variant]:
    """Return the variant reloaded from JSON: whole, and one part at a time as in a batch."""
    line = json.dumps(dump_variant(variant, book))
    problem = variant.problem
    loaded = {"whole": load_variant(json.loads(line), problem, book)}
    for part in problem.parts:
        data = json.loads(filter_stored_variant_line(line, [part.id]))
        loaded[part.id] = load_variant_for_parts(data, problem, book, [part.id])
    return loaded


def sample_answers(variant: Variant, part: AnyPart) -> list[RawAnswer]:
    """Return right, wrong and unreadable answers, and those that known mistakes lead to."""
    kind, key = KINDS[part.kind], variant.keys.get(part.id)
    samples = kind.build_samples(part, key)
    known = variant.mistakes.get(part.id)
    mistaken = [kind.format_key(one.value, part) for one in known.candidates] if known else []
    return [*samples.right, *samples.wrong, *samples.unreadable, *mistaken]


def differences(
    variant: Variant, book: Registry, answers: Mapping[str, Sequence[RawAnswer]] | None = None
) -> list[str]:
    """Return where the reloaded variant grades differently.

    *answers* defaults to the sample answers of each part.
    """
    if answers is None:
        answers = {part.id: sample_answers(variant, part) for part in variant.problem.parts}
    return [
        f"{variant.problem.id}.{part}, loaded {how}: {typed!r} is {verdicts[1]}, was {verdicts[0]}"
        for how, loaded in reload_variant(variant, book).items()
        for part, texts in answers.items()
        if how in {"whole", part}
        for typed in texts
        if len(set(verdicts := [*_verdicts((variant, loaded), part, typed, book)])) > 1
    ]


def _verdicts(
    variants: Sequence[Variant], part: str, typed: RawAnswer, book: Registry
) -> Iterator[tuple[Any, ...]]:
    for variant in variants:
        results = grade(variant, {part: typed}, registry=book)
        yield _verdict(next(one for one in results if one.part == part), variant)


def _verdict(result: PartResult, variant: Variant) -> tuple[Any, ...]:
    told = result.status, result.credit, result.mistakes, result.feedback, result.read_as
    return (*told, explain_result(result, variant.problem.get_part(result.part), variant))
