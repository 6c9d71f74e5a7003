"""Measure judging an answer, next to SymPy and a plain NumPy comparison, in one run.

Run with `make bench`, or `.venv/bin/python benchmarks/judging.py [ROUNDS]`. The methods of a row
take turns, round by round, so that other work of the machine slows all of them. The table shows the
fastest round, its ratio to *read and judged*, and the verdict. *judged* starts from an answer that
was read, but computes a formula. SymPy parses the same text and compares with `equals`, and
formulas also with `simplify`; NumPy reads the text as Python and compares arrays. Neither gets the
hostile answers, because SymPy's parser executes its input. *grade* is the whole grading, including
the search for mistakes.

Targets in µs: a scalar 3 (judged) and 10 (read and judged); a 4×4 matrix 20 (read and judged); a
formula 150 (polynomial) or 700 (floor, ceil), read and judged; a hostile answer 10,000.
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
from timing import Call, Row, measure_fastest

from api.services.engine.single_answer import SingleAnswerGrader
from grader.definitions.problem import Problem
from grader.errors import ProblemError
from grader.expressions.formula_equality import BoundFormula
from grader.kinds import KINDS
from grader.variants.variant import solve_variant
from problems.catalog import ProblemCatalog
from problems.registry import REGISTRY

VARIABLE_NAMES = ("H", "W", "N", "K", "M", "P", "S")
SYMPY_NAMES = {name: symbols(name, integer=True, positive=True) for name in VARIABLE_NAMES}
SYMPY_NAMES |= {"floor": floor, "ceil": ceiling}
DOMAINS = {"H": "8..64", "W": "8..64", "N": "1..64", "K": "1..7", "M": "1..64"}
WINDOWS = {"W": "8..64", "K": "1..7", "P": "0..3", "S": "1..4"}
POLYNOMIAL_PART = {"kind": "expression", "key": "H*W*N*K**2*M", "variables": DOMAINS}
FLOOR_PART = {"kind": "expression", "key": "floor((W - K + 2*P)/S) + 1", "variables": WINDOWS}
INTEGER_PART = {"kind": "integer", "key": 60954656, "reason": "a benchmark"}
DECIMAL_PART = {
    "kind": "number",
    "key": "0.952",
    "reason": "a benchmark",
    "tolerance": {"abs": "0.005"},
}
CELLS = [[18, 27, 27, 18], [30, 45, 45, 30], [36, 54, 54, 36], [26, 39, 39, 26]]
MATRIX_PART = {"kind": "matrix", "key": CELLS, "reason": "a benchmark"}
REPEATS, FORMULA_REPEATS = 200, 5
NEW_MATRIX_COUNT = 1000
"""Matrices of new decimals that are read in turn, so that no cell is cached."""

LATEX_ROWS = ("18 & 27 & 27 & 18", "30 & 45 & 45 & 30", "36 & 54 & 54 & 36", "26 & 39 & 39 & 26")
LATEX = r"\begin{bmatrix} %s \end{bmatrix}" % r" \\ ".join(LATEX_ROWS)  # noqa: UP031 - TeX has braces
GRADED_ANSWERS = {
    "integer, right": ("yolo-output-depth", "yolov3", "255"),
    "integer, a known mistake": ("yolo-output-depth", "yolov3", "85"),
    "integer, wrong": ("encoder-decoder-parameters", "total", "173821890"),
    "arithmetic, not evaluated": ("conv-stack-cost", "macs_1", "64·64·64·5²·3"),
    "shape, right": ("conv-output-shape", "stride_1", "126×126×16"),
    "matrix 4×4, LaTeX": ("rgb-conv-same", "output", LATEX),
    "formula, right": ("output-size-formula", "formula", "(M - F + 2P)/S + 1"),
    "formula, wrong": ("output-size-formula", "formula", "(M - F + 2P + 1)/S"),
}
HOSTILE_ANSWERS = {
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


class GradedPart:
    """A problem with one part, and the answers that are graded against it."""

    def __init__(self, part: dict[str, Any]) -> None:
        fields = {"id": "a-problem", "title": "Benchmark", "topic": "t", "difficulty": 1}
        problem = {**fields, "statement": "?", "parts": [{"id": "a", **part}]}
        variant = solve_variant(Problem.model_validate(problem), None, REGISTRY)
        self.part, self.scope = variant.problem.parts[0], variant.student_scope(REGISTRY)
        self.key, self.kind = variant.keys["a"], KINDS[self.part.kind]

    def build_judge_call(self, text: str) -> Call:
        """Return a call that judges an answer after reading; it computes a formula each time."""
        reading = self.kind.read(text, self.part, self.scope)
        if not isinstance(reading.value, BoundFormula):
            return lambda: self.kind.judge(reading, self.key, self.part, self.scope).is_right
        tree = reading.value.tree
        return lambda: (
            self.kind.judge(
                replace(reading, value=BoundFormula(tree)), self.key, self.part, self.scope
            ).is_right
        )

    def read(self, texts: Sequence[str]) -> Call:
        """Return a call that reads and judges the next of *texts*."""
        next_texts = cycle(texts)

        def call() -> bool:
            reading = self.kind.read(next(next_texts), self.part, self.scope)
            return self.kind.judge(reading, self.key, self.part, self.scope).is_right

        return call


def generate_scalar_rows() -> Iterator[Row]:
    """Yield rows for an integer and a decimal with a tolerance, right and wrong."""
    for label, part, text in (
        ("scalar, right", INTEGER_PART, "60954656"),
        ("scalar, wrong", INTEGER_PART, "60954657"),
        ("decimal, right", DECIMAL_PART, "0.955"),
        ("decimal, wrong", DECIMAL_PART, "0.9"),
    ):
        graded_part, key = GradedPart(part), str(part["key"])
        sympy_key, array_key = parse_expr(key), np.array(ast.literal_eval(key))
        yield Row(
            label,
            {
                "read and judged": graded_part.read([text]),
                "judged": graded_part.build_judge_call(text),
                "SymPy equals": lambda text=text, sympy_key=sympy_key: parse_expr(text).equals(
                    sympy_key
                ),
                "NumPy": lambda text=text, array_key=array_key: compare_arrays(text, array_key),
            },
            REPEATS,
        )


def compare_arrays(text: str, key: Any) -> bool:
    """Return whether a text, read as Python, equals an array."""
    return bool(np.array_equal(np.array(ast.literal_eval(text)), key))


def generate_matrix_rows() -> Iterator[Row]:
    """Yield rows for a 4×4 matrix: right, with a wrong cell, and with cells never read before."""
    graded_part, key = GradedPart(MATRIX_PART), np.array(CELLS)
    sympy_key = Matrix(CELLS)
    rng = random.Random(0)  # noqa: S311 - the same numbers in every run
    right = str(CELLS)
    decimals = [
        str([[round(rng.uniform(0, 99), 3) for _ in range(4)] for _ in range(4)])
        for _ in range(NEW_MATRIX_COUNT)
    ]
    texts = {"right": [right], "wrong": [right.replace("54", "55")], "new decimals": decimals}
    for label, label_texts in texts.items():
        first = label_texts[0]
        yield Row(
            f"matrix 4×4, {label}",
            {
                "read and judged": graded_part.read(label_texts),
                "judged": graded_part.build_judge_call(first),
                "SymPy equals": lambda first=first: Matrix(parse_expr(first)).equals(sympy_key),
                "NumPy": lambda first=first: compare_arrays(first, key),
            },
            REPEATS,
        )


def generate_formula_rows() -> Iterator[Row]:
    """Yield rows for polynomials and floor forms, right and wrong."""
    for label, part, text in (
        ("polynomial, right", POLYNOMIAL_PART, "K*K*M*N*W*H"),
        ("polynomial, wrong", POLYNOMIAL_PART, "K*K*M*N*W"),
        ("floor, right", FLOOR_PART, "floor((W - K + 2*P + S)/S)"),
        ("floor, wrong", FLOOR_PART, "ceil((W - K + 2*P)/S)"),
    ):
        graded_part, sympy_key = GradedPart(part), parse_expr(str(part["key"]), SYMPY_NAMES)
        yield Row(
            label,
            {
                "read and judged": graded_part.read([text]),
                "judged": graded_part.build_judge_call(text),
                "SymPy equals": lambda text=text, sympy_key=sympy_key: parse_expr(
                    text, SYMPY_NAMES
                ).equals(sympy_key),
                "SymPy simplify": lambda text=text, sympy_key=sympy_key: (
                    simplify(parse_expr(text, SYMPY_NAMES) - sympy_key) == 0
                ),
            },
            FORMULA_REPEATS,
        )


def generate_answer_rows(
    answers_by_label: dict[str, tuple[str, str, str]], grader: SingleAnswerGrader, prefix: str
) -> Iterator[Row]:
    """Yield rows for the whole grading of answers to problems of the bank."""
    for label, answer in answers_by_label.items():
        call = lambda answer=answer: grade_answer(grader, answer)  # noqa: E731 - as in the rows above
        call()  # the variant is solved once, as in a service
        yield Row(f"{prefix}{label}", {"grade": call}, 20)


def grade_answer(grader: SingleAnswerGrader, answer: tuple[str, str, str]) -> str:
    """Return the status of an answer, or "refused" for an invalid problem."""
    try:
        return grader.grade(*answer).status
    except ProblemError:
        return "refused"


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    grader = SingleAnswerGrader(ProblemCatalog())
    print(f"{'answer':<30}{'by':<18}{'µs':>11}{'ratio':>10}   verdict")
    for rows in (
        generate_scalar_rows(),
        generate_matrix_rows(),
        generate_formula_rows(),
        generate_answer_rows(GRADED_ANSWERS, grader, ""),
        generate_answer_rows(HOSTILE_ANSWERS, grader, "hostile: "),
    ):
        for row in rows:
            micros_by_way = measure_fastest(row, rounds)
            first = next(iter(micros_by_way.values()))
            for method, micros in micros_by_way.items():
                verdict = row.methods[method]()
                print(
                    f"{row.label:<30}{method:<18}{micros:>11.1f}{micros / first:>10.2f}   {verdict}"
                )


if __name__ == "__main__":
    main()
