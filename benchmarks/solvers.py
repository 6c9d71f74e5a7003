"""Measure solvers next to onnxruntime in one run, both on a single thread.

Run with `make bench`, or `.venv/bin/python benchmarks/solvers.py [ROUNDS]`. The calls of a row are
made in turn, round by round, so that other work of the machine slows all of them; each figure is
the fastest round. `correlate` is the bare computation, `conv2d` the solver with its checks, `bound`
the solver as problems call it, from exact values to exact values; the large layer exceeds the cell
limit of both. `matmul alone` is the matrix product without unfolding the windows: the least that
NumPy's BLAS needs.

The last lines repeat the large convolution in float32 in a separate process for each core type of
OpenBLAS: that of the environment variable OPENBLAS_CORETYPE, if it is set; the one that OpenBLAS
chooses; and SKYLAKEX if the processor has AVX-512. A variable that names an older processor makes
the product twice as slow. Targets: 1.3 times onnxruntime for the large convolution in float32, 10
µs for `correlate` of the small one.
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when NumPy is imported

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping

import numpy as np
import onnxruntime
from onnx import TensorProto, helper
from timing import Call, Row, measure_fastest

from grader.values import MAX_CELLS, Array, Tensor
from problems.registry import REGISTRY
from problems.solvers.convolution import conv2d
from problems.solvers.correlation import correlate
from problems.solvers.windows import WindowPlacement, place_windows, unfold

CORE_TYPE = "OPENBLAS_CORETYPE"
FLOAT32 = "--float32"


def build_onnxruntime_call(x: Array, w: Array, *, padding: int) -> Call:
    """Return a call of onnxruntime that computes the convolution with one thread."""
    inputs = {name: array.astype(np.float32) for name, array in (("x", x[np.newaxis]), ("w", w))}
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in "xwy"]
    node = helper.make_node("Conv", ["x", "w"], ["y"], pads=[padding] * 4)
    graph = helper.make_graph([node], "convolution", values[:2], values[2:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return lambda: session.run(None, inputs)


def place_kernel(x: Array, w: Array, padding: int) -> WindowPlacement:
    """Return the placement of the kernel on the input."""
    return place_windows(x.shape, w.shape[2:], stride=1, padding=padding, dilation=1)


def build_convolution_row(
    label: str, shape: tuple[int, ...], filters: int, *, padding: int, repeats: int
) -> Row:
    """Return the methods to convolve integers of *shape* with 3×3 filters."""
    generator = np.random.default_rng(0)
    x, w = generator.integers(-9, 10, shape), generator.integers(-9, 10, (filters, shape[0], 3, 3))
    placement = place_kernel(x, w, padding)
    singles, doubles = ((x.astype(kind), w.astype(kind)) for kind in (np.float32, np.float64))
    flat, columns = singles[1].reshape(filters, -1), unfold(singles[0], placement)
    methods: dict[str, Call] = {
        "onnxruntime float32": build_onnxruntime_call(x, w, padding=padding),
        "matmul alone, float32": lambda: np.matmul(flat, columns),
        "correlate float32": lambda: correlate(*singles, placement=placement),
        "correlate float64": lambda: correlate(*doubles, placement=placement),
    }
    if x.size <= MAX_CELLS:  # the limit of a solver
        tensors = Tensor.from_array(x), Tensor.from_array(w)
        bound = REGISTRY.functions["conv2d"]
        methods |= {
            "conv2d float64": lambda: conv2d(*doubles, padding=padding),
            "conv2d int64, exact": lambda: conv2d(x, w, padding=padding),
            "bound, exact values": lambda: bound(*tensors, padding=padding),
        }
    return Row(label, methods, repeats)


def generate_convolution_rows() -> Iterator[Row]:
    """Yield convolutions of the size of homework, a small layer, and a layer of a real network."""
    yield build_convolution_row("3×4×4, 1 filter 3×3", (3, 4, 4), 1, padding=0, repeats=500)
    yield build_convolution_row("3×32×32, 16 filters 3×3", (3, 32, 32), 16, padding=1, repeats=50)
    yield build_large_row()


def build_large_row() -> Row:
    """Return the row of a layer of a real network."""
    return build_convolution_row("64×56×56, 64 filters 3×3", (64, 56, 56), 64, padding=1, repeats=5)


def measure_float32(rounds: int) -> dict[str, float]:
    """Return the microseconds of the large convolution in float32 by method."""
    row = build_large_row()
    methods = {method: call for method, call in row.methods.items() if method.endswith("float32")}
    return measure_fastest(Row(row.label, methods, row.repeats), rounds)


def list_core_types() -> dict[str, str]:
    """Return the core types to compare by their column titles; "" is the choice of OpenBLAS."""
    configured = os.environ.get(CORE_TYPE, "")
    simd = np.show_config(mode="dicts")["SIMD Extensions"]
    has_avx_512 = any("AVX512" in extension or extension == "X86_V4" for extension in simd["found"])
    configured_type = {f"set: {configured}": configured} if configured else {}
    return {
        **configured_type,
        "own choice": "",
        **({"SKYLAKEX": "SKYLAKEX"} if has_avx_512 else {}),
    }


def measure_core_types(rounds: int) -> dict[str, dict[str, float]]:
    """Return the result of `measure_float32` in a separate process for each core type."""
    command = [sys.executable, __file__, str(rounds), FLOAT32]
    environment_without = {name: value for name, value in os.environ.items() if name != CORE_TYPE}
    micros_by_type = {}
    for label, core_type in list_core_types().items():
        environment = (
            {**environment_without, CORE_TYPE: core_type} if core_type else environment_without
        )
        completed = subprocess.run(  # noqa: S603 - this very script
            command, env=environment, stdout=subprocess.PIPE, check=True
        )
        micros_by_type[label] = json.loads(completed.stdout)
    return micros_by_type


def print_core_types(micros_by_type: Mapping[str, Mapping[str, float]]) -> None:
    """Print a table with a row for each method and a column for each core type."""
    print(
        f"\n{build_large_row().label + ', by core type':<44}",
        *(f"{f'{name}, µs':>15}{'ratio':>9}" for name in micros_by_type),
    )
    for method in next(iter(micros_by_type.values())):
        cells = (
            f"{micros[method]:>15.1f}{micros[method] / next(iter(micros.values())):>9.2f}"
            for micros in micros_by_type.values()
        )
        print(f"{method:<44}", *cells)


def main() -> None:
    """Print the table, then the large convolution by core type."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    if FLOAT32 in sys.argv:
        print(json.dumps(measure_float32(rounds)))
        return
    print(f"{'what':<28}{'by':<24}{'µs':>12}{'ratio':>9}")
    for row in generate_convolution_rows():
        micros_by_way = measure_fastest(row, rounds)
        first = next(iter(micros_by_way.values()))
        for method, micros in micros_by_way.items():
            print(f"{row.label:<28}{method:<24}{micros:>12.1f}{micros / first:>9.2f}")
    print_core_types(measure_core_types(rounds))


if __name__ == "__main__":
    main()
