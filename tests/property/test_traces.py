"""Tests of tracers: for any arguments, true steps lead to the value of the solver."""

from factories import CALM
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from solution_steps import are_equal, misplaced_cells, stated_value, wrong_cells, wrong_formulas

from grader.errors import SolverError
from grader.values import Tensor
from problems.registry import REGISTRY

SIZES, KERNELS, STEPS = st.integers(1, 30), st.integers(1, 6), st.integers(1, 3)
ENDS = st.integers(0, 2) | st.tuples(st.integers(0, 2), st.integers(0, 2))
BORDERS = st.sampled_from([0, 1, (1, 0), (1, 0, 2, 1), "same", "tf", "valid"])
SIDES = st.sampled_from([1, 2, 3, (1, 2), (2, 1)])
SPREADS = st.sampled_from([1, 2, (1, 2)])
MODES = st.booleans()


def tensors(*sides: int | tuple[int, int]) -> SearchStrategy[Tensor]:
    """Draw tensors with axes of these lengths; a pair is a range of lengths."""
    lengths = [st.integers(*one) if isinstance(one, tuple) else st.just(one) for one in sides]
    return st.tuples(*lengths).flatmap(_filled)


def _filled(shape: tuple[int, ...]) -> SearchStrategy[Tensor]:
    count = 1
    for length in shape:
        count *= length
    cells = st.lists(st.integers(-9, 9), min_size=count, max_size=count)
    return cells.map(lambda found: Tensor(shape, tuple(found)))


LAYERS = st.lists(st.tuples(KERNELS, STEPS, STEPS, STEPS), min_size=1, max_size=6).map(tuple)
IMAGES = tensors((2, 6), (2, 6)) | tensors(2, (2, 5), (2, 5))
CALLS = {
    "conv_size": ((SIZES, KERNELS), {"stride": STEPS, "padding": ENDS, "dilation": STEPS}),
    "pool_size": (
        (SIZES, KERNELS),
        {"stride": st.none() | STEPS, "padding": ENDS, "dilation": STEPS, "ceil_mode": MODES},
    ),
    "transposed_size": (
        (SIZES, KERNELS),
        {"stride": STEPS, "padding": st.integers(0, 3), "output_padding": st.integers(0, 2)},
    ),
    "same_padding_ends": ((SIZES, KERNELS), {"stride": STEPS, "dilation": STEPS}),
    "kernel_for": ((SIZES, SIZES), {"stride": STEPS, "padding": STEPS, "dilation": STEPS}),
    "padding_for": ((SIZES, SIZES, KERNELS), {"stride": STEPS, "dilation": STEPS}),
    "stride_for": ((SIZES, SIZES, KERNELS), {"padding": STEPS, "dilation": STEPS}),
    "layers_for_field": ((SIZES, KERNELS), {"stride": STEPS, "dilation_growth": STEPS}),
    "conv2d": (
        (IMAGES, tensors((1, 3), (1, 3))),
        {"stride": SIDES, "padding": BORDERS, "dilation": SPREADS, "bias": STEPS, "flip": MODES},
    ),
    "conv_transpose2d": (
        (tensors((1, 4), (1, 4)), tensors((1, 3), (1, 3))),
        {"stride": SIDES, "padding": BORDERS, "dilation": SPREADS, "bias": STEPS},
    ),
    "max_pool2d": (
        (IMAGES, SIDES),
        {"stride": st.none() | SIDES, "padding": st.integers(0, 1), "ceil_mode": MODES},
    ),
    "avg_pool2d": (
        (IMAGES, SIDES),
        {"padding": st.integers(0, 1), "count_include_pad": MODES, "ceil_mode": MODES},
    ),
    "field_range": (
        (LAYERS, SIZES),
        {},
    ),
}  # fmt: skip


@st.composite
def drawn_calls(draw: st.DrawFn) -> tuple[str, list[object], dict[str, object]]:
    name = draw(st.sampled_from(sorted(CALLS)))
    arguments, keywords = CALLS[name]
    given_words = {word: draw(values) for word, values in keywords.items()}
    return name, [draw(values) for values in arguments], given_words


@CALM
@given(drawn_calls())
def test_tracer_steps_are_valid_and_end_in_solver_result(call) -> None:
    name, arguments, keywords = call
    try:
        value = REGISTRY.functions[name](*arguments, **keywords)
    except SolverError:
        return
    steps = REGISTRY.tracers[name](*arguments, **keywords)
    assert are_equal(stated_value(steps), value)
    assert wrong_formulas(steps) + wrong_cells(steps) + misplaced_cells(steps) == []
