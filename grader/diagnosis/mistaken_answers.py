"""Answers of a student who makes a mistake, computed from the keys of a problem."""

from collections.abc import Collection, Mapping
from typing import TypeAlias

from grader.definitions.problem import AnyPart, Problem
from grader.errors import SolverError
from grader.expressions.arithmetic import Function
from grader.expressions.evaluate import Scope
from grader.kinds import KINDS
from grader.registry import Registry, available_functions
from grader.values import Value
from grader.variants.plan import MistakeSite, ProblemPlan

Keys: TypeAlias = Mapping[str, Value | None]


class MistakenAnswers:
    """Cache of the answers of students who make a mistake, for the parts that it affects.

    The answers are computed once and serve every part, because a part's answer depends only on its
    own chain of keys. If not all parts are *needed*, only those are computed.
    """

    def __init__(
        self,
        problem: Problem,
        plan: ProblemPlan,
        names: Mapping[str, Value],
        keys: Keys,
        registry: Registry,
        *,
        needed: Collection[str] | None = None,
    ) -> None:
        self.plan = plan
        self.registry = registry
        self._parts = [part for part in problem.parts if needed is None or part.id in needed]
        self._known = {**names, **{name: key for name, key in keys.items() if key is not None}}
        self._functions = available_functions(registry)
        self._answers: dict[object, Mapping[str, Value]] = {}

    def compute_at_all_sites(self, *mistakes: str) -> Mapping[str, Value]:
        """Return the answers if the *mistakes*, one or two, are made in all calls."""
        if mistakes not in self._answers:
            wrong_versions = (
                self.registry.combine_mistakes(*mistakes)
                if len(mistakes) > 1
                else self.registry.wrong_versions[mistakes[0]]
            )
            self._answers[mistakes] = self._compute_answers(wrong_versions, "", {})
        return self._answers[mistakes]

    def compute_at_site(self, mistake: str, site: MistakeSite) -> Mapping[str, Value]:
        """Return the answers if *mistake* is made at one *site* only."""
        if (mistake, site) not in self._answers:
            part, numbers, function = site
            swap = dict.fromkeys(numbers, self.registry.wrong_versions[mistake][function])
            self._answers[mistake, site] = self._compute_answers({}, part, swap)
        return self._answers[mistake, site]

    def _compute_answers(
        self, wrong_versions: Mapping[str, Function], part_id: str, swap: Mapping[int, Function]
    ) -> dict[str, Value]:
        """Return the answers to the parts that wrong versions, swaps or earlier answers change."""
        functions = {**self._functions, **wrong_versions} if wrong_versions else self._functions
        known = dict(self._known)
        answers: dict[str, Value] = {}
        failed: set[str] = set()
        for part in self._parts:
            key_names = self.plan.key_names[part.id]
            if not failed.isdisjoint(key_names):
                failed.add(part.id)
            elif (
                part.id == part_id
                or not key_names.isdisjoint(answers)
                or not self.plan.functions[part.id].isdisjoint(wrong_versions)
            ):
                scope = Scope(known, functions, swap if part.id == part_id else {})
                value = solve_key_or_none(part, scope)
                if value is None:
                    failed.add(part.id)
                else:
                    known[part.id] = answers[part.id] = value
        return answers


def build_scope(names: Mapping[str, Value], keys: Keys, registry: Registry) -> Scope:
    """Return the scope of the keys: parameters, known keys and the functions of *registry*."""
    known = {**names, **{name: key for name, key in keys.items() if key is not None}}
    return Scope(known, available_functions(registry))


def solve_key_or_none(part: AnyPart, scope: Scope) -> Value | None:
    """Return the key of *part* in *scope*, or None if it cannot be computed."""
    try:
        return KINDS[part.kind].solve(part, scope)
    except SolverError:
        return None
