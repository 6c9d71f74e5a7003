"""Lint for diagnosis: parts that name no mistakes, muted mistakes, and problems of few variants."""

from collections.abc import Iterator

from grader.definitions.parts import KeyedPart
from grader.definitions.problem import Problem
from grader.diagnosis.broad_mutations import enumerate_result_mutations
from grader.diagnosis.mutations import get_mutations
from grader.display.text import pluralize
from grader.kinds.choices import OptionsPart
from grader.kinds.sets import SetPart
from grader.kinds.tables.part import TablePart
from grader.registry import Registry
from grader.variants.plan import get_problem_plan
from problems.publish import MIN_VARIANTS, SeedReport


def find_parts_without_mistakes(problem: Problem, registry: Registry) -> Iterator[str]:
    """Yield a warning for each part whose key has neither wrong versions nor mutations.

    A key that is typed in, options and names have no mistakes of their own. The negative of the
    result, its double and the like do not count, because every key has them.
    """
    plan = get_problem_plan(problem, registry)
    for part in problem.parts:
        key = part.key_expression
        if not isinstance(part, KeyedPart) or isinstance(part, (OptionsPart, TablePart)):
            continue
        if key is None or key.is_literal or (isinstance(part, SetPart) and part.of == "name"):
            continue
        of_any_key = {tree for _, tree in enumerate_result_mutations(key.tree)}
        mutations = get_mutations(problem, part.id, registry)
        of_this_key = (mutation for mutation in mutations if mutation.tree not in of_any_key)
        if not (part.mistakes or plan.mistakes[part.id] or any(of_this_key)):
            yield (
                f"parts.{part.id}: no mistake is named here; compute the key with a solver, or add "
                "the mistakes that you expect"
            )


def find_variant_shortage(report: SeedReport, limit: int) -> Iterator[str]:
    """Yield a warning if fewer variants exist than would keep most students' numbers apart."""
    count = len(report.seeds)
    if report.walked and count < min(limit, MIN_VARIANTS):
        yield (
            f"params: only {pluralize(count, 'variant')} {'exists' if count == 1 else 'exist'}, so "
            f"students share numbers; widen the parameters to at least {MIN_VARIANTS}"
        )


def find_mistakes_equal_to_key(report: SeedReport) -> Iterator[str]:
    """Yield a warning for each mistake that gives the key in some of the published variants."""
    for part, counts in report.muted.items():
        for mistake, count in sorted(counts.items()):
            yield (
                f"parts.{part}: {mistake} gives the key in {count} of {len(report.seeds)} variants "
                "and is not named there, because no draw tells all mistakes from the keys; widen "
                "the parameters"
            )
