"""What judging costs, side by side with SymPy and with a plain NumPy compare in one run.

Run with `make bench`, or `.venv/bin/python benchmarks/judging.py [ROUNDS]`. The ways of a row are
taken in turn, round by round, so that a busy machine slows all of them; each figure is the fastest
round, the ratio is to reading and judging, and the last column is the verdict. *judged* has the
answer read already, but a formula not yet computed. SymPy parses the same text and compares by
`equals`, and where that is another story by `simplify`; NumPy reads it as Python and compares
arrays. Neither of them gets the hostile answers: SymPy's parser runs what it is given. *grade* is
all that becomes of an answer, with the search for mistakes.

The aims: a scalar 3 µs judged, 10 with reading; a 4×4 matrix 20 with reading; a formula with
reading 150 (a polynomial), 700 (with floor or ceil); anything hostile 10,000.
"""

import ast
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle
from typing import Any

import numpy as np
from sympy import Matrix, ceiling, floor, simplify, symbols
from sympy.parsing.sympy_parser import parse_expr
from timing import Call, Row, fastest

from api.services.engine.single_answer import SingleAnswerGrader
from grader.definitions.problem import Problem
from grader.errors import ProblemError
from grader.expressions.formula_equality import BoundFormula
from grader.kinds import KINDS
from grader.variants.variant import solve_variant
from problems.catalog import ProblemCatalog
from problems.registry import REGISTRY

NAMES = ("H", "W", "N", "K", "M", "P", "S")
LOCAL = {name: symbols(name, integer=True, positive=True) for name in NAMES}
LOCAL |= {"floor": floor, "ceil": ceiling}
DOMAINS = {"H": "8..64", "W": "8..64", "N": "1..64", "K": "1..7", "M": "1..64"}
WINDOWS = {"W": "8..64", "K": "1..7", "P": "0..3", "S": "1..4"}
MACS = {"kind": "expression", "key": "H*W*N*K**2*M", "variables": DOMAINS}
SIDE = {"kind": "expression", "key": "floor((W - K + 2*P)/S) + 1", "variables": WINDOWS}
SCALAR = {"kind": "integer", "key": 60954656, "reason": "a benchmark"}
SHARE = {"kind": "number", "key": "0.952", "reason": "a benchmark", "tolerance": {"abs": "0.005"}}
CELLS = [[18, 27, 27, 18], [30, 45, 45, 30], [36, 54, 54, 36], [26, 39, 39, 26]]
MATRIX = {"kind": "matrix", "key": CELLS, "reason": "a benchmark"}
REPEATS, FEW = 200, 5
NEW = 1000
"""How many matrices of new decimals are read in turn, so that no cell is remembered."""

ROWS = ("18 & 27 & 27 & 18", "30 & 45 & 45 & 30", "36 & 54 & 54 & 36", "26 & 39 & 39 & 26")
LATEX = r"\begin{bmatrix} %s \end{bmatrix}" % r" \\ ".join(ROWS)  # noqa: UP031 - TeX has braces
GRADED = {
    "integer, right": ("yolo-output-depth", "yolov3", "255"),
    "integer, a known mistake": ("yolo-output-depth", "yolov3", "85"),
    "integer, wrong": ("encoder-decoder-parameters", "total", "173821890"),
    "arithmetic left standing": ("conv-stack-cost", "macs_1", "64·64·64·5²·3"),
    "shape, right": ("conv-output-shape", "stride_1", "126×126×16"),
    "matrix 4×4, LaTeX": ("rgb-conv-same", "output", LATEX),
    "formula, right": ("output-size-formula", "formula", "(M - F + 2P)/S + 1"),
    "formula, wrong": ("output-size-formula", "formula", "(M - F + 2P + 1)/S"),
}
HOSTILE = {
    "empty": ("yolo-output-depth", "yolov3", ""),
    "NaN": ("yolo-output-depth", "yolov3", "NaN"),
    "10^400": ("yolo-output-depth", "yolov3", "10^400"),
    "9**9**9": ("yolo-output-depth", "yolov3", "9**9**9"),
    "1e999999999": ("yolo-output-depth", "yolov3", "1e999999999"),
    "500 nines": ("yolo-output-depth", "yolov3", "9" * 500),
    "another size": ("pooling-4x4", "max", "[1 2 3; 4 5 6]"),
    "unknown part": ("pooling-4x4", "maxx", "1"),
    "unknown problem": ("pooling-5x5", "max", "1"),
    "10,000 brackets": ("pooling-4x4", "max", "[" * 10_000),
    "a million cells": ("pooling-4x4", "max", ("1 " * 1000 + "\n") * 1000),
    "4,096 cells": ("pooling-4x4", "max", ("0.25 " * 64 + "\n") * 64),
    "3,000 pluses": ("output-size-formula", "formula", "1+" * 3000),
    "(M+F)^50": ("output-size-formula", "formula", "(M+F)^50"),
    "30 brackets": ("output-size-formula", "formula", "(" * 30 + "M" + "/F)" * 30),
    "80 products": ("output-size-formula", "formula", "*".join(["(M-F)"] * 80)),
}


