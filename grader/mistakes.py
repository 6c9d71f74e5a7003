"""The wrong answers that are known: what a student gets by a mistake that we can run.

A twin is a wrong version of a solver. Put in its place in a key, and in the keys of the earlier
parts that the key names, it gives the answer of a student who makes that mistake: in every call, or
in one of them. Where the answer is large or a tensor, two mistakes at once are tried too.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from grader.arithmetic import FUNCTIONS, Function
from grader.book import Book
from grader.errors import SolverError
from grader.evaluate import Scope
from grader.kinds import KINDS
from grader.parts import KeyedPart
from grader.plan import Plan, Site, plan_of
from grader.problem import AnyPart, Problem
from grader.values import Number, Tensor, Value, is_number, magnitude

__all__ = ["AUTHOR_RANK", "Candidate", "Known", "carried_mistakes", "known_mistakes", "pairs"]

AUTHOR_RANK: Final = 1000
PAIR_RANK: Final = -1
MIN_NUMBER_FOR_PAIRS: Final = 1000

Keys: TypeAlias = Mapping[str, Value | None]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A wrong answer and the mistake, or the two, that lead to it.

    *rank* orders candidates of the same value: the author's own first, then by how often students
    make the mistake; two at once come after every single one.
    """

    ids: tuple[str, ...]
    value: Value
    rank: int
    say: str
    credit: Number = 0


@dataclass(frozen=True, slots=True)
class Known:
    """The known wrong answers to a part, the likeliest first.

    *hidden* are the mistakes that the numbers hide: wherever made, they still give the key.
    """

    candidates: tuple[Candidate, ...] = ()
    hidden: frozenset[str] = frozenset()


def known_mistakes(
    problem: Problem, names: Mapping[str, Value], keys: Keys, book: Book
) -> dict[str, Known]:
    """Return the known wrong answers to every part of a variant, by part.

    *names* are the parameters, *keys* the right answers.
    """
    plan = plan_of(problem, book)
    worlds = _Worlds(problem, plan, names, keys, book)
    return {
        part.id: _known(part, keys, [*_author(part, names, keys, book), *_twins(part, worlds)])
        for part in problem.parts
    }


def carried_mistakes(
    problem: Problem, part: AnyPart, names: Mapping[str, Value], keys: Keys, book: Book
) -> Known:
    """Return the known wrong answers to *part* where *keys* hold what the student carried on.

    Mistakes are run in the key of *part* alone.
    """
    worlds = _Worlds(problem, plan_of(problem, book), names, keys, book, only=part.id)
    own = {part.id: _solve(part, _scope(names, keys, book))}
    return _known(part, own, [*_author(part, names, keys, book), *_twins(part, worlds)])


def pairs(
    problem: Problem, part: AnyPart, names: Mapping[str, Value], keys: Keys, book: Book
) -> Known:
    """Return the wrong answers by two mistakes at once, in different solvers.

    They are only looked for where the answer tells enough: a tensor, or four digits or more.
    """
    key = keys.get(part.id)
    if not (isinstance(key, Tensor) or (is_number(key) and magnitude(key) >= MIN_NUMBER_FOR_PAIRS)):
        return Known()
    plan = plan_of(problem, book)
    worlds = _Worlds(problem, plan, names, keys, book)
    found = []
    for one, two in plan.pairs[part.id]:
        value = worlds.everywhere(one, two).get(part.id)
        if value is not None:
            say = f"{book.mistakes[one].say} And: {book.mistakes[two].say}"
            found.append(Candidate((one, two), value, PAIR_RANK, say))
    return _known(part, keys, found)


def _known(part: AnyPart, keys: Keys, found: Iterable[Candidate]) -> Known:
    """Return *found* without repetitions and without those that give the key."""
    listed: dict[str, list[Candidate]] = {}
    hidden: set[str] = set()
    for one in found:
        if one.value == keys.get(part.id):
            hidden.update(one.ids)
        elif all(one.value != other.value for other in listed.setdefault("|".join(one.ids), [])):
            listed["|".join(one.ids)].append(one)
    ordered = sorted((one for group in listed.values() for one in group), key=lambda one: -one.rank)
    return Known(tuple(ordered), frozenset(hidden - {one.ids[0] for one in ordered}))


