"""What marking costs: microseconds an answer by kind, right and wrong, and for hostile input.

Run with `make bench`, or `.venv/bin/python benchmarks/marking.py [ROUNDS]`. Each row is the median
of several rounds; the last column is the cost relative to the plainest answer of the same run, so
that runs on different machines compare.
"""

import sys
import time
from statistics import median

from api.services.marking import Marker
from problems.catalogue import Catalogue

ROWS = ("18 & 27 & 27 & 18", "30 & 45 & 45 & 30", "36 & 54 & 54 & 36", "26 & 39 & 39 & 26")
MATRIX = r"\begin{bmatrix} %s \end{bmatrix}" % r" \\ ".join(ROWS)  # noqa: UP031 - TeX has braces
ANSWERS = {
    "integer, right": ("yolo-output-depth", "yolov3", "255"),
    "integer, a known mistake": ("yolo-output-depth", "yolov3", "85"),
    "integer, wrong": ("encoder-decoder-parameters", "total", "173821890"),
    "arithmetic left standing": ("conv-stack-cost", "macs_1", "64·64·64·5²·3"),
    "shape, right": ("conv-output-shape", "stride_1", "126×126×16"),
    "matrix 4×4, LaTeX": ("rgb-conv-same", "output", MATRIX),
    "formula, right": ("output-size-formula", "formula", "(M - F + 2P)/S + 1"),
    "formula, wrong": ("output-size-formula", "formula", "(M - F + 2P + 1)/S"),
    "hostile: 9**9**9": ("yolo-output-depth", "yolov3", "9**9**9"),
    "hostile: 1e999999999": ("yolo-output-depth", "yolov3", "1e999999999"),
    "hostile: 10,000 brackets": ("pooling-4x4", "max", "[" * 10_000),
    "hostile: a million cells": ("pooling-4x4", "max", ("1 " * 1000 + "\n") * 1000),
    "hostile: 3,000 pluses": ("output-size-formula", "formula", "1+" * 3000),
}


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    marker = Marker(Catalogue())
    plainest = 0.0
    print(f"{'answer':28s} {'µs':>10s} {'ratio':>8s}   status")
    for name, (problem, part, answer) in ANSWERS.items():
        status = marker.mark(problem, part, answer).status
        spent = []
        for _ in range(rounds):
            begin = time.perf_counter()
            marker.mark(problem, part, answer)
            spent.append(time.perf_counter() - begin)
        cost = median(spent) * 1e6
        plainest = plainest or cost
        print(f"{name:28s} {cost:10.1f} {cost / plainest:8.1f}   {status}")


if __name__ == "__main__":
    main()
