"""Answers of students who make a mistake in the arithmetic of a key or in its arguments.

They are the last resort: only an answer without another name is compared with them.
"""

import operator
from collections.abc import Iterator, Mapping
from typing import Final, Literal, TypeAlias

from grader.definitions.parts import KeyedPart
from grader.definitions.problem import AnyPart, Problem
from grader.diagnosis.mistaken_answers import Keys, build_scope, solve_key_or_none
from grader.diagnosis.mistakes import (
    NO_MISTAKES,
    KnownMistakes,
    MistakeCandidate,
    build_candidate,
)
from grader.diagnosis.mutated_calls import SEQUENCE_FUNCTIONS, accepts_argument
from grader.diagnosis.mutations import Mutation, get_mutations
from grader.errors import SolverError
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.tree import Call, Name, Node
from grader.registry import Registry
from grader.values import Tensor, Value, absolute_value, is_number

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
MIN_SIZE_PER_SLIP: Final = 5
"""Differences from a whole number, and the ratio of the key to a difference, up to which an answer
is no evidence of `CLOSE_BY_CHANCE`."""
MIN_SLIP_CELLS: Final = 4
"""Number of cells of an array from which on a single wrong one is a slip."""
MIN_LARGE_KEY: Final = 10_000
"""Smallest key with so many neighbors that a slip hits none of the mistakes by chance."""


MutationGroup: TypeAlias = Literal["all", "distinctive", "common"]
"""All mutations, those without `CLOSE_BY_CHANCE`, or `COMMON_MISTAKES` alone."""


def choose_mutation_group(answer: Value, key: Value | None) -> MutationGroup:
    """Return the smallest group whose mutations may give *answer*, typed in full.

    A value near the key, or a small one, is no evidence of most mutations.
    """
    if type(answer) is int and absolute_value(answer) < MIN_DISTINCTIVE_NUMBER:
        return "common"
    if type(answer) is int and absolute_value(answer) < MIN_FAR_NUMBER:
        return "distinctive"
    if isinstance(answer, Tensor) and isinstance(key, Tensor):
        return "common" if _has_one_wrong_cell(answer, key) else "all"
    is_exact = type(answer) is int or isinstance(answer, tuple)
    return "distinctive" if is_exact and not _is_far_from_key(answer, key) else "all"


def _has_one_wrong_cell(answer: Tensor, key: Tensor) -> bool:
    """Return whether all but one of several cells are right, as after a slip."""
    if answer.shape != key.shape or len(key.cells) < MIN_SLIP_CELLS:
        return False
    return [*map(operator.ne, answer.cells, key.cells)].count(True) == 1


def _is_in_group(mistake: str, group: MutationGroup) -> bool:
    if group == "common":
        return mistake in COMMON_MISTAKES
    return group == "all" or mistake not in CLOSE_BY_CHANCE


def find_mutated_answers(
    problem: Problem,
    part: AnyPart,
    names: Mapping[str, Value],
    keys: Keys,
    registry: Registry,
    *,
    known: KnownMistakes = NO_MISTAKES,
    group: MutationGroup = "all",
) -> KnownMistakes:
    """Return the answers to *part* that follow from the mutations *group* of its key and of `let`.

    *names* are the parameters and derived values, *keys* the right answers. A mistake, also one of
    those *known*, may hold on one axis of a shape alone. Answers that equal the key are left out,
    and whole numbers that a slip gives by chance.
    """
    if not isinstance(part, KeyedPart) or part.key is None:
        return KnownMistakes()
    key = keys.get(part.id)
    solver = MutationSolver(problem, part, names, keys, registry)
    candidates: dict[tuple[str, ...], MistakeCandidate] = {}
    in_key: set[str] = set()
    for mutation in get_mutations(problem, part.id, registry):
        if mutation.mistake in part.ignore or mutation.mistake not in registry.mistakes:
            continue
        if not _is_in_group(mutation.mistake, group):
            continue
        value = solver.solve(mutation)
        if value is None or value == key or not _proves_mistake(value, key, mutation.mistake):
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
    _add_single_axis_mistakes(candidates, key, known)
    return KnownMistakes(tuple(sorted(candidates.values(), key=lambda candidate: -candidate.rank)))