class Asked:
    """One part to be answered, without anything around it."""

    def __init__(self, part: dict[str, Any]) -> None:
        fields = {"id": "a-problem", "title": "Asked", "topic": "t", "difficulty": 1}
        stated = {**fields, "statement": "?", "parts": [{"id": "a", **part}]}
        variant = solve_variant(Problem.model_validate(stated), None, REGISTRY)
        self.part, self.scope = variant.problem.parts[0], variant.student_scope(REGISTRY)
        self.key, self.kind = variant.keys["a"], KINDS[self.part.kind]

    def judged(self, typed: str) -> Call:
        """Return the judging of an answer that is read; a formula is new each time."""
        reading = self.kind.read(typed, self.part, self.scope)
        if not isinstance(reading.value, BoundFormula):
            return lambda: self.kind.judge(reading, self.key, self.part, self.scope).is_right
        tree = reading.value.tree
        return lambda: (
            self.kind.judge(
                replace(reading, value=BoundFormula(tree)), self.key, self.part, self.scope
            ).is_right
        )

    def read(self, texts: Sequence[str]) -> Call:
        """Return the reading and judging of *texts*, one after the other."""
        waiting = cycle(texts)

        def call() -> bool:
            reading = self.kind.read(next(waiting), self.part, self.scope)
            return self.kind.judge(reading, self.key, self.part, self.scope).is_right

        return call


def scalars() -> Iterator[Row]:
    """Yield a count, right and wrong, arithmetic, and a decimal within its tolerance."""
    for what, part, typed in (
        ("scalar, right", SCALAR, "60954656"),
        ("scalar, wrong", SCALAR, "60954657"),
        ("decimal, right", SHARE, "0.955"),
        ("decimal, wrong", SHARE, "0.9"),
    ):
        asked, key = Asked(part), str(part["key"])
        known, plain = parse_expr(key), np.array(ast.literal_eval(key))
        yield Row(
            what,
            {
                "read and judged": asked.read([typed]),
                "judged": asked.judged(typed),
                "SymPy equals": lambda given=typed, known=known: parse_expr(given).equals(known),
                "NumPy": lambda given=typed, plain=plain: compared(given, plain),
            },
            REPEATS,
        )


def compared(typed: str, key: Any) -> bool:
    """Return the plain comparison: the text as Python, and arrays of floats."""
    return bool(np.array_equal(np.array(ast.literal_eval(typed)), key))


def matrices() -> Iterator[Row]:
    """Yield a 4×4 matrix, right, with a wrong cell, and with cells that were never read before."""
    asked, key = Asked(MATRIX), np.array(CELLS)
    known = Matrix(CELLS)
    chance = random.Random(0)  # noqa: S311 - the same numbers in every run
    right = str(CELLS)
    decimals = [
        str([[round(chance.uniform(0, 99), 3) for _ in range(4)] for _ in range(4)])
        for _ in range(NEW)
    ]
    texts = {"right": [right], "wrong": [right.replace("54", "55")], "new decimals": decimals}
    for what, given in texts.items():
        one = given[0]
        yield Row(
            f"matrix 4×4, {what}",
            {
                "read and judged": asked.read(given),
                "judged": asked.judged(one),
                "SymPy equals": lambda one=one: Matrix(parse_expr(one)).equals(known),
                "NumPy": lambda one=one: compared(one, key),
            },
            REPEATS,
        )


def formulas() -> Iterator[Row]:
    """Yield polynomials and floor forms, right and wrong."""
    for what, part, typed in (
        ("polynomial, right", MACS, "K*K*M*N*W*H"),
        ("polynomial, wrong", MACS, "K*K*M*N*W"),
        ("floor, right", SIDE, "floor((W - K + 2*P + S)/S)"),
        ("floor, wrong", SIDE, "ceil((W - K + 2*P)/S)"),
    ):
        asked, known = Asked(part), parse_expr(str(part["key"]), LOCAL)
        yield Row(
            what,
            {
                "read and judged": asked.read([typed]),
                "judged": asked.judged(typed),
                "SymPy equals": lambda given=typed, known=known: parse_expr(given, LOCAL).equals(
                    known
                ),
                "SymPy simplify": lambda given=typed, known=known: (
                    simplify(parse_expr(given, LOCAL) - known) == 0
                ),
            },
            FEW,
        )


def answers(
    given: dict[str, tuple[str, str, str]], marker: SingleAnswerGrader, before: str
) -> Iterator[Row]:
    """Yield the whole marking of answers to problems of the bank."""
    for what, answer in given.items():
        call = lambda answer=answer: marked(marker, answer)  # noqa: E731 - as in the rows above
        call()  # the variant is solved once, as in a service
        yield Row(f"{before}{what}", {"grade": call}, 20)


def marked(marker: SingleAnswerGrader, answer: tuple[str, str, str]) -> str:
    """Return the status of an answer, or that its problem was refused."""
    try:
        return marker.grade(*answer).status
    except ProblemError:
        return "refused"


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    marker = SingleAnswerGrader(ProblemCatalog())
    print(f"{'answer':<30}{'by':<18}{'µs':>11}{'ratio':>10}   verdict")
    for rows in (
        scalars(),
        matrices(),
        formulas(),
        answers(GRADED, marker, ""),
        answers(HOSTILE, marker, "hostile: "),
    ):
        for row in rows:
            taken = fastest(row, rounds)
            first = next(iter(taken.values()))
            for way, spent in taken.items():
                verdict = row.ways[way]()
                print(f"{row.what:<30}{way:<18}{spent:>11.1f}{spent / first:>10.2f}   {verdict}")


if __name__ == "__main__":
    main()
