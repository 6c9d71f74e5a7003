"""Grading contexts: data for grading a part that no answer changes, per problem and per variant.

All variants share the context of their problem, which also caches the readings of short texts.
"""

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, Final, Literal, TypeAlias

from grader.definitions.parts import KeyedPart
from grader.definitions.problem import AnyPart, Problem
from grader.diagnosis.mistake_index import MistakeIndex
from grader.diagnosis.mistakes import NO_MISTAKES, KnownMistakes, find_carried_mistakes
from grader.diagnosis.mutated_answers import (
    MutationGroup,
    choose_mutation_group,
    find_mutated_answers,
)
from grader.diagnosis.mutated_pairs import find_mutated_pairs
from grader.diagnosis.mutations import get_argument_omission_mistakes
from grader.errors import SolverError
from grader.expressions.evaluate import Scope
from grader.grading.result import PartResult
from grader.kinds import KINDS, AnswerKind
from grader.reading import NumberStyle, RawAnswer, Reading
from grader.reading.grammar.vocabulary import has_words
from grader.registry import Registry
from grader.values import Value
from grader.variants.plan import get_problem_plan
from grader.variants.variant import Variant, get_mistake_pairs

CACHED_VARIANTS: Final = 3_400
CACHED_MUTATION_INDEXES: Final = 2_048
CACHED_PROBLEMS: Final = 1024
CACHED_READINGS: Final = 2048
MAX_CACHED_TEXT_LENGTH: Final = 256
"""Maximum length of a cached text; such texts are likely to recur in other variants."""
NO_CREDIT: Final = Fraction(0)
EMPTY_SCOPE: Final = Scope({}, {})
MutationIndexes: TypeAlias = dict[MutationGroup | Literal["pairs"], MistakeIndex]
"""Wrong answers to a part by the group of their mutations, or from a mutation and a mistake."""


@lru_cache(maxsize=CACHED_VARIANTS)
def get_part_contexts(variant: Variant, registry: Registry) -> tuple["PartContext", ...]:
    """Return the grading context of each part of *variant*, in order."""
    common_contexts = _get_common_contexts(variant.problem, registry).values()
    return tuple(PartContext(variant, one, registry, is_cached=True) for one in common_contexts)


def build_part_context(variant: Variant, part_id: str, registry: Registry) -> "PartContext":
    """Return the context of one part without caching it, for a single use of the variant."""
    common = _get_common_contexts(variant.problem, registry)[part_id]
    return PartContext(variant, common, registry, is_cached=False)


@lru_cache(maxsize=CACHED_PROBLEMS)
def _get_common_contexts(problem: Problem, registry: Registry) -> Mapping[str, "CommonContext"]:
    """Return the context that all variants share, by part."""
    return {part.id: CommonContext(problem, part, registry) for part in problem.parts}


def find_dependencies(problem: Problem, part_id: str, registry: Registry) -> frozenset[str]:
    """Return the parts that can affect the result of a part: named in its key or their guards."""
    earlier = get_problem_plan(problem, registry).key_names[part_id]
    guards = [
        part.carry.names
        for part in problem.parts
        if part.id in earlier and isinstance(part, KeyedPart) and part.carry is not None
    ]
    return earlier.union(*guards).intersection(part.id for part in problem.parts)


class CommonContext:
    """Grading context of one part of a problem, independent of the numbers.

    *key_names* are the names in the key, including earlier parts; *dependencies* are the earlier
    parts whose answers can affect the result. *missing_result* is the result without an answer.
    """

    def __init__(self, problem: Problem, part: AnyPart, registry: Registry) -> None:
        self.part = part
        self.kind: AnswerKind[Any, Any] = KINDS[part.kind]
        self.keyed = part if isinstance(part, KeyedPart) else None
        self.key_names = get_problem_plan(problem, registry).key_names[part.id]
        self.dependencies = find_dependencies(problem, part.id, registry)
        message = "Nothing was answered."
        self.missing_result = PartResult(
            part.id, "missing", NO_CREDIT, part.points, hint=message, rule="missing"
        )