def _add_single_axis_mistakes(
    candidates: dict[tuple[str, ...], MistakeCandidate], key: Value | None, known: KnownMistakes
) -> None:
    """Add the answers in which a mistake of *known* or *candidates* holds on one axis alone."""
    for candidate in (*known.candidates, *candidates.values()):
        for value in _enumerate_single_axis_errors(candidate.value, key):
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


class MutationSolver:
    """Solver of one part under mutations of its key, of earlier keys or of `let`.

    Mutations share most of their nodes and often lead to the same value, so that the results of
    calls and of values carried on are computed once.
    """

    def __init__(
        self,
        problem: Problem,
        part: KeyedPart,
        names: Mapping[str, Value],
        keys: Keys,
        registry: Registry,
    ) -> None:
        self._problem, self._part = problem, part
        scope = build_scope(names, keys, registry)
        functions = {**scope.functions, **SEQUENCE_FUNCTIONS}
        self._scope = Scope(scope.names, functions, results={})
        self._carried: dict[tuple[str, Value], Value | None] = {}

    def solve(self, mutation: Mutation) -> Value | None:
        """Return the answer with *mutation*, or None if it cannot be computed."""
        call = mutation.changed_argument
        if call is not None and not self._accepts_first_argument(call):
            return None
        if mutation.part is not None:
            value = solve_key_or_none(mutation.part, self._scope)
        else:
            value = self._evaluate_or_none(mutation.tree, self._scope)
        if value is None or not mutation.name:
            return value
        if value == self._scope.names.get(mutation.name) or not _may_be_carried(
            value, mutation.mistake
        ):
            return None
        try:
            carried = (mutation.name, value)
            if carried not in self._carried:
                self._carried[carried] = self._solve_with_value(mutation.name, value)
            return self._carried[carried]
        except TypeError:  # a value without a hash, such as a row of a table
            return self._solve_with_value(mutation.name, value)

    def _accepts_first_argument(self, call: Call) -> bool:
        node = call.arguments[0]
        if isinstance(node, Name):  # a number in most keys
            argument = self._scope.names.get(node.name)
        else:
            argument = self._evaluate_or_none(node, self._scope)
        return argument is not None and accepts_argument(call.function, argument)

    def _solve_with_value(self, name: str, value: Value) -> Value | None:
        """Return the answer of a student who has *value* for *name*."""
        names = {**self._scope.names, name: value}
        scope = Scope(names, self._scope.functions)
        changed: set[str] = {name}
        for later, expression in self._problem.let.items():
            if not changed.isdisjoint(expression.names):
                computed = self._evaluate_or_none(expression.tree, scope)
                if computed is None:
                    return None
                names[later] = computed
                changed.add(later)
        return solve_key_or_none(self._part, scope)

    @staticmethod
    def _evaluate_or_none(tree: Node, scope: Scope) -> Value | None:
        try:
            return evaluate(tree, scope)
        except SolverError:
            return None


def _may_be_carried(value: Value, mistake: str) -> bool:
    """Return whether a student would compute on: nobody does with a negative complement."""
    return mistake != "complement_taken" or (is_number(value) and value > 0)


def _proves_mistake(value: Value, key: Value | None, mistake: str) -> bool:
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
    distance, size = absolute_value(value - key), absolute_value(key)
    return distance > MAX_SLIP and (distance * MIN_SIZE_PER_SLIP > size or size >= MIN_LARGE_KEY)


def _enumerate_single_axis_errors(value: Value, key: Value | None) -> Iterator[Value]:
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
        is_slip = is_number(key) and absolute_value(value - key) <= 1
        return mistake == "rounded_otherwise" or not (
            is_slip and absolute_value(value) < MIN_DISTINCTIVE_NUMBER
        )
    if isinstance(value, int):
        least = MIN_FAR_NUMBER if mistake in CLOSE_BY_CHANCE else MIN_DISTINCTIVE_NUMBER
        return absolute_value(value) >= least
    # A share has one complement alone; of other fractions, simple ones come by chance.
    return mistake == "complement_taken" or (
        value.denominator >= MIN_DISTINCTIVE_DENOMINATOR
        or absolute_value(value.numerator) * value.denominator >= MIN_DISTINCTIVE_PRODUCT
    )
