"""A variant: a problem with its numbers drawn, its keys computed and its mistakes evaluated."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from grader.definitions.params import DrawnParam, Param
from grader.definitions.problem import Problem
from grader.diagnosis.mistakes import (
    NO_MISTAKES,
    KnownMistakes,
    find_known_mistakes,
    find_mistake_pairs,
)
from grader.errors import DrawError, GraderError, ProblemError, SolverError
from grader.expressions.arithmetic import Function
from grader.expressions.evaluate import Scope, evaluate, require_boolean
from grader.kinds import KINDS
from grader.registry import Registry, available_functions
from grader.values import Tensor, Value
from grader.variants.random_stream import RandomStream

MAX_TRIES: Final = 1000
MIN_TRIES: Final = 50
MAX_DRAWN_VALUES: Final = 20_000
CONDITION_SAMPLE_SIZE: Final = 200
NO_KEYS: Final[Mapping[str, None]] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """A problem with numbers; *seed* is None for the original.

    *names* holds the parameters and derived values, which the student sees; *keys* the right
    answers by part, *failures* the reason if a key could not be computed, *mistakes* the known
    wrong answers. *mistake_pairs* caches those from two mistakes at once for `get_mistake_pairs`,
    *accepted_descriptions* the descriptions of accepted answers for `explain`. A variant is equal
    only to itself.
    """

    problem: Problem
    seed: int | None
    names: Mapping[str, Value]
    keys: Mapping[str, Value | None]
    failures: Mapping[str, str]
    mistakes: Mapping[str, KnownMistakes]
    mistake_pairs: dict[str, KnownMistakes] = field(default_factory=dict)
    accepted_descriptions: dict[str, str] = field(default_factory=dict)

    def student_scope(self, registry: Registry) -> Scope:
        """Return the scope that the student sees: parameters and functions, never a key."""
        return Scope(self.names, available_functions(registry))

    def solution_scope(self, registry: Registry) -> Scope:
        """Return the scope in which keys are computed: parameters, right answers and functions."""
        keys = {name: key for name, key in self.keys.items() if key is not None}
        return Scope({**self.names, **keys}, available_functions(registry))


def draw_values(problem: Problem, seed: int | None, registry: Registry) -> dict[str, Value]:
    """Return the parameters and derived values for a seed; for None, those of the original.

    The result is the same on every machine: it depends only on the draw block and the seed. Raises
    `DrawError` if no draw of the seed satisfies `require`, `ProblemError` if the original does not.
    """
    functions = available_functions(registry)
    if seed is None:
        return _compute_original_values(problem, functions)
    refused = ""
    tries = MAX_TRIES
    for attempt in range(MAX_TRIES):
        if attempt >= tries:
            break
        names = _draw_params_once(problem, f"{seed}|{attempt}", functions)
        tries = min(tries, max(MIN_TRIES, MAX_DRAWN_VALUES // _count_values(names)))
        try:
            _add_derived_values(problem, names, functions)
            if all(_evaluate_conditions(problem, names, functions)):
                return names
        except ProblemError as error:
            refused = f"; the last one: {error}"
    raise DrawError(
        f"none of {tries} draws satisfies `require`{refused}; widen the parameters or relax it",
        field="require",
    )


def _count_values(names: Mapping[str, Value]) -> int:
    """Return the number of values in a draw, which is the cost of drawing."""
    return sum(len(name.cells) if isinstance(name, Tensor) else 1 for name in names.values()) or 1


def find_redundant_conditions(problem: Problem, registry: Registry) -> tuple[int, ...]:
    """Return the indices of the conditions in `require` that no draw of a sample violates."""
    functions = available_functions(registry)
    unused = set(range(len(problem.require)))
    for seed in range(CONDITION_SAMPLE_SIZE):
        names = _draw_params_once(problem, f"{seed}|0", functions)
        try:
            _add_derived_values(problem, names, functions)
            held = list(_evaluate_conditions(problem, names, functions))
        except ProblemError:
            continue
        unused -= {index for index, holds in enumerate(held) if not holds}
    return tuple(sorted(unused))


def _draw_params_once(
    problem: Problem, label: str, functions: Mapping[str, Function]
) -> dict[str, Value]:
    """Return one draw of the parameters, whether or not `require` accepts it."""
    key = bytes.fromhex(problem.draw_hash)
    names: dict[str, Value] = {}
    for name, param in problem.params.items():
        names[name] = _compute_param(
            name, param, RandomStream(key, f"{label}|{name}"), Scope(names, functions)
        )
    return names


def _compute_original_values(
    problem: Problem, functions: Mapping[str, Function]
) -> dict[str, Value]:
    if not problem.has_original:
        raise ProblemError(f"{problem.id} has no original variant; name a seed", field="params")
    names: dict[str, Value] = {}
    for name, param in problem.params.items():
        names[name] = _compute_param(name, param, None, Scope(names, functions))
    _add_derived_values(problem, names, functions)
    for index, holds in enumerate(_evaluate_conditions(problem, names, functions)):
        if not holds:
            source = problem.require[index].source
            raise ProblemError(
                f"the original does not satisfy {source!r}; change one of them",
                field=f"require.{index}",
            )
    return names


def complete_drawn_values(
    problem: Problem, drawn: Mapping[str, Value], registry: Registry
) -> dict[str, Value]:
    """Return all parameters and derived values for the *drawn* ones that `draw_values` returned.

    Raises `ProblemError` if a drawn one is missing.
    """
    functions = available_functions(registry)
    names: dict[str, Value] = {}
    for name, param in problem.params.items():
        if not isinstance(param, DrawnParam):
            names[name] = _compute_param(name, param, None, Scope(names, functions))
        elif name in drawn:
            names[name] = drawn[name]
        else:
            raise ProblemError(f"{name!r} has no value", field=f"params.{name}")
    _add_derived_values(problem, names, functions)
    return names


def _compute_param(name: str, param: Param, stream: RandomStream | None, scope: Scope) -> Value:
    try:
        if isinstance(param, DrawnParam):
            return param.original_value(scope) if stream is None else param.draw(stream, scope)
        return param.build_value(scope)
    except SolverError as error:
        raise ProblemError(str(error), field=f"params.{name}") from error


def _add_derived_values(
    problem: Problem, names: dict[str, Value], functions: Mapping[str, Function]
) -> None:
    """Add the values of `let` to *names*."""
    for name, expression in problem.let.items():
        try:
            names[name] = evaluate(expression.tree, Scope(names, functions))
        except SolverError as error:
            raise ProblemError(str(error), field=f"let.{name}") from error


def _evaluate_conditions(
    problem: Problem, names: Mapping[str, Value], functions: Mapping[str, Function]
) -> Iterator[bool]:
    """Yield whether each condition of `require` holds, evaluating it only then."""
    scope = Scope(names, functions)
    for index, condition in enumerate(problem.require):
        try:
            yield require_boolean(evaluate(condition.tree, scope))
        except SolverError as error:
            raise ProblemError(str(error), field=f"require.{index}") from error


def solve_variant(
    problem: Problem, seed: int | None, registry: Registry, *, parts: Collection[str] | None = None
) -> Variant:
    """Return the variant for *seed* (None: the original), with keys and known mistakes.

    If *parts* is given, known mistakes are computed for those parts only.
    """
    return solve_variant_from_values(
        problem, seed, draw_values(problem, seed, registry), registry, parts=parts
    )


def solve_variant_from_values(
    problem: Problem,
    seed: int | None,
    names: Mapping[str, Value],
    registry: Registry,
    *,
    parts: Collection[str] | None = None,
) -> Variant:
    """Return the variant with the numbers drawn for *seed*; *parts* as in `solve_variant`.

    If the key of a part cannot be computed, *failures* has the reason; a person grades the part.
    """
    keys, failures = solve_keys(problem, names, registry)
    mistakes = find_known_mistakes(problem, names, keys, registry, parts=parts)
    return Variant(problem, seed, names, keys, failures, mistakes)


def solve_keys(
    problem: Problem,
    names: Mapping[str, Value],
    registry: Registry,
    *,
    known: Mapping[str, Value | None] = NO_KEYS,
) -> tuple[dict[str, Value | None], dict[str, str]]:
    """Return the keys by part, and the failures of the others; *known* keys are kept."""
    functions = available_functions(registry)
    keys: dict[str, Value | None] = {}
    failures: dict[str, str] = {}
    for part in problem.parts:
        if part.id in known:
            keys[part.id] = known[part.id]
            continue
        earlier = {name: key for name, key in keys.items() if key is not None}
        try:
            scope = Scope({**names, **earlier}, functions)
            keys[part.id] = KINDS[part.kind].solve(part, scope)
        except GraderError as error:
            failures[part.id] = str(error)
    return keys, failures


def get_mistake_pairs(variant: Variant, part_id: str, registry: Registry) -> KnownMistakes:
    """Return the wrong answers to a part from two mistakes at once; computed on first use."""
    known_pairs = variant.mistake_pairs.get(part_id)
    if known_pairs is None:
        part = variant.problem.get_part(part_id)
        known = variant.mistakes.get(part_id, NO_MISTAKES)
        known_pairs = find_mistake_pairs(
            variant.problem, part, variant.names, variant.keys, registry, known=known
        )
        variant.mistake_pairs[part_id] = known_pairs
    return known_pairs
