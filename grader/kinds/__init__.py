"""Kinds of answer: one module per family, all with the same interface."""

from collections.abc import Mapping
from typing import Any, Final

from grader.kinds.arrays import MatrixKind, TensorKind, VectorKind
from grader.kinds.base import AnswerKind, Judgement, SampleAnswers
from grader.kinds.choices import ChoiceKind, ChoicesKind
from grader.kinds.formulas import ExpressionKind
from grader.kinds.numbers import IntegerKind, NumberKind
from grader.kinds.percents import PercentKind
from grader.kinds.predicates import PredicateKind
from grader.kinds.quantities import QuantityKind
from grader.kinds.sets import SetKind
from grader.kinds.shapes import ShapeKind
from grader.kinds.tables.kind import TableKind
from grader.kinds.texts import TextKind

__all__ = ["KINDS", "AnswerKind", "Judgement", "SampleAnswers"]

KINDS: Final[Mapping[str, AnswerKind[Any, Any]]] = {
    "integer": IntegerKind(),
    "number": NumberKind(),
    "percent": PercentKind(),
    "quantity": QuantityKind(),
    "set": SetKind(),
    "shape": ShapeKind(),
    "vector": VectorKind(),
    "matrix": MatrixKind(),
    "tensor": TensorKind(),
    "expression": ExpressionKind(),
    "table": TableKind(),
    "choice": ChoiceKind(),
    "choices": ChoicesKind(),
    "predicate": PredicateKind(),
    "text": TextKind(),
}
