"""Tests of the registry and of the conversion between engine and solver values."""

from contextlib import suppress
from fractions import Fraction

import numpy as np
import pytest
from grouped_cases import check_each

from grader.errors import SolverError
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.parser import parse
from grader.values import Tensor
from problems.adapters import adapt_solver
from problems.network.constructors.all_constructors import conv
from problems.registry import REGISTRY, SOLVERS


def same(value):
    return value


@pytest.mark.parametrize(
    ("given", "received"),
    [
        (3, 3),
        (Fraction(1, 3), Fraction(1, 3)),
        (10**40, 10**40),
        (True, True),
        ("HWC", "HWC"),
        ((1, (2, 3)), (1, (2, 3))),
    ],
)
def test_plain_values_reach_solver_unchanged(given, received):
    seen = []
    adapt_solver(lambda value: seen.append(value) or 0)(given)
    assert seen == [received]
    assert type(seen[0]) is type(received)


def test_tensors_reach_solver_as_arrays_in_any_argument():
    seen = []
    adapt_solver(lambda *values, **named: seen.extend([values, named]) or 0)(
        Tensor.from_nested([1, 2]),
        (Tensor.from_nested([3]),),
        bias=Tensor.from_nested([Fraction(1, 2)]),
    )
    (first, (second,)), named = seen
    assert first.dtype == np.int64
    assert isinstance(second, np.ndarray)
    assert named["bias"].dtype == np.float64


@pytest.mark.parametrize(
    ("result", "value"),
    [
        (np.array([[1, 2]]), Tensor((1, 2), (1, 2))),
        (np.array([0.1, 2.0]), Tensor((2,), (Fraction(1, 10), 2))),
        (np.array(7), 7),
        (np.int64(7), 7),
        (np.float64(0.1), Fraction(1, 10)),
        (0.25, Fraction(1, 4)),
        (2.0, 2),
        (Fraction(4, 2), 2),
        ([1, [2.0, np.int64(3)]], (1, (2, 3))),
        (np.bool_(1), True),
        (False, False),
        ("text", "text"),
        (conv(8, 3), conv(8, 3)),
        (Tensor.from_nested([1]), Tensor.from_nested([1])),
    ],
)
def test_solver_results_are_exact(result, value):
    found = (
        adapt_solver(same)(result) if isinstance(result, Tensor) else adapt_solver(lambda: result)()
    )
    assert found == value or isinstance(result, Tensor)
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "result",
    [None, float("nan"), float("inf"), np.array([1.0, np.nan]), np.float64("-inf"), {1: 2}, 1j],
)
def test_result_without_exact_form_is_solver_error(result):
    with pytest.raises(SolverError):
        adapt_solver(lambda: result)()


def test_every_solver_is_registered_by_name_with_docstring():
    assert list(REGISTRY.functions) == [solver.__name__ for solver in SOLVERS]
    assert len(set(REGISTRY.functions)) == len(SOLVERS)
    for solver in SOLVERS:
        assert REGISTRY.functions[solver.__name__].__doc__ == solver.__doc__
        assert ">>>" in (solver.__doc__ or "")


def test_registry_maps_wrong_versions_by_mistake_and_solver():
    assert set(REGISTRY.wrong_versions) == set(REGISTRY.mistakes)
    assert {"conv_params", "linear_params", "mlp_params", "total_params"} <= set(
        REGISTRY.wrong_versions["no_bias"]
    )
    for functions in REGISTRY.wrong_versions.values():
        assert functions.keys() <= REGISTRY.functions.keys()


@pytest.mark.parametrize(
    ("source", "value"),
    [
        (
            "conv2d([[1, 2], [3, 4]], [[1, 0], [0, 1]], bias=1/2)",
            Tensor.from_nested([[Fraction(11, 2)]]),
        ),
        ("avg_pool2d([[1, 2], [3, 5]], 2)", Tensor.from_nested([[Fraction(11, 4)]])),
        ("receptive_field([(5, 2), (5, 2)])", 13),
        ("conv_params(3, 16, 3, bias=False)", 432),
        ("depth(named('googlenet'))", 22),
        ("network(conv(8, 3), dropout(0.25)).layers[1].p", Fraction(1, 4)),
        ("network_shape(network(conv(8, 3), flatten()), [3, 5, 5])", (72,)),
        ("symmetric([[1, 2], [2, 1]]) and not distinct([1, 1])", True),
    ],
)  # fmt: skip
def test_expressions_call_solvers(source, value):
    assert evaluate(parse(source).tree, Scope({}, REGISTRY.functions)) == value


@pytest.mark.parametrize(
    "source",
    [
        "conv_size(8)",
        "conv_size(8, 3, strides=2)",
        "conv_size('8', 3)",
        "conv_size((8, 8), 3)",
        "conv2d(1, 2)",
        "conv2d('x', 'w')",
        "network(3)",
        "total_params(3)",
        "out_shape(named('vgg16'), (3, 8, 8))",
        "torch_module(3)",
        "named(3)",
        "receptive_field('vgg16')",
        "flatten_size(3)",
        "mlp_params(3)",
        "max_pool2d(named('vgg16'), 2)",
        "saving_percent((1, 2), 3)",
        "yolo_depth('3', 80)",
        "layer_count(named('vgg16'), 3)",
        "conv(8, 3).in_channels",
    ],
)
def test_invalid_solver_arguments_raise_solver_error(source):
    with pytest.raises(SolverError):
        evaluate(parse(source).tree, Scope({}, REGISTRY.functions))


@pytest.mark.parametrize("value", [0, -1, Fraction(1, 2), 10**30, True, "x", (), Tensor((), (1,))])
@check_each(sorted(REGISTRY.functions))
def test_solvers_and_wrong_versions_leak_no_other_errors(name, value):
    twins = [functions[name] for functions in REGISTRY.wrong_versions.values() if name in functions]
    for function in (REGISTRY.functions[name], *twins):
        for arguments in ((value,), (value, value), (value, value, value)):
            with suppress(SolverError):
                function(*arguments)


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("conv_size(28, 5, 2)", "too many positional arguments"),
        ("conv_size(28)", "missing a required argument: 'kernel_size'"),
        ("conv_size(28, 5, 0, way=2)", "too many positional arguments"),
        ("conv_size(28, 5, way=2)", "got an unexpected keyword argument 'way'"),
    ],
)
def test_wrong_solver_call_error_shows_signature(key, wrong):
    with pytest.raises(SolverError) as told:
        evaluate(parse(key).tree, Scope({}, REGISTRY.functions))
    assert wrong in str(told.value)
    assert str(told.value).endswith(
        "; write conv_size(size, kernel_size, *, stride=1, padding=0, dilation=1, "
        "rounding='floor'), with what follows * by its name"
    )


@pytest.mark.parametrize("key", ["softmax((1, 2))", "batch_norm((1, 2), 3)"])
def test_arithmetic_on_a_layer_raises_explanatory_error(key):
    with pytest.raises(SolverError, match="a layer of a network; values have solvers of their own"):
        evaluate(parse(key).tree, Scope({}, REGISTRY.functions))