class PartContext:
    """Grading context of one part of a variant; most of it is computed on first use.

    *student_scope* is the scope that the student sees, *key* the right answer (None for thresholds
    and conditions), *failure* the reason if it could not be computed; the others come from
    *common*. A context that *is_cached* keeps the wrong answers by mutation only while few others
    need theirs: they take more memory than all the rest.
    """

    def __init__(
        self, variant: Variant, common: CommonContext, registry: Registry, *, is_cached: bool
    ) -> None:
        self.variant, self.common, self.registry = variant, common, registry
        self.part, self.kind, self.keyed = common.part, common.kind, common.keyed
        self.key_names, self.dependencies = common.key_names, common.dependencies
        self.student_scope = variant.student_scope(registry)
        name = common.part.id
        self.key: Value | None = None
        self.failure: str | None = None
        self._own_mutation_indexes: MutationIndexes | None = None if is_cached else {}
        self._mutation_key = object()
        try:
            self.key = variant.keys[name]
        except KeyError:
            self.failure = variant.failures.get(name)

    def read_answer(self, typed: RawAnswer, style: NumberStyle | None) -> Reading[Any]:
        """Return the reading of an answer, or raise `AnswerError`.

        Variants share the readings of short texts. A text with words is read for each variant if
        the prompt displays numbers of the variant, because the words are compared with the prompt.
        """
        if (
            type(typed) is str
            and len(typed) <= MAX_CACHED_TEXT_LENGTH
            and not self.kind.reads_by_numbers
            and not (self.part.prompt.expressions and has_words(typed))
        ):
            return _read_cached(self.common, typed, style)
        return self.kind.normalize_and_read(typed, style, self.part, self.student_scope)

    @cached_property
    def mistake_index(self) -> MistakeIndex:
        """The known wrong answers from one mistake."""
        return self._build_index(self.variant.mistakes.get(self.part.id, NO_MISTAKES))

    @cached_property
    def mistake_pair_index(self) -> MistakeIndex:
        """The known wrong answers from two mistakes at once."""
        return self._build_index(get_mistake_pairs(self.variant, self.part.id, self.registry))

    def choose_mutation_group(self, reading: Reading[Any]) -> MutationGroup:
        """Return the smallest group of mutations that may give the answer."""
        is_exact = reading.step in {None, 1}
        return choose_mutation_group(reading.value, self.key) if is_exact else "all"

    @property
    def _mutation_indexes(self) -> MutationIndexes:
        indexes = self._own_mutation_indexes
        return get_mutation_indexes(self._mutation_key) if indexes is None else indexes

    def get_mutation_index(self, group: MutationGroup) -> MistakeIndex:
        """Return the wrong answers from a mistake in the arithmetic of the key."""
        indexes = self._mutation_indexes
        if "all" in indexes:
            group = "all"
        if group not in indexes:
            indexes[group] = self._build_mutation_index(group)
        return indexes[group]

    def _build_mutation_index(self, group: MutationGroup) -> MistakeIndex:
        variant = self.variant
        return self._build_index(
            find_mutated_answers(
                variant.problem,
                self.part,
                variant.names,
                variant.keys,
                self.registry,
                known=variant.mistakes.get(self.part.id, NO_MISTAKES),
                group=group,
            )
        )

    @property
    def mutated_pair_index(self) -> MistakeIndex:
        """The wrong answers from a mistake in the arithmetic of the key and one in a solver."""
        indexes, variant = self._mutation_indexes, self.variant
        if "pairs" not in indexes:
            indexes["pairs"] = self._build_index(
                find_mutated_pairs(
                    variant.problem, self.part, variant.names, variant.keys, self.registry
                )
            )
        return indexes["pairs"]

    @cached_property
    def _solution_scope(self) -> Scope:
        """The scope in which keys are computed."""
        return self.variant.solution_scope(self.registry)

    @cached_property
    def accepted_values(self) -> tuple[tuple[Value | None, str], ...]:
        """The values that the author accepts besides the key, each with its message.

        Values that cannot be computed are omitted: the checker reports them, and no student loses
        by it.
        """
        values = []
        for accept in self.keyed.accept if self.keyed else ():
            try:
                key = self.kind.solve(
                    self.part.model_copy(update={"key": accept.key}), self._solution_scope
                )
                message = accept.say.fill(self._solution_scope)
            except SolverError:
                continue
            values.append((key, message or "Correct: accepted beside the key."))
        return tuple(values)

    def solve_with_carried(self, carried: Mapping[str, Value]) -> Value | None:
        """Return the key from the student's own earlier answers, None if there is none."""
        scope = Scope({**self._solution_scope.names, **carried}, self._solution_scope.functions)
        try:
            return self.kind.solve(self.part, scope)
        except SolverError:
            return None

    def build_carried_mistake_index(self, carried_values: Mapping[str, Value]) -> MistakeIndex:
        """Return the known wrong answers of a student who carried the answers *carried_values*."""
        variant = self.variant
        keys = {**variant.keys, **carried_values}
        return self._build_index(
            find_carried_mistakes(variant.problem, self.part, variant.names, keys, self.registry)
        )

    def _build_index(self, known: KnownMistakes) -> MistakeIndex:
        preferred = get_argument_omission_mistakes(self.variant.problem, self.part.id)
        return MistakeIndex(known, self.kind, self.part, self.student_scope, preferred=preferred)


@lru_cache(maxsize=CACHED_MUTATION_INDEXES)
def get_mutation_indexes(_key: object) -> MutationIndexes:
    """Return where the context with this key stores the indexes that it builds.

    The cache holds this key, so it does not keep an evicted context alive.
    """
    return {}


@lru_cache(maxsize=CACHED_READINGS)
def _read_cached(common: CommonContext, typed: str, style: NumberStyle | None) -> Reading[Any]:
    """Return the reading of a text that does not depend on a variant's numbers."""
    return common.kind.normalize_and_read(typed, style, common.part, EMPTY_SCOPE)
