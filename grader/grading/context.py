"""Grading contexts: data for grading a part that no answer changes, per problem and per variant.

All variants share the context of their problem, which also caches the readings of short texts.
"""

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, Final

from grader.book import Book
from grader.definitions.parts import KeyedPart
from grader.definitions.problem import AnyPart, Problem
from grader.diagnosis.mistake_index import Index
from grader.diagnosis.mistakes import NONE, Known, carried_mistakes
from grader.errors import SolverError
from grader.expressions.evaluate import Scope
from grader.grading.result import Result
from grader.kinds import KINDS, Kind
from grader.reading import Reading, Style, Typed
from grader.values import Value
from grader.variants.plan import plan_of
from grader.variants.variant import Variant, double_mistakes

__all__ = ["CACHED_VARIANTS", "PartContext", "contexts", "heard_parts", "new_context"]

CACHED_VARIANTS: Final = 3_400
CACHED_PROBLEMS: Final = 1024
READINGS_KEPT: Final = 2048
SHORT: Final = 256
"""Texts up to this many characters are likely to recur in other variants."""
NOTHING: Final = Fraction(0)
UNSEEN: Final = Scope({}, {})


@lru_cache(maxsize=CACHED_VARIANTS)
def contexts(variant: Variant, book: Book) -> tuple["PartContext", ...]:
    """Return the grading context of each part of *variant*, in order."""
    return tuple(new_context(variant, part.id, book) for part in variant.problem.parts)


def new_context(variant: Variant, part_id: str, book: Book) -> "PartContext":
    """Return the context of one part without caching it, for a single use of the variant."""
    return PartContext(variant, _common(variant.problem, book)[part_id], book)


@lru_cache(maxsize=CACHED_PROBLEMS)
def _common(problem: Problem, book: Book) -> Mapping[str, "CommonContext"]:
    """Return the context that all variants share, by part."""
    return {part.id: CommonContext(problem, part, book) for part in problem.parts}


def heard_parts(problem: Problem, part_id: str, book: Book) -> frozenset[str]:
    """Return the parts that can affect the result of a part: named in its key or their guards."""
    earlier = plan_of(problem, book).named[part_id]
    guards = [
        one.carry.names
        for one in problem.parts
        if one.id in earlier and isinstance(one, KeyedPart) and one.carry is not None
    ]
    return earlier.union(*guards).intersection(one.id for one in problem.parts)


class CommonContext:
    """Grading context of one part of a problem, independent of the numbers.

    *earlier* are the names in the key, including earlier parts; *heard* are the earlier parts whose
    answers can affect the result. *missing* is the result without an answer.
    """

    def __init__(self, problem: Problem, part: AnyPart, book: Book) -> None:
        self.part = part
        self.kind: Kind[Any, Any] = KINDS[part.kind]
        self.keyed = part if isinstance(part, KeyedPart) else None
        self.earlier = plan_of(problem, book).named[part.id]
        self.heard = heard_parts(problem, part.id, book)
        said = "Nothing was answered."
        self.missing = Result(part.id, "missing", NOTHING, part.points, say=said, rule="missing")


class PartContext:
    """Grading context of one part of a variant; most of it is computed on first use.

    *seen* is the scope that the student sees, *key* the right answer (None for thresholds and
    conditions), *failure* the reason if it could not be computed; the others come from *common*.
    """

    def __init__(self, variant: Variant, common: CommonContext, book: Book) -> None:
        self.variant, self.common, self.book = variant, common, book
        self.part, self.kind, self.keyed = common.part, common.kind, common.keyed
        self.earlier, self.heard = common.earlier, common.heard
        self.seen = variant.scope(book)
        name = common.part.id
        self.key: Value | None = None
        self.failure: str | None = None
        try:
            self.key = variant.keys[name]
        except KeyError:
            self.failure = variant.failures.get(name)

    def read(self, typed: Typed, style: Style | None) -> Reading[Any]:
        """Return the reading of an answer, or raise `AnswerError`."""
        if type(typed) is str and len(typed) <= SHORT and not self.kind.reads_by_numbers:
            return _read_anywhere(self.common, typed, style)
        return self.kind.read_typed(typed, style, self.part, self.seen)

    @cached_property
    def known(self) -> Index:
        """The known wrong answers from one mistake."""
        return self._index(self.variant.mistakes.get(self.part.id, NONE))

    @cached_property
    def pairs(self) -> Index:
        """The known wrong answers from two mistakes at once."""
        return self._index(double_mistakes(self.variant, self.part.id, self.book))

    @cached_property
    def _solved(self) -> Scope:
        """The scope in which keys are computed."""
        return self.variant.solved(self.book)

    @cached_property
    def accepted(self) -> tuple[tuple[Value | None, str], ...]:
        """The values that the author accepts besides the key, each with its message.

        Values that cannot be computed are omitted: the checker reports them, and no student loses
        by it.
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
        """Return the key from the student's own earlier answers, None if there is none."""
        scope = Scope({**self._solved.names, **carried}, self._solved.functions)
        try:
            return self.kind.solve(self.part, scope)
        except SolverError:
            return None

    def carried(self, names: Mapping[str, Value]) -> Index:
        """Return the known wrong answers of a student who carried the answers *names*."""
        variant = self.variant
        keys = {**variant.keys, **names}
        return self._index(
            carried_mistakes(variant.problem, self.part, variant.names, keys, self.book)
        )

    def _index(self, known: Known) -> Index:
        return Index(known, self.kind, self.part, self.seen)


@lru_cache(maxsize=READINGS_KEPT)
def _read_anywhere(common: CommonContext, typed: str, style: Style | None) -> Reading[Any]:
    """Return the reading of a text, for all variants: their numbers do not matter."""
    return common.kind.read_typed(typed, style, common.part, UNSEEN)
