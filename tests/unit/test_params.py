"""Tests of parameters: the draws of each kind, textbook values and impossible draws."""

from fractions import Fraction

import pytest
from pydantic import TypeAdapter, ValidationError

from grader.definitions.params import Choose, ConstantParam, Integers, Named, Network, Param, Torch
from grader.errors import SolverError
from grader.expressions.evaluate import Scope
from grader.values import Tensor
from grader.variants.random_stream import RandomStream

NAMES = {"K": 3, "half": Fraction(1, 2)}
BUILDERS = {
    "conv": lambda channels: ("conv", channels),
    "network": lambda *layers: layers,
    "torch_module": lambda text: text.upper(),
    "named": lambda name: {"toy": (1, 2)}[name],
}
SCOPE = Scope(NAMES, BUILDERS)


def param(given):
    return TypeAdapter(Param).validate_python(given)


def drawn(given, count: int = 40) -> list:
    return [param(given).draw(RandomStream(b"key", str(at)), SCOPE) for at in range(count)]


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"choose": [1, 2]}, Choose),
        ({"integers": [1, 2]}, Integers),
        ({"network": ["conv(3)"]}, Network),
        ({"torch": "Linear()"}, Torch),
        ({"named": "vgg16"}, Named),
        (80, ConstantParam),
        ("same", ConstantParam),
        ([1, 2], ConstantParam),
    ],
)
def test_parameter_field_determines_its_kind(given, kind):
    assert type(param(given)) is kind


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"choose": []},
        {"choose": [1]},
        {"choose": list(range(1001))},
        {"choose": [1, None]},
        {"chose": [1, 2]},
        {"choose": [1, 2], "integers": [1, 2]},
        {"integers": [1]},
        {"integers": [1, 2, 3]},
        {"integers": [1, 2], "shape": [1, 1, 1, 1, 1, 1]},
        {"integers": [1, 2], "original": None},
        {"network": []},
        {"named": 5},
        None,
    ],
)
def test_invalid_parameter_is_rejected(given):
    with pytest.raises(ValidationError):
        param(given)


def test_every_choice_can_be_drawn():
    assert set(drawn({"choose": [63, 64, "same"]})) == {63, 64, "same"}


def test_integer_limits_are_inclusive_and_may_use_earlier_values():
    assert set(drawn({"integers": ["-K", "K - 1"]})) == set(range(-3, 3))
    assert set(drawn({"integers": [5, 5]})) == {5}


def test_integers_with_a_shape_draw_a_tensor():
    tensors = drawn({"integers": [-1, 1], "shape": [2, "K"]})
    assert {tensor.shape for tensor in tensors} == {(2, 3)}
    assert {cell for tensor in tensors for cell in tensor.cells} == {-1, 0, 1}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"integers": [3, 2]}, "there is no integer between 3 and 2"),
        ({"integers": ["half", 2]}, "'half' is not a whole number"),
        ({"integers": ["K == 3", 2]}, "is not a whole number"),
        ({"integers": [0, 2**64]}, "too many"),
        ({"integers": ["-(2 ** 2000)", "2 ** 2000"]}, "too many"),
        ({"integers": [0, 1], "shape": [0]}, "empty"),
        ({"integers": [0, 1], "shape": [-2, -2]}, "empty"),
        ({"integers": [0, 1], "shape": [4097]}, "over 4096 cells"),
        ({"integers": [0, 1], "shape": ["10**300", "10**300"]}, "over 4096 cells"),
        ({"integers": [0, "unknown"]}, "no value"),
    ],
)
def test_undrawable_parameter_raises_solver_error(given, reason):
    with pytest.raises(SolverError, match=reason):
        drawn(given, 1)


def test_full_64_bit_range_can_be_drawn():
    assert 0 <= drawn({"integers": [0, 2**64 - 1]}, 1)[0] < 2**64


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"choose": [1, 2], "original": 7}, 7),
        ({"integers": [1, 2], "original": 7}, 7),
        ({"integers": [1, 9], "shape": [2], "original": [7, 8]}, Tensor((2,), (7, 8))),
        ({"integers": [1, 9], "shape": [1, 2], "original": [[7, 8]]}, Tensor((1, 2), (7, 8))),
    ],
)
def test_original_value_is_the_textbook_value(given, value):
    assert param(given).original_value(SCOPE) == value


@pytest.mark.parametrize(
    ("shape", "original"), [([2], [1, 2, 3]), ([2, "K"], [[1, 2]]), ([1], 5), ([2], "ab")]
)
def test_original_of_wrong_shape_is_rejected(shape, original):
    with pytest.raises(SolverError):
        param({"integers": [1, 9], "shape": shape, "original": original}).original_value(SCOPE)


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"network": ["conv(K)", "conv(2*K)"]}, (("conv", 3), ("conv", 6))),
        ({"torch": "conv {{K}}"}, "CONV 3"),
        ({"named": "toy"}, (1, 2)),
        (80, 80),
        ([[1, 2]], Tensor((1, 2), (1, 2))),
    ],
)
def test_constant_parameter_is_built_without_drawing(given, value):
    assert param(given).build_value(SCOPE) == value


@pytest.mark.parametrize(
    ("given", "scope"),
    [
        ({"named": "vgg16"}, Scope(NAMES, {})),
        ({"named": "unknown"}, SCOPE),
        ({"network": ["5 / 0"]}, SCOPE),
        ({"network": ["unknown()"]}, SCOPE),
        ({"torch": "{{unknown}}"}, SCOPE),
    ],
)
def test_constant_parameter_that_fails_to_build_raises_solver_error(given, scope):
    with pytest.raises(SolverError):
        param(given).build_value(scope)


def test_non_integer_original_is_reported_as_written():
    with pytest.raises(SolverError, match=r"the original 0\.5 is not a whole number"):
        param({"integers": [1, 9], "original": Fraction(1, 2)}).original_value(SCOPE)
