"""Tests of mistakes in the arithmetic of a key, which no wrong version of a solver shows."""

from fractions import Fraction
from math import log2

import pytest
from factories import ask, marked, original

from grader.diagnosis.argument_mutations import (
    MAX_ARGUMENT_MUTATIONS,
    enumerate_argument_mutations,
    enumerate_index_mutations,
)
from grader.diagnosis.broad_mutations import MAX_BROAD_MUTATIONS, enumerate_broad_mutations
from grader.diagnosis.mutations import MAX_MUTATIONS, enumerate_mutations, get_mutations
from grader.expressions.parser import parse
from grader.registry import MistakeInfo
from problems.mistakes.expressions import MISTAKES
from problems.registry import REGISTRY

PARAMS = {"u": 480, "v": 60, "w": 7}
LET = {"twice": "2 * u", "rest": "twice - v"}


def named(key: str, typed: str, *, kind: str = "number", **fields: object) -> tuple[str, ...]:
    return mistakes_of(ask(kind, key=key, **fields), typed, params=PARAMS, let=LET)


def mistakes_of(part: dict[str, object], typed: str, **problem: object) -> tuple[str, ...]:
    """Return the mistakes that are named in *typed*, with the mistakes of the bank."""
    variant = original(part, book=REGISTRY, **problem)
    return marked(variant, book=REGISTRY, a=typed)["a"].mistakes


@pytest.mark.parametrize(
    ("key", "typed", "mistake"),
    [
        ("u + v*w", "480", "summand_left_out"),
        ("u + v*w", "420", "summand_left_out"),
        ("u + v*w + 1000", "480", "single_summand"),
        ("u - v", "-420", "operands_exchanged"),
        ("u*v*w", "28800", "product_factor_left_out"),
        ("u/w", "480", "divisor_left_out"),
        ("u/w", "7/480", "quotient_inverted"),
        ("1 - u/1000", "12/25", "complement_taken"),
        ("u/1000", "13/25", "complement_taken"),
        ("100*w**2", "700", "exponent_left_out"),
        ("sqrt(u)", "480", "exponent_left_out"),
        ("2*u", "240", "halved_for_doubled"),
        ("u/2", "960", "halved_for_doubled"),
        ("u*v", "540", "added_for_multiplied"),
        ("u*w - v", "-60", "summand_left_out"),
        ("u//w", "69", "rounded_otherwise"),
        ("ceil(u/w)", "68", "rounded_otherwise"),
        ("rest", "420", "product_factor_left_out"),
    ],
)
def test_arithmetic_mistake_is_identified(key: str, typed: str, mistake: str) -> None:
    assert mistake in named(key, typed)


def test_small_integer_matches_no_mutation() -> None:
    assert named("w**4", "7") == ()


def test_mutation_of_a_let_value_propagates_to_the_key() -> None:
    assert "summand_left_out" in named("rest * w", "6720")


def test_formula_answers_match_mutations_by_equivalence() -> None:
    part = ask("expression", key="(n + 1)*k", variables={"n": "1..9", "k": "1..9"})
    assert mistakes_of(part, "n*k") == ("summand_left_out",)
    assert mistakes_of(part, "k*n + 1") == ()


def test_part_may_ignore_a_mutation() -> None:
    assert named("u + v*w", "480", ignore=["summand_left_out"]) == ()


def test_rounded_key_matches_no_mutation() -> None:
    assert named("u/w", "68.6", tolerance={"decimals": 3}) == ()


def test_every_mutation_is_registered_and_produced() -> None:
    sources = (
        "a + b*c + d/e", "a - b", "2*a", "a/2", "a//b", "floor(a/b)", "a**2", "sqrt(a)", "a*b",
        "1 - a", "a + b",
    )  # fmt: skip
    calls = "conv_size(a, b, stride=c, padding=d)", "receptive_field((a, b, c))"
    found = {
        mistake for source in sources for mistake, _ in enumerate_mutations(parse(source).tree)
    } | {
        mistake
        for source in calls
        for mistake, _ in enumerate_argument_mutations(parse(source).tree, ("e",))
    }
    found |= {mistake for mistake, _ in enumerate_index_mutations(parse("x[1]").tree)}
    found |= {mistake for mistake, _ in enumerate_broad_mutations(parse("3*c + a**b*d/e").tree)}
    assert found == {mistake.id for mistake in MISTAKES}
    assert all(isinstance(mistake, MistakeInfo) for mistake in MISTAKES)


def test_number_of_mutations_is_bounded() -> None:
    key = " + ".join(f"{number}*u*v*w" for number in range(3, 20))
    variant = original(ask("number", key=key), params=PARAMS, book=REGISTRY)
    mutations = get_mutations(variant.problem, "a", REGISTRY)
    assert len(mutations) == MAX_MUTATIONS + MAX_BROAD_MUTATIONS


def test_number_of_argument_mutations_is_bounded() -> None:
    tree = parse(" + ".join(f"conv_size(a, {number}, stride=b)" for number in range(3, 15))).tree
    assert len(list(enumerate_argument_mutations(tree, ("c", "d")))) == MAX_ARGUMENT_MUTATIONS


NETWORK = {"H": 224, "C": 64, "F": 192, "K": 7, "s": 2}


