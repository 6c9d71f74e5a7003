"""Known wrong answers: the results of mistakes that the engine can run.

A twin is a wrong version of a solver. It replaces the solver in a key, and in the keys of the
earlier parts that the key names, in every call or in one of them. The result is the answer of a
student who makes that mistake. If the answer is large or a tensor, pairs of mistakes are tried too,
even in one and the same solver if one of the two only changes its arguments.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from grader.book import Book, functions_of
from grader.definitions.parts import KeyedPart
from grader.definitions.problem import AnyPart, Problem
from grader.errors import SolverError
from grader.expressions.arithmetic import Function
from grader.expressions.evaluate import Scope
from grader.kinds import KINDS
from grader.values import Number, Tensor, Value, is_number, magnitude
from grader.variants.plan import Plan, Site, plan_of

__all__ = [
    "AUTHOR_RANK",
    "NONE",
    "Candidate",
    "Known",
    "carried_mistakes",
    "caused",
    "hidden_mistakes",
    "known_mistakes",
    "pairs",
]

AUTHOR_RANK: Final = 1000
MIN_NUMBER_FOR_PAIRS: Final = 1000
TELLING_NUMBER: Final = 100
TIMES_CHANCE: Final = 5
AND: Final = " And: "
KEPT_CAUSES: Final = 4096
"""Size of the cache of hints for mistakes and pairs of mistakes."""

Keys: TypeAlias = Mapping[str, Value | None]


class Candidate(NamedTuple):
    """A wrong answer and the mistake, or the two mistakes, that lead to it.

    *rank* orders candidates of the same value: the author's own first, then by the frequency of the
    mistake, or of the two.
    """

    ids: tuple[str, ...]
    value: Value
    rank: int
    say: str
    credit: Number = 0


@dataclass(frozen=True, slots=True)
class Known:
    """The known wrong answers to a part, the likeliest first.

    *hidden* are the mistakes that the numbers hide: made in any call, they still give the key.
    """

    candidates: tuple[Candidate, ...] = ()
    hidden: frozenset[str] = frozenset()


NONE: Final = Known()


def caused(ids: tuple[str, ...], value: Value, book: Book) -> Candidate:
    """Return a candidate: the wrong answer *value* with the mistakes *ids* of the book."""
    rank, say = _rank_and_words(ids, book)
    return Candidate(ids, value, rank, say)


@lru_cache(maxsize=KEPT_CAUSES)
def _rank_and_words(ids: tuple[str, ...], book: Book) -> tuple[int, str]:
    made = [book.mistakes[mistake] for mistake in ids]
    return sum(one.rank for one in made), AND.join(one.say for one in made)


def known_mistakes(
    problem: Problem,
    names: Mapping[str, Value],
    keys: Keys,
    book: Book,
    *,
    parts: Collection[str] | None = None,
) -> dict[str, Known]:
    """Return the known wrong answers by part, for all parts of a variant or only for *parts*.

    *names* are the parameters, *keys* the right answers.
    """
    plan = plan_of(problem, book)
    asked = [part for part in problem.parts if parts is None or part.id in parts]
    needed = {one for part in asked for one in (part.id, *plan.earlier[part.id])}
    worlds = _Worlds(problem, plan, names, keys, book, needed=needed)
    return {
        part.id: _known(part, keys, [*_author(part, names, keys, book), *_twins(part, worlds)])
        for part in asked
    }


def hidden_mistakes(
    problem: Problem,
    names: Mapping[str, Value],
    keys: Keys,
    book: Book,
    *,
    among: Mapping[str, Collection[str]],
) -> dict[str, frozenset[str]]:
    """Return, by part, which of the mistakes in *among* the numbers hide.

    The result agrees with `known_mistakes`, but no other mistakes are run.
    """
    plan = plan_of(problem, book)
    asked = [part for part in problem.parts if among.get(part.id)]
    needed = {one for part in asked for one in (part.id, *plan.earlier[part.id])}
    worlds = _Worlds(problem, plan, names, keys, book, needed=needed)
    found = {part.id: frozenset[str]() for part in problem.parts}
    for part in asked:
        ids = among[part.id]
        own = (one for one in _author(part, names, keys, book) if one.ids[0] in ids)
        found[part.id] = _known(part, keys, [*own, *_twins(part, worlds, among=ids)]).hidden
    return found


def carried_mistakes(
    problem: Problem, part: AnyPart, names: Mapping[str, Value], keys: Keys, book: Book
) -> Known:
    """Return the known wrong answers to *part* if *keys* hold the student's carried answers.

    Mistakes are run in the key of *part* alone.
    """
    worlds = _Worlds(problem, plan_of(problem, book), names, keys, book, needed=(part.id,))
    own = {part.id: _solve(part, _scope(names, keys, book))}
    return _known(part, own, [*_author(part, names, keys, book), *_twins(part, worlds)])


def pairs(
    problem: Problem,
    part: AnyPart,
    names: Mapping[str, Value],
    keys: Keys,
    book: Book,
    *,
    known: Known = NONE,
) -> Known:
    """Return the wrong answers from two mistakes at once, without those *known* from one alone.

    They are only computed if the answer is specific enough: a tensor, or a number of four or more
    digits.
    """
    key = keys.get(part.id)
    if not (isinstance(key, Tensor) or (is_number(key) and magnitude(key) >= MIN_NUMBER_FOR_PAIRS)):
        return NONE
    plan = plan_of(problem, book)
    worlds = _Worlds(problem, plan, names, keys, book, needed=(*plan.earlier[part.id], part.id))
    alone = {one.value for one in known.candidates}
    found = []
    for pair in plan.pairs[part.id]:
        value = worlds.everywhere(*pair).get(part.id)
        if value is not None and value not in alone:
            found.append(caused(pair, value, book))
    return _known(part, keys, found)


def _known(part: AnyPart, keys: Keys, found: Iterable[Candidate]) -> Known:
    """Return the candidates without duplicates and without those that equal the key."""
    key = keys.get(part.id)
    listed: dict[tuple[str, ...], list[Candidate]] = {}
    hidden: set[str] = set()
    for one in found:
        if one.value == key:
            hidden.update(one.ids)
        elif all(one.value != other.value for other in listed.setdefault(one.ids, [])):
            listed[one.ids].append(one)
    ordered = sorted(_telling(listed.values(), key), key=lambda one: -one.rank)
    return Known(tuple(ordered), frozenset(hidden - {ids[0] for ids in listed if listed[ids]}))


def _telling(groups: Iterable[list[Candidate]], key: Value | None) -> Iterator[Candidate]:
    """Yield the wrong answers that are evidence of their mistake; *groups* has a list per mistake.

    If the key is a small integer N, a slip hits any other small integer by chance, with a
    probability of about 1/N. Therefore a mistake in one call alone must be five times as likely,
    measured by its share of the ranks, divided among the answers that it gives. It stays if a
    mistake in all calls gives the same answer, so that the more frequent of the two is named.
    """
    made = [group for group in groups if group]
    if not isinstance(key, int) or abs(key) >= TELLING_NUMBER:
        yield from (one for group in made for one in group)
        return
    total = sum(group[0].rank for group in made if group[0].rank != AUTHOR_RANK)
    first = [group[0].value for group in made]
    for group in made:
        likely = group[0].rank * abs(key) >= TIMES_CHANCE * total * len(group)
        for one in group:
            if likely or one.value in first or not isinstance(one.value, int):
                yield one


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


def _twins(
    part: AnyPart, worlds: "_Worlds", *, among: Collection[str] | None = None
) -> Iterator[Candidate]:
    """Yield the answers of each mistake (of *among*, if given) in all calls, then at each site."""
    for mistake, sites in worlds.plan.mistakes[part.id].items():
        if among is not None and mistake not in among:
            continue
        found = [worlds.everywhere(mistake), *(worlds.at(mistake, site) for site in sites)]
        for world in found:
            value = world.get(part.id)
            if value is not None:
                yield caused((mistake,), value, worlds.book)


class _Worlds:
    """Cache of the answers of students who make a mistake, for the parts that it affects.

    A world is computed once and serves every part, because a part's answer depends only on its own
    chain of keys. If not all parts are *needed*, only those are computed.
    """

    def __init__(
        self,
        problem: Problem,
        plan: Plan,
        names: Mapping[str, Value],
        keys: Keys,
        book: Book,
        *,
        needed: Collection[str] | None = None,
    ) -> None:
        self.plan = plan
        self.book = book
        self._parts = [part for part in problem.parts if needed is None or part.id in needed]
        self._known = {**names, **{name: key for name, key in keys.items() if key is not None}}
        self._functions = functions_of(book)
        self._worlds: dict[object, Mapping[str, Value]] = {}

    def everywhere(self, *mistakes: str) -> Mapping[str, Value]:
        """Return the answers if the *mistakes*, one or two, are made in all calls."""
        if mistakes not in self._worlds:
            twins = self.book.both(*mistakes) if len(mistakes) > 1 else self.book.twins[mistakes[0]]
            self._worlds[mistakes] = self._run(twins, "", {})
        return self._worlds[mistakes]

    def at(self, mistake: str, site: Site) -> Mapping[str, Value]:
        """Return the answers if *mistake* is made at one *site* only."""
        if (mistake, site) not in self._worlds:
            part, numbers, function = site
            swap = dict.fromkeys(numbers, self.book.twins[mistake][function])
            self._worlds[mistake, site] = self._run({}, part, swap)
        return self._worlds[mistake, site]

    def _run(
        self, twins: Mapping[str, Function], place: str, swap: Mapping[int, Function]
    ) -> dict[str, Value]:
        """Return the answers to the parts that a twin, a swap or an earlier answer changes."""
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
    return Scope(known, functions_of(book))


def _solve(part: AnyPart, scope: Scope) -> Value | None:
    try:
        return KINDS[part.kind].solve(part, scope)
    except SolverError:
        return None
