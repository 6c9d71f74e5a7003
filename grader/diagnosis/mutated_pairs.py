"""Answers of students who make a mistake in the arithmetic of a key and another one in a solver.

They come after all other causes, so they need the most evidence: a number of four digits or more,
or one that is no whole number.
"""

from collections.abc import Mapping
from typing import Final

from grader.definitions.parts import KeyedPart
from grader.definitions.problem import AnyPart, Problem
from grader.diagnosis.mistaken_answers import Keys, MistakenAnswers, build_scope, solve_key_or_none
from grader.diagnosis.mistakes import (
    NO_MISTAKES,
    KnownMistakes,
    MistakeCandidate,
    build_candidate,
    is_specific_pair_value,
)
from grader.diagnosis.mutated_calls import SEQUENCE_FUNCTIONS
from grader.diagnosis.mutations import get_mutations
from grader.expressions.evaluate import Scope
from grader.registry import RARE_RANK, Registry
from grader.values import Value
from grader.variants.plan import get_problem_plan

MAX_MUTATIONS: Final = 16
MAX_MISTAKES: Final = 12
"""Numbers of mutations and of mistakes that are combined, the likeliest first."""
COMBINED_MUTATIONS: Final = frozenset(
    {
        "summand_left_out",
        "single_summand",
        "product_factor_left_out",
        "divisor_left_out",
        "complement_taken",
        "quotient_inverted",
    }
)
"""Mutations that are frequent enough to come together with another mistake."""


def find_mutated_pairs(
    problem: Problem, part: AnyPart, names: Mapping[str, Value], keys: Keys, registry: Registry
) -> KnownMistakes:
    """Return the answers to *part* from a mutation of its key and a mistake in a solver.

    *names* are the parameters and derived values, *keys* the right answers.
    """
    if not isinstance(part, KeyedPart) or part.key is None:
        return NO_MISTAKES
    if isinstance(keys.get(part.id), tuple):  # sizes of axes come by chance
        return NO_MISTAKES
    mutations = [
        (mutation, mutation.part)
        for mutation in get_mutations(problem, part.id, registry)
        if mutation.part is not None
        and not mutation.name
        and mutation.mistake in COMBINED_MUTATIONS
        and mutation.mistake not in part.ignore
        and mutation.mistake in registry.mistakes
    ][:MAX_MUTATIONS]
    plan = get_problem_plan(problem, registry)
    ranks = {mistake: registry.mistakes[mistake].rank for mistake in plan.mistakes[part.id]}
    mistakes = sorted(
        (mistake for mistake in ranks if ranks[mistake] > RARE_RANK),
        key=lambda mistake: -ranks[mistake],
    )[:MAX_MISTAKES]
    if not mutations or not mistakes:
        return NO_MISTAKES
    answers = MistakenAnswers(
        problem, plan, names, keys, registry, needed=(*plan.dependencies[part.id], part.id)
    )
    scope = build_scope(names, keys, registry)
    candidates: dict[object, MistakeCandidate] = {}
    for mistake in mistakes:
        changed = Scope(
            {**scope.names, **answers.compute_at_all_sites(mistake)},
            {**scope.functions, **registry.wrong_versions[mistake], **SEQUENCE_FUNCTIONS},
        )
        for mutation, mutated in mutations:
            value = solve_key_or_none(mutated, changed)
            if value is not None and value != keys.get(part.id) and is_specific_pair_value(value):
                candidate = build_candidate((mutation.mistake, mistake), value, registry)
                candidates.setdefault((candidate.ids, repr(value)), candidate)
    ordered = sorted(candidates.values(), key=lambda candidate: -candidate.rank)
    return KnownMistakes(tuple(ordered))