def _author(
    part: AnyPart, names: Mapping[str, Value], keys: Keys, book: Book
) -> Iterator[Candidate]:
    if not isinstance(part, KeyedPart):
        return
    scope = _scope(names, keys, book)
    for mistake in part.mistakes:
        wrong = part.model_copy(update={"key": mistake.key})
        try:
            value = KINDS[part.kind].solve(wrong, scope)
            say = mistake.say.fill(scope)
        except SolverError:
            continue
        if value is not None:
            yield Candidate((mistake.id,), value, AUTHOR_RANK, say, mistake.credit)


def _twins(part: AnyPart, worlds: "_Worlds") -> Iterator[Candidate]:
    """Yield each mistake in all calls, then in each call alone."""
    for mistake, sites in worlds.plan.mistakes[part.id].items():
        info = worlds.book.mistakes[mistake]
        found = [worlds.everywhere(mistake), *(worlds.at(mistake, site) for site in sites)]
        for world in found:
            value = world.get(part.id)
            if value is not None:
                yield Candidate((mistake,), value, info.rank, info.say)


class _Worlds:
    """The answers of students who make a mistake: by part, as far as they differ in how they came.

    A world is computed once and serves every part, since a part's answer depends on its own chain
    of keys alone. With *only*, that part alone is computed.
    """

    def __init__(
        self,
        problem: Problem,
        plan: Plan,
        names: Mapping[str, Value],
        keys: Keys,
        book: Book,
        *,
        only: str | None = None,
    ) -> None:
        self.plan = plan
        self.book = book
        self._parts = [part for part in problem.parts if only in {None, part.id}]
        self._known = {**names, **{name: key for name, key in keys.items() if key is not None}}
        self._functions = {**FUNCTIONS, **book.functions}
        self._worlds: dict[object, Mapping[str, Value]] = {}

    def everywhere(self, *mistakes: str) -> Mapping[str, Value]:
        """Return the answers where the *mistakes* are made in all calls."""
        if mistakes not in self._worlds:
            twins = {
                name: one for mistake in mistakes for name, one in self.book.twins[mistake].items()
            }
            self._worlds[mistakes] = self._run(twins, "", {})
        return self._worlds[mistakes]

    def at(self, mistake: str, site: Site) -> Mapping[str, Value]:
        """Return the answers where *mistake* is made in one call only."""
        if (mistake, site) not in self._worlds:
            part, number, function = site
            swap = {number: self.book.twins[mistake][function]}
            self._worlds[mistake, site] = self._run({}, part, swap)
        return self._worlds[mistake, site]

    def _run(
        self, twins: Mapping[str, Function], place: str, swap: Mapping[int, Function]
    ) -> dict[str, Value]:
        """Return the answers to the parts that twins, a swapped call, or a wrong answer touch."""
        functions = {**self._functions, **twins} if twins else self._functions
        known = dict(self._known)
        found: dict[str, Value] = {}
        lost: set[str] = set()
        for part in self._parts:
            named = self.plan.named[part.id]
            if not lost.isdisjoint(named):
                lost.add(part.id)
            elif (
                part.id == place
                or not named.isdisjoint(found)
                or not self.plan.functions[part.id].isdisjoint(twins)
            ):
                scope = Scope(known, functions, swap if part.id == place else {})
                value = _solve(part, scope)
                if value is None:
                    lost.add(part.id)
                else:
                    known[part.id] = found[part.id] = value
        return found


def _scope(names: Mapping[str, Value], keys: Keys, book: Book) -> Scope:
    known = {**names, **{name: key for name, key in keys.items() if key is not None}}
    return Scope(known, {**FUNCTIONS, **book.functions})


def _solve(part: AnyPart, scope: Scope) -> Value | None:
    try:
        return KINDS[part.kind].solve(part, scope)
    except SolverError:
        return None
