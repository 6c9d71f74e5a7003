"""Tests of invariants of every kind of answer, for its own samples and for any answer."""

from decimal import ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context
from fractions import Fraction
from typing import Any, get_args

import pytest
from factories import BOOK, CALM, ask, mark, marked, original, problem
from hypothesis import given, settings
from hypothesis import strategies as st
from kind_examples import EXAMPLES, PARAMS

from grader.definitions.parts import KeyedPart
from grader.definitions.problem import Problem, Status
from grader.grading.rounding import compute_leading_exponent
from grader.grading.tolerance import Tolerance, find_accepting_rule, find_cell_rule
from grader.kinds import KINDS
from grader.values import simplify_number
from grader.variants.variant import solve_variant

PARTS = [
    pytest.param(part, id=f"{kind}{at}")
    for kind, parts in EXAMPLES.items()
    for at, part in enumerate(parts)
]


def test_every_kind_has_examples():
    assert set(EXAMPLES) == set(KINDS)
    for kind, part in KINDS.items():
        assert part.part.model_fields["kind"].annotation is not None, kind


@pytest.mark.parametrize("kind", KINDS)
def test_examples_of_kind_use_each_of_its_fields(kind):
    """A field that no example uses escapes every test that runs over all kinds."""
    model = KINDS[kind].part
    parsed = [problem(part, params=PARAMS).parts[0] for part in EXAMPLES[kind]]
    unused = {
        name
        for name, field in model.model_fields.items()
        if name not in KeyedPart.model_fields
        and all(
            getattr(part, name) == field.get_default(call_default_factory=True) for part in parsed
        )
    }
    assert unused == set()


@pytest.mark.parametrize("part", PARTS)
def test_samples_of_every_kind_get_their_expected_verdict(part):
    variant = original(part, params=PARAMS)
    stated = variant.problem.parts[0]
    samples = KINDS[stated.kind].build_samples(stated, variant.keys["a"])
    for typed in samples.right:
        result = marked(variant, a=typed)["a"]
        assert (result.status, result.credit) == ("correct", 1), typed
    for typed in samples.wrong:
        result = marked(variant, a=typed)["a"]
        assert result.status in {"wrong", "partial", "mistake"}, typed
        assert result.credit < 1, typed
    for typed in samples.unreadable:
        result = marked(variant, a=typed)["a"]
        assert result.status in {"unreadable", "missing"}, typed
        assert not result.costs_attempt


@pytest.mark.parametrize("part", PARTS)
def test_displayed_key_is_read_back_as_correct(part):
    """Limits and conditions have no key; a formula's may call what no student can type."""
    variant = original(part, params=PARAMS)
    stated, key = variant.problem.parts[0], variant.keys.get("a")
    kind = KINDS[stated.kind]
    if key is None or not kind.build_samples(stated, key).right:
        assert stated.kind in {"number", "expression", "predicate", "text"}
        return
    assert marked(variant, a=kind.format_key(key, stated))["a"].status == "correct"


@pytest.mark.parametrize("part", PARTS)
def test_all_or_nothing_credit_gives_zero_for_wrong_answers(part):
    variant = original(part, params=PARAMS)
    stated = variant.problem.parts[0]
    together = getattr(stated, "credit_by", "all") == "all"
    for typed in KINDS[stated.kind].build_samples(stated, variant.keys["a"]).wrong:
        assert not together or marked(variant, a=typed)["a"].credit == 0


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_samples_that_can_fail(kind):
    """A condition has no wrong samples, and only a person can tell which texts are right."""
    variant = original(EXAMPLES[kind][0], params=PARAMS)
    samples = KINDS[kind].build_samples(variant.problem.parts[0], variant.keys["a"])
    assert bool(samples.right) is (kind != "text")
    assert bool(samples.wrong) is (kind not in {"text", "predicate"})
    assert samples.unreadable


@pytest.mark.parametrize("kind", ["integer", "number", "shape", "expression", "table"])
def test_samples_without_key_are_all_unreadable(kind):
    part = original(EXAMPLES[kind][0], params=PARAMS).problem.parts[0]
    samples = KINDS[kind].build_samples(part, None)
    assert (samples.right, samples.wrong) == ((), ())
    assert samples.unreadable


def test_untypeable_key_has_no_right_samples():
    for part in (
        ask("expression", key="weights(n, n, n)", variables={"n": "1..9"}),
        ask("expression", key="C * n", variables={"n": "1..9"}),
        ask("shape", key="(halve(n), n)", variables={"n": "1..9"}),
        ask("shape", key="(n, C)", variables={"n": "1..9"}),
    ):
        variant = original(part, params={"C": 5})
        samples = KINDS[part["kind"]].build_samples(variant.problem.parts[0], variant.keys["a"])
        assert (samples.right, samples.wrong) == ((), ())
        assert samples.unreadable


