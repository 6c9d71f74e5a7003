"""Tests of mistakes in all like places of a key, and in its result as a whole."""

import pytest
from factories import ask, marked, original

from grader.diagnosis.broad_mutations import enumerate_broad_mutations
from grader.expressions.parser import parse
from problems.registry import REGISTRY

PARAMS = {"u": 480, "v": 60, "w": 7, "x": [2, 5, 9, 14]}


def named(part: dict[str, object], typed: str, **params: object) -> tuple[str, ...]:
    variant = original(part, book=REGISTRY, params={**PARAMS, **params})
    return marked(variant, book=REGISTRY, a=typed)["a"].mistakes


@pytest.mark.parametrize(
    ("key", "typed", "mistake"),
    [
        ("u*(1 - 0.2)", "96", "complement_taken"),
        ("(1 - 0.1)*(1 - 0.2)*u", "9.6", "complement_taken"),
        ("sqrt(u)*3 + sqrt(v)*w", "1860", "exponent_left_out"),
        ("(u/4 - 1)**2 + (v/4)**2", "134", "exponent_left_out"),
        ("u**2/4 + v**2/4", "234000", "divisor_left_out"),
        ("u*w + v", "-3420", "sign_of_result"),
        ("u*w + w", "58.03", "exponent_left_out"),
        ("u*w + w", "6734", "halved_for_doubled"),
        ("100*v/u", "800", "quotient_inverted"),
        ("u + v*w + w + 1", "487", "summand_left_out"),
        ("u + v", "-420", "sign_flipped"),
        ("u + v*w - w", "1313", "summand_counted_twice"),
        ("u + 3*v + w", "222.333", "mean_for_sum"),
        ("u/w + 1", "3361", "multiplied_or_divided"),
        ("u*w + 1", "69.5714", "multiplied_or_divided"),
        ("w**5", "35", "multiplied_or_raised"),
        ("w**4", "343", "exponent_left_out"),
        ("u/ln(w)", "171.0", "log_base_two"),
        ("u*9 + w", "3847", "count_off_by_one"),
        ("sum(x)/w", "3.75", "count_off_by_one"),
        ("u*w", "28800", "other_value_used"),
    ],
)
def test_mistake_in_whole_key_is_named(key: str, typed: str, mistake: str) -> None:
    tolerance = {} if typed.lstrip("-").isdigit() else {"tolerance": {"rounded": 4}}
    assert mistake in named(ask("number", key=key, **tolerance), typed)


def test_mistake_in_all_vector_entries_is_named() -> None:
    part = ask("vector", key="(u - v/2, w - v/2, u + v/2)")
    assert named(part, "[420, -53, 540]") == ("divisor_left_out",)
    assert named(part, "[-450, 23, -510]") == ("sign_of_result",)


def test_broad_mistakes_are_named_in_formulas_too() -> None:
    part = ask("expression", key="n*k**3 + n", variables={"n": "2..9", "k": "2..9"})
    assert named(part, "n*k^2 + n") == ("exponent_left_out",)
    assert named(part, "2*(n*k^3 + n)") == ("halved_for_doubled",)


@pytest.mark.parametrize("typed", ["0.8", "4/5", "80 %"])
def test_complement_of_simple_share_is_named(typed: str) -> None:
    assert named(ask("number", key="v/300"), typed) == ("complement_taken",)


def test_short_decimal_is_evidence_only_with_three_figures() -> None:
    part = ask("number", key="v/24 + 0.25*w + 1")
    assert named(part, "2.5") == ()
    assert named(part, "4.25") == ("summand_left_out",)


def test_doubled_answer_is_named_only_without_other_explanation() -> None:
    assert named(ask("number", key="2*w*v"), "1680") == ("halved_for_doubled",)
    assert "halved_for_doubled" not in named(ask("number", key="u + u*w - u"), "6720")


def test_solver_arguments_are_not_mutated() -> None:
    trees = enumerate_broad_mutations(parse("conv_size(3*a, b/4)").tree, of_result=False)
    assert list(trees) == []


def test_conditions_are_not_mutated() -> None:
    assert named(ask("number", key="u*w + 1 if v < 100 else w"), "7") == ()
    options = {"options": {"small": "Small.", "large": "Large."}}
    part = ask("choice", key="'small' if v < 300 else 'large'", **options)
    assert named(part, "large") == ()
