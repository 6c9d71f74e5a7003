"""What the judging of a part looks at and no answer changes: worked out once a variant."""

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, Final

from grader.book import Book
from grader.errors import SolverError
from grader.evaluate import Scope
from grader.index import Index
from grader.kinds import KINDS, Kind
from grader.mistakes import NONE, Known, carried_mistakes
from grader.parts import KeyedPart
from grader.plan import plan_of
from grader.problem import AnyPart, Problem
from grader.result import Result
from grader.values import Value
from grader.variant import Variant, double_mistakes

__all__ = ["Desk", "desks", "heard_parts"]

CACHED_VARIANTS: Final = 4096
NOTHING: Final = Fraction(0)


@lru_cache(maxsize=CACHED_VARIANTS)
def desks(variant: Variant, book: Book) -> tuple["Desk", ...]:
    """Return the desks at which the parts of *variant* are judged, in order."""
    seen, solved = variant.scope(book), variant.solved(book)
    return tuple(Desk(variant, part, book, (seen, solved)) for part in variant.problem.parts)


def heard_parts(problem: Problem, part_id: str, book: Book) -> frozenset[str]:
    """Return the parts whose answers can count at a part: named in its key, or in their guards."""
    earlier = plan_of(problem, book).named[part_id]
    guards = [
        one.carry.names
        for one in problem.parts
        if one.id in earlier and isinstance(one, KeyedPart) and one.carry is not None
    ]
    return earlier.union(*guards).intersection(one.id for one in problem.parts)


class Desk:
    """One part of a variant with all that its judging needs, most of it when first asked for.

    *seen* holds what the student sees, *key* is the right answer (None for thresholds and
    conditions), *failure* why it could not be computed.
    """

    def __init__(
        self, variant: Variant, part: AnyPart, book: Book, scopes: tuple[Scope, Scope]
    ) -> None:
        self.variant, self.part, self.book = variant, part, book
        self.seen, self._solved = scopes
        self.kind: Kind[Any, Any] = KINDS[part.kind]
        self.key: Value | None = variant.keys.get(part.id)
        self.failure = variant.failures.get(part.id)
        self.keyed = part if isinstance(part, KeyedPart) else None

    @cached_property
    def missing(self) -> Result:
        """What becomes of no answer."""
        return Result(
            self.part.id,
            "missing",
            NOTHING,
            self.part.points,
            say="Nothing was answered.",
            rule="missing",
        )

    @cached_property
    def known(self) -> Index:
        """The known wrong answers by one mistake."""
        return self._index(self.variant.mistakes.get(self.part.id, NONE))

    @cached_property
    def pairs(self) -> Index:
        """The known wrong answers by two mistakes at once."""
        return self._index(double_mistakes(self.variant, self.part.id, self.book))

    @cached_property
    def earlier(self) -> frozenset[str]:
        """The names in the key, those of earlier parts among them."""
        return plan_of(self.variant.problem, self.book).named[self.part.id]

    @cached_property
    def heard(self) -> frozenset[str]:
        """The earlier parts whose answers can count here: named in the key, or in their guards."""
        return heard_parts(self.variant.problem, self.part.id, self.book)

    @cached_property
    def accepted(self) -> tuple[tuple[Value | None, str], ...]:
        """The values that the author accepts beside the key, and what to say of each.

        One that cannot be computed is left out: the checker reports it, nobody loses by it.
        """
        found = []
        for accept in self.keyed.accept if self.keyed else ():
            try:
                key = self.kind.solve(
                    self.part.model_copy(update={"key": accept.key}), self._solved
                )
                said = accept.say.fill(self._solved)
            except SolverError:
                continue
            found.append((key, said or "Correct: accepted beside the key."))
        return tuple(found)

    def solve(self, carried: Mapping[str, Value]) -> Value | None:
        """Return the key from the student's own earlier answers, None where there is none."""
        scope = Scope({**self._solved.names, **carried}, self._solved.functions)
        try:
            return self.kind.solve(self.part, scope)
        except SolverError:
            return None

    def carried(self, names: Mapping[str, Value]) -> Index:
        """Return the known wrong answers of a student who carried on the answers *names*."""
        variant = self.variant
        keys = {**variant.keys, **names}
        return self._index(
            carried_mistakes(variant.problem, self.part, variant.names, keys, self.book)
        )

    def _index(self, known: Known) -> Index:
        return Index(known, self.kind, self.part, self.seen)
