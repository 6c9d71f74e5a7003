"""Tests of two mistakes at once: in two solvers, or in one with rewritten arguments."""

from dataclasses import replace

import pytest
from factories import BOOK, ask, original, problem, values

from grader.diagnosis.mistakes import KnownMistakes, find_mistake_pairs
from grader.registry import ArgumentRewrite, MistakeInfo, Registry
from grader.values import Tensor
from grader.variants.plan import get_problem_plan
from grader.variants.variant import get_mistake_pairs


def two_at_once(*parts, of: str = "a", **changes) -> KnownMistakes:
    variant = original(*parts, **changes)
    part = variant.problem.get_part(of)
    return find_mistake_pairs(variant.problem, part, variant.names, variant.keys, BOOK)


@pytest.mark.parametrize(
    ("key", "tried"),
    [
        ("weights(3, 11, 5) + 0 * side(64, 3, stride=2)", False),
        ("weights(3, 64, 3) * side(64, 3, stride=2)", True),
        ("-weights(3, 64, 3) * side(64, 3, stride=2)", True),
        ("(weights(3, 64, 3), side(64, 3, stride=2))", False),
    ],
)
def test_mistake_pairs_are_tried_only_on_numbers_with_at_least_four_digits(key, tried):
    kind = "shape" if key.startswith("(") else "integer"
    assert bool(two_at_once(ask(kind, key=key)).candidates) is tried


def test_mistake_pairs_change_different_functions():
    found = two_at_once(ask(key="weights(3, 64, 3) * side(64, 3, stride=2)"))
    assert values(found) == {
        "rounded_up no_bias": [1728 * 32],
        "rounded_up one_bias": [1729 * 32],
        "rounded_up channels_left_out": [640 * 32],
        "padding_left_out no_bias": [1728 * 31],
        "padding_left_out one_bias": [1729 * 31],
        "padding_left_out channels_left_out": [640 * 31],
    }
    ranks = [one.rank for one in found.candidates]
    assert ranks == sorted(ranks, reverse=True) == [102, 96, 85, 79, 61, 55]
    said = {one.ids: one.hint for one in found.candidates}
    assert said["rounded_up", "no_bias"] == "Hint: rounded_up. And: Hint: no_bias."


def area(*, height: int, width: int, depth: int) -> int:
    return height * width * depth


def set_to(**changes: int) -> ArgumentRewrite:
    """Return a rewrite that sets these arguments in a call of `area`."""
    return ArgumentRewrite(frozenset(changes), lambda **given: {**given, **changes})


def areas(**rewrites: ArgumentRewrite) -> Registry:
    """Return a registry with mistakes in `area`: *rewrites*, and `doubled` by formula."""
    told = {
        name: {"area": lambda rewrite=rewrite, **given: area(**rewrite.call(**given))}
        for name, rewrite in rewrites.items()
    }
    twins = {**told, "doubled": {"area": lambda **given: 2 * area(**given)}}
    info = {name: MistakeInfo(name, 5, f"Hint: {name}.", "") for name in twins}
    return Registry(
        {"area": area}, twins, info, {name: {"area": one} for name, one in rewrites.items()}
    )


@pytest.mark.parametrize(
    ("rewrites", "found"),
    [
        ({}, {}),
        ({"flat": set_to(depth=1)}, {"flat doubled": [2 * 30 * 50]}),
        (
            {"flat": set_to(depth=1), "low": set_to(height=2)},
            {
                "flat low": [2 * 50],
                "flat doubled": [2 * 30 * 50],
                "low doubled": [2 * 2 * 50 * 7],
            },
        ),
        ({"flat": set_to(depth=1), "deep": set_to(depth=9, width=2)}, {
            "flat doubled": [2 * 30 * 50],
            "deep doubled": [2 * 30 * 2 * 9],
        }),
    ],
)  # fmt: skip
def test_mistakes_in_one_solver_combine_if_their_argument_changes_are_disjoint(rewrites, found):
    book = areas(**rewrites)
    variant = original(ask(key="area(height=30, width=50, depth=7)"), book=book)
    part = variant.problem.parts[0]
    assert values(find_mistake_pairs(variant.problem, part, {}, variant.keys, book)) == found


def test_pairs_that_yield_the_value_of_a_single_mistake_are_omitted():
    book = areas(flat=set_to(depth=1), low=set_to(height=30))
    variant = original(ask(key="area(height=30, width=50, depth=7)"), book=book)
    assert values(get_mistake_pairs(variant, "a", book)) == {"flat doubled": [3000]}


def test_only_the_two_hundred_likeliest_pairs_are_tried():
    """There are 930 pairs: 31 mistakes in one function times 30 in the other."""
    book = areas(**{f"m{at}": set_to(height=at + 2) for at in range(30)})
    ranked = {name: replace(one, rank=at) for at, (name, one) in enumerate(book.mistakes.items())}
    others = {f"n{at}": MistakeInfo(f"n{at}", at, "", "") for at in range(30)}
    twins = {**book.wrong_versions, **{name: {"other": lambda: 9} for name in others}}
    info = {**ranked, **others}
    book = replace(
        book, functions={**book.functions, "other": lambda: 99}, wrong_versions=twins, mistakes=info
    )
    key = "area(height=100, width=50, depth=7) + other()"
    plan = get_problem_plan(problem(ask(key=key)), book)
    assert len(plan.mistake_pairs["a"]) == 200
    ranks = [info[one].rank + info[two].rank for one, two in plan.mistake_pairs["a"]]
    assert ranks == sorted(ranks, reverse=True)


def test_mistake_pairs_are_tried_on_tensors():
    params = {"X": [[1, 2], [3, 4]]}
    found = two_at_once(ask("matrix", key="plus(scale(X, 2), 1)"), params=params)
    assert values(found) == {
        "transposed_output sign_flipped": [Tensor.from_nested([[1, 5], [3, 7]])]
    }


def test_mistake_pairs_propagate_through_earlier_parts():
    parts = (ask(key="side(64, 3, stride=2)"), ask(id="b", key="weights(a, 64, 3)"))
    assert [1152 * 16 + 0] in values(two_at_once(*parts, of="b")).values()


def test_mistake_plans_are_computed_only_for_requested_parts():
    asked = problem(ask(id="a", key="weights(3, 64, 3)"), ask(id="b", key="halve(a)"))
    plan = get_problem_plan(asked, BOOK)
    assert not plan.mistakes
    assert plan.mistake_pairs["a"] is plan.mistake_pairs["a"]
    assert [*plan.mistakes, *plan.mistake_pairs] == ["a", "a"]
