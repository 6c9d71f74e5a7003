"""What marking costs: microseconds an answer, right, wrong and hostile, and a broken file.

Run with `make bench`, or `.venv/bin/python benchmarks/marking.py [ROUNDS]`. Each row is the median
of several rounds; the last column is the cost relative to the plainest answer of the same run, so
that runs on different machines compare.
"""

import sys
import time
from collections.abc import Callable
from statistics import median

from api.services.marking import Marker
from grader.errors import ProblemError
from problems.catalogue import Catalogue
from problems.loader import load_problem

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
    "hostile: empty": ("yolo-output-depth", "yolov3", ""),
    "hostile: NaN": ("yolo-output-depth", "yolov3", "NaN"),
    "hostile: 10^400": ("yolo-output-depth", "yolov3", "10^400"),
    "hostile: another size": ("pooling-4x4", "max", "[1 2 3; 4 5 6]"),
    "hostile: unknown part": ("pooling-4x4", "maxx", "1"),
    "hostile: unknown problem": ("pooling-5x5", "max", "1"),
    "hostile: 9**9**9": ("yolo-output-depth", "yolov3", "9**9**9"),
    "hostile: 1e999999999": ("yolo-output-depth", "yolov3", "1e999999999"),
    "hostile: 10,000 brackets": ("pooling-4x4", "max", "[" * 10_000),
    "hostile: a million cells": ("pooling-4x4", "max", ("1 " * 1000 + "\n") * 1000),
    "hostile: 3,000 pluses": ("output-size-formula", "formula", "1+" * 3000),
}
BROKEN = {
    "a tag": "id: !!python/object/apply:os.system [ls]",
    "10,000 brackets": "a: " + "[" * 10_000,
    "two equal keys": "id: a\nid: b",
    "aliases": "a: &a [x, x]\nb: &b [*a, *a]\n" + "c: [" + "*b, " * 60 + "]",
    "a sexagesimal number": "id: 12:30",
    "an unknown field": "id: a\ntitel: b",
    "300 KB": "a: " + "x" * 300_000,
}


def timed(call: Callable[[], str], rounds: int) -> tuple[float, str]:
    """Return the median microseconds of *call*, and what it told."""
    spent = []
    told = ""
    for _ in range(rounds):
        begin = time.perf_counter()
        try:
            told = call()
        except ProblemError as error:
            told = f"refused: {str(error)[:60]}"
        spent.append(time.perf_counter() - begin)
    return median(spent) * 1e6, told


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    marker = Marker(Catalogue())
    calls: dict[str, Callable[[], str]] = {}
    for name, (problem, part, answer) in ANSWERS.items():
        calls[name] = lambda given=(problem, part, answer): marker.mark(*given).status
    for name, text in BROKEN.items():
        calls[f"broken file: {name}"] = lambda given=text: load_problem(given, file="a.yaml").id
    plainest = 0.0
    print(f"{'answer':36s} {'µs':>10s} {'ratio':>8s}   told")
    for name, call in calls.items():
        timed(call, 1)  # the variant is solved once, as in a service
        cost, told = timed(call, rounds)
        plainest = plainest or cost
        print(f"{name:36s} {cost:10.1f} {cost / plainest:8.1f}   {told}")


if __name__ == "__main__":
    main()
