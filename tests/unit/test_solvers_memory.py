"""Tests of bytes of parameters, activations and training, against figures and NumPy."""

import math
from fractions import Fraction

import numpy as np
import pytest

from grader.errors import SolverError
from problems.network.constructors.all_constructors import conv, max_pool, network, relu
from problems.network.counts import peak_activation, walk_network
from problems.solvers.memory import (
    activation_bytes,
    kv_cache_bytes,
    parameter_bytes,
    peak_bytes,
    training_bytes,
)
from problems.solvers.units import bytes_of, in_unit


@pytest.mark.parametrize(
    "dtype", ["float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "bool"]
)
def test_bytes_of_dtype_match_numpy(dtype):
    assert bytes_of(dtype) == np.dtype(dtype).itemsize
    assert activation_bytes((3, 4, 5), dtype=dtype) == np.zeros((3, 4, 5), dtype).nbytes


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (bytes_of("int4"), Fraction(1, 2)),
        (bytes_of("bfloat16"), 2),
        (parameter_bytes(7, dtype="int4"), Fraction(7, 2)),
        (parameter_bytes(0), 0),
        (activation_bytes((64, 224, 224)), 12_845_056),
        (activation_bytes((64, 224, 224), batch_size=32, with_gradients=True), 822_083_584),
        (activation_bytes(((2, 3), (4,)), dtype="int8"), 10),
        (peak_bytes(((8,), (2,), (5,), (6,)), dtype="int8"), 11),
        (peak_bytes(((8,), (2,)), batch_size=3), 120),
        (training_bytes(1000, optimizer="sgd"), 8_000),
        (training_bytes(1000, optimizer="momentum"), 12_000),
        (training_bytes(1000, optimizer="adamw", dtype="float16"), 8_000),
        (training_bytes(1000, mixed_precision=True), 16_000),
        (in_unit(1_500_000, "KB"), 1500),
        (in_unit(1_500_000, "MB"), Fraction(3, 2)),
        (in_unit(1_572_864, "MiB"), Fraction(3, 2)),
        (in_unit(1000, "kbit"), 8),
        (in_unit(3_000_000_000, "GMAC"), 3),
        (in_unit(25_557_032, "Mparams"), Fraction(25_557_032, 10**6)),
    ],
)
def test_memory_amounts_match_course_examples(found, expected):
    assert found == expected


@pytest.mark.parametrize(
    ("bytes_", "unit", "published"),
    [
        (parameter_bytes(138_357_544), "MiB", 527.8),  # the file of VGG-16
        (parameter_bytes(61_100_840), "MiB", 233.1),  # of AlexNet
        (training_bytes(1_500_000_000, mixed_precision=True), "GB", 24.0),  # GPT-2 in ZeRO
        (kv_cache_bytes(40, 40, 128, 1), "KiB", 800.0),  # a token of OPT-13B in vLLM
        (kv_cache_bytes(32, 32, 128, 2048), "GiB", 1.0),
    ],
)
def test_memory_sizes_match_published_values(bytes_, unit, published):
    assert round(float(in_unit(bytes_, unit)), 1) == published


def test_peak_bytes_hold_input_and_output_of_each_layer_in_turn():
    """Layers run one by one, and values that are no longer needed are freed."""
    shapes = ((3, 9, 9), (8, 9, 9), (8, 4, 4), (300,), (10,))
    held, most = [math.prod(shapes[0])], 0
    for shape in shapes[1:]:
        held.append(math.prod(shape))
        most = max(most, sum(held))
        held.pop(0)
    assert peak_bytes(shapes) == 4 * most


def test_peak_activation_of_a_sequential_network_equals_peak_bytes():
    net, image = network(conv(4, 3), relu(), max_pool(2), conv(9, 3), max_pool(2)), (3, 20, 17)
    shapes = (image, *(step.after for step in walk_network(net, image).steps))
    assert peak_bytes(shapes, dtype="int8") == peak_activation(net, image)


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        (lambda: bytes_of("float"), "dtype must be one of float64, int64, float32"),
        (lambda: parameter_bytes(-1), "params must be from 0"),
        (lambda: activation_bytes(5), "shapes must be a tuple"),
        (lambda: activation_bytes(()), "shapes must be a tuple"),
        (lambda: activation_bytes(((3, 0),)), "each size of each of the shapes"),
        (lambda: activation_bytes(((1,),) * 3000), "there are 3000 shapes, the limit is 2000"),
        (lambda: activation_bytes((3, 4), with_gradients=1), "with_gradients must be True or"),
        (lambda: peak_bytes((3, 4)), "the input and at least one output"),
        (lambda: training_bytes(10, optimizer="lion"), "optimizer must be one of sgd, momentum"),
        (lambda: in_unit(5, "mb"), "unit must be one such as MB, MiB or GMAC, not mb"),
        (lambda: in_unit(-5, "MB"), "a number that is not negative"),
        (lambda: in_unit("5", "MB"), "a number that is not negative"),
    ],
)
def test_invalid_memory_amount_is_rejected_with_reason(compute, reason):
    with pytest.raises(SolverError, match=reason):
        compute()
