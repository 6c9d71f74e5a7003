"""Answers of students who make a mistake in the arithmetic of a key or in its arguments.

They are the last resort: only an answer without another name is compared with them.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Final

from grader.definitions.parts import KeyedPart
from grader.definitions.problem import AnyPart, Problem
from grader.diagnosis.argument_mutations import SEQUENCE_FUNCTIONS
from grader.diagnosis.mistaken_answers import Keys, build_scope, solve_key_or_none
from grader.diagnosis.mistakes import (
    NO_MISTAKES,
    KnownMistakes,
    MistakeCandidate,
    build_candidate,
)
from grader.diagnosis.mutations import Mutation, get_mutations
from grader.errors import SolverError
from grader.expressions.evaluate import Scope, evaluate
from grader.registry import Registry
from grader.values import Value, is_number, magnitude

MIN_DISTINCTIVE_NUMBER: Final = 30
"""Smallest whole number that is evidence of a mutation; a slip gives smaller ones by chance."""
MIN_FAR_NUMBER: Final = 50
"""The same for `CLOSE_BY_CHANCE`."""
MIN_DISTINCTIVE_DENOMINATOR: Final = 12
"""Smallest denominator that is evidence of a mutation: 1/2 comes by chance."""
MIN_DISTINCTIVE_PRODUCT: Final = 60
"""Smallest product of numerator and denominator that is such evidence: 17/4, but not 5/2."""
CLOSE_BY_CHANCE: Final = frozenset(
    {
        "other_value_used",
        "entries_exchanged",
        "single_entry_used",
        "operands_exchanged",
        "sign_flipped",
        "other_item_used",
    }
)
"""Mistakes with many variants, of which one is close to the key by chance."""
LAST_RESORTS: Final = frozenset(
    {"other_item_used", "array_turned", "halved_for_doubled", "sign_of_result"}
)
"""Mistakes that are left out where another mutation gives the same answer."""
COMMON_MISTAKES: Final = frozenset(
    {"argument_left_out", "stopped_early", "rounded_otherwise", "sign_of_result"}
)
"""Mistakes with few variants that are likely enough to explain even a small number."""
MAX_SLIP: Final = 10
MAX_RELATIVE_SLIP: Final = Fraction(1, 5)
"""Differences of a whole number from the key that are no evidence of `CLOSE_BY_CHANCE`."""
MIN_LARGE_KEY: Final = 10_000
"""Smallest key with so many neighbors that a slip hits none of the mistakes by chance."""


def find_mutated_answers(
    problem: Problem,
    part: AnyPart,
    names: Mapping[str, Value],
    keys: Keys,
    registry: Registry,
    *,
    known: KnownMistakes = NO_MISTAKES,
) -> KnownMistakes:
    """Return the answers to *part* that follow from mutations of its key and of `let`.

    *names* are the parameters and derived values, *keys* the right answers. A mistake, also one of
    those *known*, may hold on one axis of a shape alone. Answers that equal the key are left out,
    and whole numbers that a slip gives by chance.
    """
    if not isinstance(part, KeyedPart) or part.key is None:
        return KnownMistakes()
    key = keys.get(part.id)
    scope = build_scope(names, keys, registry)
    scope = Scope(scope.names, {**scope.functions, **SEQUENCE_FUNCTIONS})
    candidates: dict[tuple[str, ...], MistakeCandidate] = {}
    in_key: set[str] = set()
    for mutation in get_mutations(problem, part.id):
        if mutation.mistake in part.ignore or mutation.mistake not in registry.mistakes:
            continue
        value = _compute_answer(problem, part, mutation, scope)
        if value is None or value == key or not _is_evidence(value, key, mutation.mistake):
            continue
        in_key |= set() if mutation.name else {repr(value)}
        location = mutation.name if mutation.name in problem.let else ""
        candidate = build_candidate((mutation.mistake,), value, registry)
        candidates.setdefault((mutation.mistake, repr(value), location), candidate)
    # A slip in what the question asks for is likelier than one in a value that it may give.
    candidates = _drop_last_resorts(
        {
            entry: candidate
            for entry, candidate in candidates.items()
            if not entry[-1] or entry[1] not in in_key
        }
    )
    _add_mixed_axes(candidates, key, known)
    return KnownMistakes(tuple(sorted(candidates.values(), key=lambda candidate: -candidate.rank)))


def _add_mixed_axes(
    candidates: dict[tuple[str, ...], MistakeCandidate], key: Value | None, known: KnownMistakes
) -> None:
    """Add the answers in which a mistake of *known* or *candidates* holds on one axis alone."""
    for candidate in (*known.candidates, *candidates.values()):
        for value in _mix_axes(candidate.value, key):
            if CLOSE_BY_CHANCE.intersection(candidate.ids) and not _is_far_from_key(value, key):
                continue
            if not any(value == other.value for other in known.candidates):
                mixed = candidate._replace(value=value)
                candidates.setdefault((*candidate.ids, repr(value)), mixed)


def _drop_last_resorts(
    candidates: Mapping[tuple[str, ...], MistakeCandidate],
) -> dict[tuple[str, ...], MistakeCandidate]:
    """Return *candidates* without the last resorts whose answer has another explanation."""
    explained = {entry[1] for entry in candidates if entry[0] not in LAST_RESORTS}
    remaining = {}
    for entry, candidate in candidates.items():
        if entry[0] in LAST_RESORTS and entry[1] in explained:
            continue
        explained.add(entry[1])
        remaining[entry] = candidate
    return remaining


def _compute_answer(
    problem: Problem, part: KeyedPart, mutation: Mutation, scope: Scope
) -> Value | None:
    """Return the answer to *part* with *mutation*, or None if it cannot be computed."""
    names = dict(scope.names)
    if mutation.part is not None:
        value = solve_key_or_none(mutation.part, scope)
        if value is None or not mutation.name:
            return value
        if not _may_be_carried(value, mutation.mistake):
            return None
        return solve_key_or_none(part, Scope({**names, mutation.name: value}, scope.functions))
    changed = False
    try:
        for name, expression in problem.let.items():
            if name == mutation.name:
                names[name] = evaluate(mutation.tree, Scope(names, scope.functions))
                changed = True
                if not _may_be_carried(names[name], mutation.mistake):
                    return None
            elif changed:
                names[name] = evaluate(expression.tree, Scope(names, scope.functions))
    except SolverError:
        return None
    return solve_key_or_none(part, Scope(names, scope.functions))


def _may_be_carried(value: Value, mistake: str) -> bool:
    """Return whether a student would compute on: nobody does with a negative complement."""
    return mistake != "complement_taken" or (is_number(value) and value > 0)


def _is_evidence(value: Value, key: Value | None, mistake: str) -> bool:
    """Return whether *value* is evidence of *mistake*, and not of a slip or of another one."""
    if mistake == "complement_taken" and not (is_number(value) and value > 0):
        return False
    if mistake in CLOSE_BY_CHANCE and not _is_far_from_key(value, key):
        return False
    return _is_distinctive(value, key, mistake)


def _is_far_from_key(value: Value, key: Value | None) -> bool:
    """Return whether *value* differs from *key* by more than a slip of the pen would."""
    if isinstance(value, tuple) and isinstance(key, tuple) and len(value) == len(key):
        pairs = zip(value, key, strict=True)
        if value != key and sorted(map(repr, value)) == sorted(map(repr, key)):
            return True
        return any(pair[0] != pair[1] and _is_far_from_key(*pair) for pair in pairs)
    if not isinstance(value, int) or not is_number(key):
        return True
    distance, size = magnitude(value - key), magnitude(key)
    return distance > MAX_SLIP and (distance > MAX_RELATIVE_SLIP * size or size >= MIN_LARGE_KEY)


def _mix_axes(value: Value, key: Value | None) -> Iterator[Value]:
    """Yield *value* with all axes but one as in *key*, if both are shapes of two or more axes."""
    if not isinstance(value, tuple) or not isinstance(key, tuple) or len(value) != len(key):
        return
    pairs = enumerate(zip(value, key, strict=True))
    differing = [axis for axis, pair in pairs if pair[0] != pair[1]]
    if len(differing) > 1 and all(map(is_number, (*value, *key))):
        for axis in differing:
            yield (*key[:axis], value[axis], *key[axis + 1 :])


def _is_distinctive(value: Value, key: Value | None, mistake: str) -> bool:
    """Return whether *value* is evidence of a mutation; simple numbers come by chance."""
    if not is_number(value):
        return True
    if mistake in COMMON_MISTAKES:
        is_slip = is_number(key) and magnitude(value - key) <= 1
        return mistake == "rounded_otherwise" or not (
            is_slip and magnitude(value) < MIN_DISTINCTIVE_NUMBER
        )
    if isinstance(value, int):
        least = MIN_FAR_NUMBER if mistake in CLOSE_BY_CHANCE else MIN_DISTINCTIVE_NUMBER
        return magnitude(value) >= least
    # A share has one complement alone; of other fractions, simple ones come by chance.
    return mistake == "complement_taken" or (
        value.denominator >= MIN_DISTINCTIVE_DENOMINATOR
        or magnitude(value.numerator) * value.denominator >= MIN_DISTINCTIVE_PRODUCT
    )
