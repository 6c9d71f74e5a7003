"""Known wrong answers: the results of mistakes that the engine can run.

A wrong version of a solver replaces the solver in a key, and in the keys of the earlier parts that
the key names, in every call or in one of them. The result is the answer of a student who makes that
mistake. If the answer is large or a tensor, pairs of mistakes are tried too, even in one and the
same solver if one of the two only changes its arguments.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple

from grader.definitions.parts import KeyedPart
from grader.definitions.problem import AnyPart, Problem
from grader.diagnosis.mistaken_answers import Keys, MistakenAnswers, build_scope, solve_key_or_none
from grader.errors import SolverError
from grader.kinds import KINDS
from grader.registry import RARE_RANK, Registry
from grader.values import Number, Tensor, Value, absolute_value, is_number
from grader.variants.plan import get_problem_plan

AUTHOR_RANK: Final = 1000
MIN_NUMBER_FOR_PAIRS: Final = 1000
MIN_PAIR_DENOMINATOR: Final = 10
"""Smallest denominator of a fraction that is evidence of two mistakes; 1/2 comes by chance."""
MIN_DISTINCTIVE_KEY: Final = 100
MIN_RATIO_TO_CHANCE: Final = 5
MIN_RARE_NUMBER: Final = 30
"""Smallest whole number that is evidence of a rare mistake; a slip gives smaller ones by chance."""
HINT_SEPARATOR: Final = " And: "
CACHED_HINTS: Final = 4096
"""Size of the cache of hints for mistakes and pairs of mistakes."""


class MistakeCandidate(NamedTuple):
    """A wrong answer and the mistake, or the two mistakes, that lead to it.

    *rank* orders candidates of the same value: the author's own first, then by the frequency of the
    mistake, or of the two.
    """

    ids: tuple[str, ...]
    value: Value
    rank: int
    hint: str
    credit: Number = 0


@dataclass(frozen=True, slots=True)
class KnownMistakes:
    """The known wrong answers to a part, the likeliest first.

    *hidden* are the mistakes that the numbers hide: made in any call, they still give the key.
    """

    candidates: tuple[MistakeCandidate, ...] = ()
    hidden: frozenset[str] = frozenset()


NO_MISTAKES: Final = KnownMistakes()


def build_candidate(ids: tuple[str, ...], value: Value, registry: Registry) -> MistakeCandidate:
    """Return a candidate: the wrong answer *value* with the mistakes *ids* of *registry*."""
    shared_ids, rank, hint = _combine_ranks_and_hints(ids, registry)
    return MistakeCandidate(shared_ids, value, rank, hint)


@lru_cache(maxsize=CACHED_HINTS)
def _combine_ranks_and_hints(
    ids: tuple[str, ...], registry: Registry
) -> tuple[tuple[str, ...], int, str]:
    """Return *ids* for all candidates to share, with the rank and the hint of the mistakes."""
    mistakes = [registry.mistakes[mistake] for mistake in ids]
    rank = sum(mistake.rank for mistake in mistakes)
    return ids, rank, HINT_SEPARATOR.join(mistake.hint for mistake in mistakes)


def find_known_mistakes(
    problem: Problem,
    names: Mapping[str, Value],
    keys: Keys,
    registry: Registry,
    *,
    parts: Collection[str] | None = None,
) -> dict[str, KnownMistakes]:
    """Return the known wrong answers by part, for all parts of a variant or only for *parts*.

    *names* are the parameters, *keys* the right answers.
    """
    plan = get_problem_plan(problem, registry)
    requested_parts = [part for part in problem.parts if parts is None or part.id in parts]
    needed = {one for part in requested_parts for one in (part.id, *plan.dependencies[part.id])}
    mistaken_answers = MistakenAnswers(problem, plan, names, keys, registry, needed=needed)
    return {
        part.id: _build_known_mistakes(
            part,
            keys,
            [
                *_iterate_author_candidates(part, names, keys, registry),
                *_iterate_wrong_version_candidates(part, mistaken_answers),
            ],
        )
        for part in requested_parts
    }


def find_hidden_mistakes(
    problem: Problem,
    names: Mapping[str, Value],
    keys: Keys,
    registry: Registry,
    *,
    among: Mapping[str, Collection[str]],
) -> dict[str, frozenset[str]]:
    """Return, by part, which of the mistakes in *among* the numbers hide.

    The result agrees with `find_known_mistakes`, but no other mistakes are run.
    """
    plan = get_problem_plan(problem, registry)
    requested_parts = [part for part in problem.parts if among.get(part.id)]
    needed = {one for part in requested_parts for one in (part.id, *plan.dependencies[part.id])}
    mistaken_answers = MistakenAnswers(problem, plan, names, keys, registry, needed=needed)
    hidden_by_part = {part.id: frozenset[str]() for part in problem.parts}
    for part in requested_parts:
        ids = among[part.id]
        author_candidates = (
            one
            for one in _iterate_author_candidates(part, names, keys, registry)
            if one.ids[0] in ids
        )
        hidden_by_part[part.id] = _build_known_mistakes(
            part,
            keys,
            [
                *author_candidates,
                *_iterate_wrong_version_candidates(part, mistaken_answers, among=ids),
            ],
        ).hidden
    return hidden_by_part


def find_carried_mistakes(
    problem: Problem, part: AnyPart, names: Mapping[str, Value], keys: Keys, registry: Registry
) -> KnownMistakes:
    """Return the known wrong answers to *part* if *keys* hold the student's carried answers.

    Mistakes are run in the key of *part* alone.
    """
    mistaken_answers = MistakenAnswers(
        problem, get_problem_plan(problem, registry), names, keys, registry, needed=(part.id,)
    )
    carried_keys = {part.id: solve_key_or_none(part, build_scope(names, keys, registry))}
    return _build_known_mistakes(
        part,
        carried_keys,
        [
            *_iterate_author_candidates(part, names, keys, registry),
            *_iterate_wrong_version_candidates(part, mistaken_answers),
        ],
    )


def find_mistake_pairs(
    problem: Problem,
    part: AnyPart,
    names: Mapping[str, Value],
    keys: Keys,
    registry: Registry,
    *,
    known: KnownMistakes = NO_MISTAKES,
) -> KnownMistakes:
    """Return the wrong answers from two mistakes at once, without those *known* from one alone.

    They are only computed if the answer is specific enough: a tensor, a fraction, or a number of
    four or more digits.
    """
    key = keys.get(part.id)
    if not isinstance(key, (Tensor, Fraction)) and not (
        is_number(key) and absolute_value(key) >= MIN_NUMBER_FOR_PAIRS
    ):
        return NO_MISTAKES
    plan = get_problem_plan(problem, registry)
    mistaken_answers = MistakenAnswers(
        problem, plan, names, keys, registry, needed=(*plan.dependencies[part.id], part.id)
    )
    alone = {candidate.value for candidate in known.candidates}
    candidates = []
    for pair in plan.mistake_pairs[part.id]:
        value = mistaken_answers.compute_at_all_sites(*pair).get(part.id)
        if isinstance(key, Fraction) and not (value is not None and is_specific_pair_value(value)):
            continue
        if value is not None and value not in alone:
            candidates.append(build_candidate(pair, value, registry))
    return _build_known_mistakes(part, keys, candidates)


def is_specific_pair_value(value: Value) -> bool:
    """Return whether *value* is too specific for two mistakes to give it by chance."""
    if not is_number(value):
        return isinstance(value, Tensor)
    return (
        absolute_value(value) >= MIN_NUMBER_FOR_PAIRS or value.denominator >= MIN_PAIR_DENOMINATOR
    )


def _build_known_mistakes(
    part: AnyPart, keys: Keys, candidates: Iterable[MistakeCandidate]
) -> KnownMistakes:
    """Return the candidates without duplicates and without those that equal the key."""
    key = keys.get(part.id)
    listed: dict[tuple[str, ...], list[MistakeCandidate]] = {}
    hidden: set[str] = set()
    for candidate in candidates:
        if is_rare(candidate) and not _is_specific_value(candidate.value):
            continue
        if candidate.value == key:
            hidden.update(() if is_rare(candidate) else candidate.ids)
        elif all(candidate.value != other.value for other in listed.setdefault(candidate.ids, [])):
            listed[candidate.ids].append(candidate)
    ordered = sorted(
        _drop_coincidental_candidates(listed.values(), key), key=lambda item: -item.rank
    )
    return KnownMistakes(
        tuple(ordered), frozenset(hidden - {ids[0] for ids in listed if listed[ids]})
    )


def is_rare(candidate: MistakeCandidate) -> bool:
    """Return whether *candidate* has one mistake, and a rare one."""
    return candidate.rank <= RARE_RANK


def _is_specific_value(value: Value) -> bool:
    """Return whether *value* is too specific for a slip to give it by chance."""
    return not isinstance(value, int) or abs(value) >= MIN_RARE_NUMBER


def _drop_coincidental_candidates(
    groups: Iterable[list[MistakeCandidate]], key: Value | None
) -> Iterator[MistakeCandidate]:
    """Yield the wrong answers that are evidence of their mistake; *groups* has a list per mistake.

    If the key is a small integer N, a slip hits any other small integer by chance, with a
    probability of about 1/N. Therefore a mistake in one call alone must be five times as likely,
    measured by its share of the ranks, divided among the answers that it gives. It stays if a
    mistake in all calls gives the same answer, so that the more frequent of the two is named.
    """
    nonempty_groups = [group for group in groups if group]
    if not isinstance(key, int) or abs(key) >= MIN_DISTINCTIVE_KEY:
        yield from (one for group in nonempty_groups for one in group)
        return
    total = sum(
        group[0].rank
        for group in nonempty_groups
        if group[0].rank != AUTHOR_RANK and not is_rare(group[0])
    )
    first = [group[0].value for group in nonempty_groups if not is_rare(group[0])]
    for group in nonempty_groups:
        likely = group[0].rank * abs(key) >= MIN_RATIO_TO_CHANCE * total * len(group)
        for candidate in group:
            is_first = candidate.value in first or (is_rare(candidate) and candidate is group[0])
            if likely or is_first or not isinstance(candidate.value, int):
                yield candidate


def _iterate_author_candidates(
    part: AnyPart, names: Mapping[str, Value], keys: Keys, registry: Registry
) -> Iterator[MistakeCandidate]:
    if not isinstance(part, KeyedPart):
        return
    scope = build_scope(names, keys, registry)
    for mistake in part.mistakes:
        wrong = part.model_copy(update={"key": mistake.key})
        try:
            value = KINDS[part.kind].solve(wrong, scope)
            hint = mistake.say.fill(scope)
        except SolverError:
            continue
        if value is not None:
            yield MistakeCandidate((mistake.id,), value, AUTHOR_RANK, hint, mistake.credit)


def _iterate_wrong_version_candidates(
    part: AnyPart, mistaken_answers: MistakenAnswers, *, among: Collection[str] | None = None
) -> Iterator[MistakeCandidate]:
    """Yield the answers of each mistake (of *among*, if given) in all calls, then at each site."""
    for mistake, sites in mistaken_answers.plan.mistakes[part.id].items():
        if among is not None and mistake not in among:
            continue
        answer_sets = [
            mistaken_answers.compute_at_all_sites(mistake),
            *(mistaken_answers.compute_at_site(mistake, site) for site in sites),
        ]
        for answers in answer_sets:
            value = answers.get(part.id)
            if value is not None:
                yield build_candidate((mistake,), value, mistaken_answers.registry)