@pytest.mark.parametrize(
    ("key", "typed", "mistake"),
    [
        ("C*sum((H, F, H))", "26624", "stopped_early"),
        ("C*sum((H, F, H))", "28672", "item_left_out"),
        ("H*conv_size(H, K, stride=s)", "896", "other_value_used"),
        ("H*max(F, C, K)", "14336", "item_left_out"),
    ],
)  # fmt: skip
def test_mistake_in_an_argument_is_identified(key: str, typed: str, mistake: str) -> None:
    names = mistakes_of(ask("integer", key=key), typed, params=NETWORK)
    assert mistake in names if mistake else names == ()


def test_mistake_on_one_axis_of_a_shape_is_identified() -> None:
    part = ask("shape", key="(C, conv_size(H, K, stride=s), conv_size(H, K, stride=s))")
    assert mistakes_of(part, "64 x 109 x 109", params=NETWORK) == ()
    both = mistakes_of(part, "64 x 218 x 218", params=NETWORK)
    assert both
    assert mistakes_of(part, "64 x 218 x 109", params=NETWORK) == both


def test_mutation_of_an_earlier_part_is_identified_in_the_dependent_part() -> None:
    parts = [
        ask("integer", id="patches", key="(H//16)**2"),
        ask("integer", id="pairs", key="F*patches"),
    ]
    variant = original(*parts, params=NETWORK, book=REGISTRY)
    result = marked(variant, book=REGISTRY, pairs="2688")["pairs"]
    assert result.mistakes == ("exponent_left_out",)


def test_near_miss_of_the_key_does_not_match_a_replaced_value() -> None:
    part = ask("integer", key="H*linear_params(C, F)")
    assert mistakes_of(part, str(224 * 64 * 193 + 1), params=NETWORK) == ()


def test_wrong_list_item_is_identified() -> None:
    params = {"u": 12, "x": [7, 151, 223]}
    part = ask("number", key="u*x[0]/9")
    assert mistakes_of(part, "201.333", params=params) == ("other_item_used",)
    assert mistakes_of(part, "297.333", params=params) == ("other_item_used",)


@pytest.mark.parametrize(
    ("typed", "mistakes"),
    [
        ("[[5, 1], [3, 2]]", ("other_value_used",)),
        ("[[4, 3], [2, 1]]", ("array_turned",)),
    ],
)
def test_wrong_array_and_rotated_array_are_identified(typed, mistakes) -> None:
    params = {"X": [[1, 2], [3, 4]], "Y": [[5, 1], [3, 2]]}
    part = ask("matrix", key="max_pool2d(X, 1)")
    assert mistakes_of(part, typed, params=params) == mistakes


def test_flipped_sign_is_identified_in_numbers_and_formulas() -> None:
    assert mistakes_of(ask("number", key="u*v - w"), "469", params={"u": 12, "v": 31, "w": 97}) == (
        "sign_flipped",
    )
    formula = ask("expression", key="(n - k)/2 + 1", variables={"n": "9..32", "k": "1..7"})
    assert mistakes_of(formula, "(n + k)/2 + 1", params={}) == ("sign_flipped",)


def test_wrong_variable_in_a_formula_is_identified() -> None:
    variables = {"n": "9..32", "k": "1..7", "m": "1..7"}
    part = ask("expression", key="1/n + 1/k**2", variables=variables)
    assert mistakes_of(part, "1/m + 1/k^2", params={}) == ("other_value_used",)


def test_swapped_axes_are_identified_in_a_shape_close_to_the_key() -> None:
    part = ask("shape", key="conv_shape((H, W, 3), 8, 3, padding=1)", ignore=["axes_swapped"])
    assert mistakes_of(part, "36x32x8", params={"H": 32, "W": 36}) == ("operands_exchanged",)


def test_stride_omitted_on_one_axis_is_identified() -> None:
    part = ask(key="prod(conv_shape((80, 90, 3), 8, 3, stride=(s, 3)))")
    assert mistakes_of(part, str(78 * 30 * 8), params={"s": 2}) == ("argument_left_out",)


def test_arithmetic_mistake_combined_with_solver_mistake_is_identified() -> None:
    part = ask(key="conv_params(32, 64, 3) + conv_params(64, 96, 5)")
    assert set(mistakes_of(part, str(64 * 96 * 25), params={})) == {"summand_left_out", "no_bias"}


def test_two_mistakes_need_six_significant_figures_as_evidence() -> None:
    part = ask(
        "number",
        key="binary_cross_entropy((p, q), (1, 0))",
        tolerance={"rounded": 3},
    )
    params = {"p": Fraction(7, 10), "q": Fraction(1, 5)}
    both = sum(-log2(value) for value in (0.7, 0.8))
    assert mistakes_of(part, f"{both:.6g}", params=params) == ("log_base_two", "sum_for_mean")
    assert mistakes_of(part, f"{both:.3g}", params=params) == ()


def test_mutation_with_negative_complement_is_not_propagated() -> None:
    part = ask(key="tokens**2")
    let = {"tokens": "u*v + 1"}
    params = {"u": 10, "v": 11}
    assert mistakes_of(part, "12100", params=params, let=let) == ("summand_left_out",)
