"""How long solvers take, side by side with onnxruntime in one run, both on a single thread.

Run with `make bench`, or `.venv/bin/python benchmarks/solvers.py [ROUNDS]`. The calls of a row are
made in turn, round by round, so that a busy machine slows all of them; each figure is the fastest
round. `correlate` is the bare computation, `conv2d` the solver with its checks, `bound` the solver
as problems call it, from exact values to exact values. `matmul alone` is the one matrix product
without laying out the windows: what NumPy's BLAS needs at least.

The last lines have the large convolution in float32 again, in a process of its own for each set of
routines that OpenBLAS may take: those that the environment variable OPENBLAS_CORETYPE names, if it
is set, those of its own choice, and where the processor has AVX-512 those of SKYLAKEX. A variable
that names an older processor makes the product twice as slow. The aims: 1.3 times onnxruntime for
the large convolution in float32, 10 µs for `correlate` of the small one.
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
from timing import Call, Row, fastest

from grader.values import Array, Tensor
from problems.registry import REGISTRY
from problems.solvers.convolution import conv2d
from problems.solvers.correlation import correlate
from problems.solvers.windows import WindowPlacement, place_windows, unfold

CORE_TYPE = "OPENBLAS_CORETYPE"
FLOAT32 = "--float32"


def by_onnxruntime(x: Array, w: Array, *, padding: int) -> Call:
    """Return the convolution as a call of onnxruntime with one thread."""
    given = {name: one.astype(np.float32) for name, one in (("x", x[np.newaxis]), ("w", w))}
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in "xwy"]
    node = helper.make_node("Conv", ["x", "w"], ["y"], pads=[padding] * 4)
    graph = helper.make_graph([node], "convolution", values[:2], values[2:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return lambda: session.run(None, given)


def laid_on(x: Array, w: Array, padding: int) -> WindowPlacement:
    """Return how the kernel lies on the input."""
    return place_windows(x.shape, w.shape[2:], stride=1, padding=padding, dilation=1)


def convolution(
    what: str, shape: tuple[int, ...], filters: int, *, padding: int, repeats: int
) -> Row:
    """Return the ways to convolve integers of *shape* with 3x3 filters."""
    generator = np.random.default_rng(0)
    x, w = generator.integers(-9, 10, shape), generator.integers(-9, 10, (filters, shape[0], 3, 3))
    laid = laid_on(x, w, padding)
    singles, doubles = ((x.astype(kind), w.astype(kind)) for kind in (np.float32, np.float64))
    flat, columns = singles[1].reshape(filters, -1), unfold(singles[0], laid)
    tensors = Tensor.from_array(x), Tensor.from_array(w)
    bound = REGISTRY.functions["conv2d"]
    return Row(
        what,
        {
            "onnxruntime float32": by_onnxruntime(x, w, padding=padding),
            "matmul alone, float32": lambda: np.matmul(flat, columns),
            "correlate float32": lambda: correlate(*singles, placement=laid),
            "correlate float64": lambda: correlate(*doubles, placement=laid),
            "conv2d float64": lambda: conv2d(*doubles, padding=padding),
            "conv2d int64, exact": lambda: conv2d(x, w, padding=padding),
            "bound, exact values": lambda: bound(*tensors, padding=padding),
        },
        repeats,
    )


def convolutions() -> Iterator[Row]:
    """Yield the sizes of homework, of a small layer, and of a layer of a real network."""
    yield convolution("3×4×4, 1 filter 3×3", (3, 4, 4), 1, padding=0, repeats=500)
    yield convolution("3×32×32, 16 filters 3×3", (3, 32, 32), 16, padding=1, repeats=50)
    yield large()


def large() -> Row:
    """Return the layer of a real network."""
    return convolution("64×56×56, 64 filters 3×3", (64, 56, 56), 64, padding=1, repeats=5)


def in_float32(rounds: int) -> dict[str, float]:
    """Return the microseconds of the large convolution in float32, each way."""
    row = large()
    ways = {way: call for way, call in row.ways.items() if way.endswith("float32")}
    return fastest(Row(row.what, ways, row.repeats), rounds)


def core_types() -> dict[str, str]:
    """Return the core types to compare, by what is printed above them; "" is OpenBLAS's own."""
    named = os.environ.get(CORE_TYPE, "")
    known = np.show_config(mode="dicts")["SIMD Extensions"]
    has_avx_512 = any("AVX512" in one or one == "X86_V4" for one in known["found"])
    chosen = {f"set: {named}": named} if named else {}
    return {**chosen, "own choice": "", **({"SKYLAKEX": "SKYLAKEX"} if has_avx_512 else {})}


def by_core_type(rounds: int) -> dict[str, dict[str, float]]:
    """Return what `in_float32` gives in a process of its own for each core type."""
    command = [sys.executable, __file__, str(rounds), FLOAT32]
    others = {name: value for name, value in os.environ.items() if name != CORE_TYPE}
    taken = {}
    for what, core_type in core_types().items():
        environment = {**others, CORE_TYPE: core_type} if core_type else others
        told = subprocess.run(  # noqa: S603 - this very script
            command, env=environment, stdout=subprocess.PIPE, check=True
        )
        taken[what] = json.loads(told.stdout)
    return taken


def print_core_types(taken: Mapping[str, Mapping[str, float]]) -> None:
    """Print the ways below each other, the core types beside each other."""
    print(
        f"\n{large().what + ', by core type':<44}",
        *(f"{f'{name}, µs':>15}{'ratio':>9}" for name in taken),
    )
    for way in next(iter(taken.values())):
        cells = (
            f"{spent[way]:>15.1f}{spent[way] / next(iter(spent.values())):>9.2f}"
            for spent in taken.values()
        )
        print(f"{way:<44}", *cells)


def main() -> None:
    """Print the table, then the large convolution by core type."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    if FLOAT32 in sys.argv:
        print(json.dumps(in_float32(rounds)))
        return
    print(f"{'what':<28}{'by':<24}{'µs':>12}{'ratio':>9}")
    for row in convolutions():
        taken = fastest(row, rounds)
        first = next(iter(taken.values()))
        for way, spent in taken.items():
            print(f"{row.what:<28}{way:<24}{spent:>12.1f}{spent / first:>9.2f}")
    print_core_types(by_core_type(rounds))


if __name__ == "__main__":
    main()