TEXTS = st.one_of(
    st.text(max_size=40),
    st.text("0123456789 .,;+-*/^()[]{}|\\=%xX×·πabH_\n\t\"'", max_size=40),
    st.sampled_from(["31", "32", "[[2, 4], [6, 8]]", "x", "y, z", "3×32×32", "H - K", "5, 3"]),
)
ANSWERS: st.SearchStrategy[Any] = st.recursive(
    st.one_of(TEXTS, st.integers(), st.fractions()),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.parametrize("kind", KINDS)
@settings(CALM, max_examples=60)
@given(data=st.data())
def test_any_answer_gets_deterministic_status_and_exact_credit(kind, data):
    part = data.draw(st.sampled_from(EXAMPLES[kind]))
    typed = data.draw(ANSWERS)
    variant = original(part, params=PARAMS)
    result = marked(variant, a=typed)["a"]
    assert result == marked(variant, a=typed)["a"]
    assert result.status in get_args(Status)
    if result.status == "needs_review":
        assert result.credit is None
        return
    assert isinstance(result.credit, Fraction)
    assert 0 <= result.credit <= 1
    assert (result.status == "correct") == (result.credit == 1)
    assert bool(result.mistakes) == (result.status == "mistake")
    assert result.feedback
    if result.status in {"unreadable", "missing", "wrong"}:
        assert result.credit == 0


COUNTS = st.integers(-(10**12), 10**12)


@CALM
@given(key=COUNTS, off=st.integers(1, 10**6))
def test_count_is_right_only_at_its_key(key, off):
    part = ask(key=key)
    assert mark(part, str(key)).status == "correct"
    for other in (key + off, key - off):
        assert mark(part, str(other)).status == "wrong"


@CALM
@given(
    key=st.fractions(-1000, 1000, max_denominator=10**6),
    figures=st.integers(1, 8),
    inside=st.fractions(0, 1, max_denominator=1000),
)
def test_significant_figures_accept_half_a_unit_of_last_digit_at_most(key, figures, inside):
    part = ask("number", key=key, tolerance={"sigfigs": figures})
    unit = Fraction(10) ** (compute_leading_exponent(key) - figures + 1) if key else Fraction(0)
    assert mark(part, key + unit / 2 * inside).status == "correct"
    assert mark(part, key - unit / 2 * inside).status == "correct"
    assert mark(part, key + unit / 2 + Fraction(1, 10**20)).status == "wrong"


@CALM
@given(shape=st.lists(st.integers(1, 4096), min_size=1, max_size=5), data=st.data())
def test_shape_is_right_only_if_every_axis_matches(shape, data):
    part = ask("shape", key=shape)
    assert mark(part, list(shape)).status == "correct"
    at = data.draw(st.integers(0, len(shape) - 1))
    other = [*shape[:at], shape[at] + data.draw(st.integers(1, 99)), *shape[at + 1 :]]
    assert mark(part, other).status == "wrong"


CELLS = st.one_of(st.integers(-99, 99), st.fractions(-9, 9, max_denominator=64))


@CALM
@given(data=st.data(), height=st.integers(1, 4), width=st.integers(1, 4))
def test_matrix_credit_is_share_of_right_cells(data, height, width):
    row = st.lists(CELLS, min_size=width, max_size=width)
    key = data.draw(st.lists(row, min_size=height, max_size=height))
    moved = data.draw(st.sets(st.tuples(st.integers(0, height - 1), st.integers(0, width - 1))))
    typed = [
        [cell + 1 if (down, across) in moved else cell for across, cell in enumerate(cells)]
        for down, cells in enumerate(key)
    ]
    result = mark(ask("matrix", key=key), typed)
    assert result.credit == 1 - Fraction(len(moved), height * width)


@CALM
@given(side=st.integers(1, 10**6), offset=st.integers(-2, 2))
def test_answer_following_from_earlier_answer_is_right(side, offset):
    parts = (ask(key="side(64, 3, stride=2)"), ask(id="b", key="a * 3 + 5"))
    answer = side * 3 + 5 + offset
    status = marked(original(*parts), a=str(side), b=str(answer))["b"].status
    if answer == 31 * 3 + 5:
        assert status == "correct"
    elif offset == 0:
        assert status == "follow_through"
    else:
        assert status in {"wrong", "mistake"}


@CALM
@given(st.lists(st.integers(1, 60), min_size=1, max_size=12), st.data())
def test_part_scores_add_up_exactly_to_the_points(weights, data):
    total = sum(weights)
    parts = [
        ask(id=f"p{at}", key=at, points=Fraction(weight, total))
        for at, weight in enumerate(weights)
    ]
    right = data.draw(st.sets(st.sampled_from(range(len(weights)))))
    results = marked(original(*parts), **{f"p{at}": str(at) for at in right})
    earned = sum(result.score for result in results.values())
    assert earned == Fraction(sum(weights[at] for at in right), total)


@settings(CALM, max_examples=40)
@given(seed=st.integers(0, 2**53))
def test_key_of_every_seed_is_right_and_known_mistakes_are_wrong(seed):
    toy = Problem.model_validate(
        {
            "id": "toy",
            "title": "A toy",
            "topic": "toys",
            "difficulty": 1,
            "statement": "{{W}}",
            "params": {"W": {"integers": [20, 200]}, "K": {"choose": [2, 3, 5]}},
            "parts": [
                ask(key="side(W, K, stride=2, padding=1)"),
                ask(id="b", key="weights(a, halve(a), K)"),
            ],
        }
    )
    variant = solve_variant(toy, seed, BOOK)
    right = marked(variant, **{name: str(key) for name, key in variant.keys.items()})
    assert {result.status for result in right.values()} == {"correct"}
    for name, known in variant.mistakes.items():
        for candidate in known.candidates:
            result = marked(variant, **{name: str(candidate.value)})[name]
            assert (result.status, result.credit) == ("mistake", 0)


NUMBERS = st.one_of(st.integers(-(10**6), 10**6), st.fractions(-1000, 1000, max_denominator=10**6))
RULES = st.fixed_dictionaries(
    {},
    optional={
        "abs": st.fractions(0, 10, max_denominator=1000),
        "rel": st.fractions(0, 1, max_denominator=1000),
        "sigfigs": st.integers(1, 15),
        "decimals": st.integers(0, 15),
    },
).filter(bool)


@settings(CALM, max_examples=300)
@given(key=NUMBERS, rule=RULES, share=st.fractions(-2, 2, max_denominator=50))
def test_tolerance_acceptance_matches_plain_fraction_distance(key, rule, share):
    """The oracle is the definition of each field; ``share`` of 1 and -1 are the limits."""
    size = abs(Fraction(key))
    radii = [Fraction(rule.get("abs", 0)), rule.get("rel", 0) * size]
    if "decimals" in rule:
        radii.append(Fraction(1, 10 ** rule["decimals"]) / 2)
    if "sigfigs" in rule and key:
        place = next(at for at in range(9, -9, -1) if Fraction(10) ** at <= size)
        radii.append(Fraction(10) ** (place + 1 - rule["sigfigs"]) / 2)
    answer = simplify_number(key + share * max(radii))
    tolerance = Tolerance.model_validate(rule)
    inside = abs(answer - key) <= max(radii)
    assert bool(find_accepting_rule(answer, key, tolerance, step=None)) is inside
    assert bool(find_cell_rule(answer, key, tolerance)) is inside
    low, high = tolerance.interval(key)
    assert (low <= answer <= high) is inside


@settings(CALM, max_examples=200)
@given(key=st.decimals(-(10**9), 10**9, places=6), figures=st.integers(1, 12), data=st.data())
def test_rounding_acceptance_matches_decimal_module(key, figures, data):
    """The oracle is `decimal`; half a unit may be rounded either way, so both are right."""
    typed_figures = data.draw(st.integers(figures, 14))
    mode = data.draw(st.sampled_from([ROUND_HALF_UP, ROUND_HALF_DOWN, ROUND_HALF_EVEN]))
    if not key:
        return
    rounded = Context(prec=typed_figures, rounding=mode).plus(key)
    answer, step = Fraction(rounded), Fraction(10) ** int(rounded.as_tuple().exponent)
    tolerance = Tolerance(rounded=figures)
    assert find_cell_rule(simplify_number(answer), simplify_number(Fraction(key)), tolerance)
    if step < 1:
        assert find_accepting_rule(
            simplify_number(answer), simplify_number(Fraction(key)), tolerance, step=step
        )


ITEMS = st.lists(st.integers(-30, 30), min_size=1, max_size=8)


@CALM
@given(key=ITEMS, given_items=ITEMS, data=st.data())
def test_set_credit_ignores_order_and_repetition(key, given_items, data):
    part = ask("set", of="integer", key=tuple_of(key), credit_by="item")
    typed = data.draw(st.permutations(given_items + given_items[:2]))
    right = len({*given_items} & {*key})
    net = max(0, right - len({*given_items} - {*key}))
    assert mark(part, ", ".join(map(str, typed))).credit == Fraction(net, len({*key}))


@CALM
@given(key=ITEMS, moves=st.lists(st.fractions(-1, 1, max_denominator=20), min_size=8, max_size=8))
def test_set_with_items_within_tolerance_is_right_in_any_matching(key, moves):
    key = sorted({*key})
    answer = {item + move for item, move in zip(key, moves, strict=False)}
    part = ask("set", key=tuple_of(key), tolerance={"abs": 1})
    status = mark(part, sorted(answer, reverse=True)).status
    assert (status == "correct") is (len(answer) == len(key))


def tuple_of(items):
    """Return a tuple in the notation of authors."""
    return f"({', '.join(map(str, items))},)"
