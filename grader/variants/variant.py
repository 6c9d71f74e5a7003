"""A variant: a problem with its numbers drawn, its keys computed and its mistakes evaluated."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from grader.book import Book, functions_of
from grader.definitions.params import Drawn, Param
from grader.definitions.problem import Problem
from grader.diagnosis.mistakes import NONE, Known, known_mistakes, pairs
from grader.errors import DrawError, GraderError, ProblemError, SolverError
from grader.expressions.arithmetic import Function
from grader.expressions.evaluate import Scope, evaluate, truth
from grader.kinds import KINDS
from grader.values import Tensor, Value
from grader.variants.draw import Stream

__all__ = [
    "Variant",
    "completed",
    "double_mistakes",
    "draw",
    "solve",
    "solve_keys",
    "solve_numbers",
    "unused_conditions",
]

MAX_TRIES: Final = 1000
MIN_TRIES: Final = 50
MAX_THROWN_CELLS: Final = 20_000
SAMPLE: Final = 200
NOTHING: Final[Mapping[str, None]] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """A problem with numbers; *seed* is None for the original.

    *names* holds the parameters and derived values, which the student sees; *keys* the right
    answers by part, *failures* the reason if a key could not be computed, *mistakes* the known
    wrong answers. *pairs* caches those from two mistakes at once for `double_mistakes`, *words* the
    descriptions of accepted answers for `explain`. A variant is equal only to itself.
    """

    problem: Problem
    seed: int | None
    names: Mapping[str, Value]
    keys: Mapping[str, Value | None]
    failures: Mapping[str, str]
    mistakes: Mapping[str, Known]
    pairs: dict[str, Known] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    def scope(self, book: Book) -> Scope:
        """Return the scope that the student sees: parameters and functions, never a key."""
        return Scope(self.names, functions_of(book))

    def solved(self, book: Book) -> Scope:
        """Return the scope in which keys are computed: parameters, right answers and functions."""
        keys = {name: key for name, key in self.keys.items() if key is not None}
        return Scope({**self.names, **keys}, functions_of(book))


def draw(problem: Problem, seed: int | None, book: Book) -> dict[str, Value]:
    """Return the parameters and derived values for a seed; for None, those of the original.

    The result is the same on every machine: it depends only on the draw block and the seed. Raises
    `DrawError` if no draw of the seed satisfies `require`, `ProblemError` if the original does not.
    """
    functions = functions_of(book)
    if seed is None:
        return _textbook(problem, functions)
    refused = ""
    tries = MAX_TRIES
    for attempt in range(MAX_TRIES):
        if attempt >= tries:
            break
        names = _throw(problem, f"{seed}|{attempt}", functions)
        tries = min(tries, max(MIN_TRIES, MAX_THROWN_CELLS // _cells(names)))
        try:
            _derive(problem, names, functions)
            if all(_conditions(problem, names, functions)):
                return names
        except ProblemError as error:
            refused = f"; the last one: {error}"
    raise DrawError(
        f"none of {tries} draws satisfies `require`{refused}; widen the parameters or relax it",
        field="require",
    )


def _cells(names: Mapping[str, Value]) -> int:
    """Return the number of values in a draw, which is the cost of drawing."""
    return sum(len(one.cells) if isinstance(one, Tensor) else 1 for one in names.values()) or 1


def unused_conditions(problem: Problem, book: Book) -> tuple[int, ...]:
    """Return the indices of the conditions in `require` that none of `SAMPLE` draws violates."""
    functions = functions_of(book)
    unused = set(range(len(problem.require)))
    for seed in range(SAMPLE):
        names = _throw(problem, f"{seed}|0", functions)
        try:
            _derive(problem, names, functions)
            held = _conditions(problem, names, functions)
        except ProblemError:
            continue
        unused -= {at for at, holds in enumerate(held) if not holds}
    return tuple(sorted(unused))


def _throw(problem: Problem, label: str, functions: Mapping[str, Function]) -> dict[str, Value]:
    """Return one draw of the parameters, whether or not `require` accepts it."""
    key = bytes.fromhex(problem.draw_hash)
    names: dict[str, Value] = {}
    for name, param in problem.params.items():
        names[name] = _value(name, param, Stream(key, f"{label}|{name}"), Scope(names, functions))
    return names


def _textbook(problem: Problem, functions: Mapping[str, Function]) -> dict[str, Value]:
    if not problem.has_original:
        raise ProblemError(f"{problem.id} has no original variant; name a seed", field="params")
    names: dict[str, Value] = {}
    for name, param in problem.params.items():
        names[name] = _value(name, param, None, Scope(names, functions))
    _derive(problem, names, functions)
    for at, holds in enumerate(_conditions(problem, names, functions)):
        if not holds:
            source = problem.require[at].source
            raise ProblemError(
                f"the original does not satisfy {source!r}; change one of them",
                field=f"require.{at}",
            )
    return names


def completed(problem: Problem, drawn: Mapping[str, Value], book: Book) -> dict[str, Value]:
    """Return all parameters and derived values for the *drawn* ones, as `draw` returned them.

    Raises `ProblemError` if a drawn one is missing.
    """
    functions = functions_of(book)
    names: dict[str, Value] = {}
    for name, param in problem.params.items():
        if not isinstance(param, Drawn):
            names[name] = _value(name, param, None, Scope(names, functions))
        elif name in drawn:
            names[name] = drawn[name]
        else:
            raise ProblemError(f"{name!r} has no value", field=f"params.{name}")
    _derive(problem, names, functions)
    return names


def _value(name: str, param: Param, stream: Stream | None, scope: Scope) -> Value:
    try:
        if isinstance(param, Drawn):
            return param.textbook(scope) if stream is None else param.draw(stream, scope)
        return param.build(scope)
    except SolverError as error:
        raise ProblemError(str(error), field=f"params.{name}") from error


def _derive(problem: Problem, names: dict[str, Value], functions: Mapping[str, Function]) -> None:
    """Add the values of `let` to *names*."""
    for name, expression in problem.let.items():
        try:
            names[name] = evaluate(expression.tree, Scope(names, functions))
        except SolverError as error:
            raise ProblemError(str(error), field=f"let.{name}") from error


def _conditions(
    problem: Problem, names: Mapping[str, Value], functions: Mapping[str, Function]
) -> list[bool]:
    """Return whether each condition of `require` holds."""
    held = []
    for at, condition in enumerate(problem.require):
        try:
            held.append(truth(evaluate(condition.tree, Scope(names, functions))))
        except SolverError as error:
            raise ProblemError(str(error), field=f"require.{at}") from error
    return held


def solve(
    problem: Problem, seed: int | None, book: Book, *, parts: Collection[str] | None = None
) -> Variant:
    """Return the variant for *seed* (None: the original), with keys and known mistakes.

    If *parts* is given, known mistakes are computed for those parts only.
    """
    return solve_numbers(problem, seed, draw(problem, seed, book), book, parts=parts)


def solve_numbers(
    problem: Problem,
    seed: int | None,
    names: Mapping[str, Value],
    book: Book,
    *,
    parts: Collection[str] | None = None,
) -> Variant:
    """Return the variant with the numbers drawn for *seed*; *parts* as in `solve`.

    If the key of a part cannot be computed, *failures* has the reason; a person grades the part.
    """
    keys, failures = solve_keys(problem, names, book)
    mistakes = known_mistakes(problem, names, keys, book, parts=parts)
    return Variant(problem, seed, names, keys, failures, mistakes)


def solve_keys(
    problem: Problem,
    names: Mapping[str, Value],
    book: Book,
    *,
    known: Mapping[str, Value | None] = NOTHING,
) -> tuple[dict[str, Value | None], dict[str, str]]:
    """Return the keys by part, and the failures of the others; *known* keys are kept."""
    functions = functions_of(book)
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


def double_mistakes(variant: Variant, part_id: str, book: Book) -> Known:
    """Return the wrong answers to a part from two mistakes at once; computed on first use."""
    found = variant.pairs.get(part_id)
    if found is None:
        part = variant.problem.part(part_id)
        known = variant.mistakes.get(part_id, NONE)
        found = pairs(variant.problem, part, variant.names, variant.keys, book, known=known)
        variant.pairs[part_id] = found
    return found
