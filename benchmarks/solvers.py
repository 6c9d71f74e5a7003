"""How long solvers take, side by side with onnxruntime in one run, both on a single thread.

Run with `make bench`, or `.venv/bin/python benchmarks/solvers.py [ROUNDS]`. The calls of a row are
made in turn, round by round, so that a busy machine slows all of them; each figure is the fastest
round. `correlate` is the bare computation, `conv2d` the solver with its checks, `bound` the solver
as problems call it, from exact values to exact values. `matmul alone` is the one matrix product
without laying out the windows: what NumPy's BLAS needs at least. OpenBLAS takes older routines on a
processor that it does not know; where that row is far above onnxruntime, the environment variable
OPENBLAS_CORETYPE (SKYLAKEX for AVX-512) tells it better. The aims: 1.3 times onnxruntime for the
large convolution in float32, 10 µs for `correlate` of the small one.
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when NumPy is imported

import sys
from collections.abc import Callable, Iterator

import numpy as np
import onnxruntime
from onnx import TensorProto, helper
from timing import Call, Row, fastest

from grader.values import Array, Tensor
from problems.book import BOOK
from problems.solvers.convolution import conv2d
from problems.solvers.correlation import correlate
from problems.solvers.windows import Placing, placing, unfolded


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


def laid_on(x: Array, w: Array, padding: int) -> Placing:
    """Return how the kernel lies on the input."""
    return placing(x.shape, w.shape[2:], stride=1, padding=padding, dilation=1)


def convolution(
    what: str, shape: tuple[int, ...], filters: int, *, padding: int, repeats: int
) -> Row:
    """Return the ways to convolve integers of *shape* with 3x3 filters."""
    generator = np.random.default_rng(0)
    x, w = generator.integers(-9, 10, shape), generator.integers(-9, 10, (filters, shape[0], 3, 3))
    laid = laid_on(x, w, padding)
    singles, doubles = ((x.astype(kind), w.astype(kind)) for kind in (np.float32, np.float64))
    flat, columns = singles[1].reshape(filters, -1), unfolded(singles[0], laid)
    tensors = Tensor.from_array(x), Tensor.from_array(w)
    bound = BOOK.functions["conv2d"]
    return Row(
        what,
        {
            "onnxruntime float32": by_onnxruntime(x, w, padding=padding),
            "matmul alone, float32": lambda: np.matmul(flat, columns),
            "correlate float32": lambda: correlate(*singles, laid=laid),
            "correlate float64": lambda: correlate(*doubles, laid=laid),
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
    yield convolution("64×56×56, 64 filters 3×3", (64, 56, 56), 64, padding=1, repeats=5)


SECTIONS: tuple[Callable[[], Iterator[Row]], ...] = (convolutions,)


def main() -> None:
    """Print the table, a section after the other."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    print(f"{'what':<28}{'by':<24}{'µs':>12}{'ratio':>9}")
    for section in SECTIONS:
        for row in section():
            taken = fastest(row, rounds)
            first = next(iter(taken.values()))
            for way, spent in taken.items():
                print(f"{row.what:<28}{way:<24}{spent:>12.1f}{spent / first:>9.2f}")


if __name__ == "__main__":
    main()
