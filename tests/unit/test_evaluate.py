"""Tests of evaluation: the meaning of operations, their errors, and bounds on growth."""

from fractions import Fraction

import pytest

from grader.errors import SolverError
from grader.expressions.arithmetic import FUNCTIONS
from grader.expressions.evaluate import Scope, evaluate, require_boolean
from grader.expressions.parser import parse
from grader.expressions.size_limits import enforce_size_limits
from grader.expressions.tree import Call, Name, NumberLiteral
from grader.values import MAX_CELLS, OpaqueValue, Record, Tensor, Value


def fail(error: Exception) -> int:
    raise error


NAMES = {
    "W": 128,
    "half": Fraction(1, 2),
    "yes": True,
    "word": "vgg16",
    "shape": (3, 32, 32),
    "X": Tensor.from_nested([[1, 2], [3, 4]]),
    "Y": Tensor.from_nested([[10, 20], [30, 40]]),
    "row": Tensor.from_nested([5, 6]),
    "prev": Record({"shape": (1, 2)}),
    "net": OpaqueValue(),
    "big": 2**4000,
}


def value(source: str, **functions):
    return evaluate(parse(source).tree, Scope(NAMES, {**FUNCTIONS, **functions}))


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("1/3 + 1/3 + 1/3", 1),
        ("0.1 + 0.2", Fraction(3, 10)),
        ("7 // 2", 3),
        ("-7 // 2", -4),
        ("-7 % 2", 1),
        ("7.5 % 2", Fraction(3, 2)),
        ("2 ** -1", Fraction(1, 2)),
        ("4 ** 0.5", 2),
        ("0 ** 0", 1),
        ("- half", Fraction(-1, 2)),
        ("(W - 3) // 2 + 1", 63),
        ("1 < 2 < 3", True),
        ("1 < 3 < 2", False),
        ("1 == 1.0", True),
        ("shape == (3, 32, 32)", True),
        ("shape != [3, 32]", True),
        ("X == X", True),
        ("not yes", False),
        ("yes and 1 == 2 or True", True),
        ("5 if yes else unknown", 5),
        ("5 if not yes else 6", 6),
        ("shape[0]", 3),
        ("shape[-1]", 32),
        ("X[1]", Tensor.from_nested([3, 4])),
        ("X[1][0]", 3),
        ("prev.shape[1]", 2),
        ("(1, 2) + (3,)", (1, 2, 3)),
        ("X + Y", Tensor.from_nested([[11, 22], [33, 44]])),
        ("X * 2", Tensor.from_nested([[2, 4], [6, 8]])),
        ("1 - X", Tensor.from_nested([[0, -1], [-2, -3]])),
        ("X / 2", Tensor.from_nested([[0.5, 1], [1.5, 2]])),
        ("X**2", Tensor.from_nested([[1, 4], [9, 16]])),
        ("2**row", Tensor.from_nested([32, 64])),
        ("-row", Tensor.from_nested([-5, -6])),
        ("max(X) + min(1, 2) + sum(shape) + prod((2, 3)) + len(shape) + len(X)", 83),
        ("word", "vgg16"),
        ("[1, (2, 3)]", (1, (2, 3))),
        ("()", ()),
    ],
)
def test_expression_has_its_exact_value(source, result):
    found = value(source)
    assert found == result
    assert type(found) is type(result)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("1 / 0", "division by zero"),
        ("1 // 0", "division by zero"),
        ("1 % 0", "division by zero"),
        ("0 ** -1", "division by zero"),
        ("X / 0", "division by zero"),
        ("1 / X * 0 + 1 / (X - X)", "division by zero"),
        ("(-4) ** 0.5", "square root of a negative"),
        ("(0 - 8) ** (1/3)", "root of a negative number"),
        ("unknown", "'unknown' has no value here"),
        ("unknown(1)", "there is no function 'unknown'"),
        ("1 if 5 else 2", "neither true nor false"),
        ("not 1", "neither true nor false; compare it"),
        ("yes and 1", "neither true nor false"),
        ("yes + 1", r"\+ does not take these values"),
        ("yes < 2", "< compares numbers only"),
        ("'a' < 'b'", "< compares numbers only"),
        ("'a' + 'b'", "does not take"),
        ("'a' * 5", "does not take"),
        ("shape * 2", "does not take these values; a flat list is a tuple, and only"),
        ("shape + 1", "does not take"),
        ("X ** 5000", "a power has more than 4096 bits"),
        ("X // 2", "does not take"),
        ("X + row", r"shapes \(2, 2\) and \(2,\)"),
        ("-shape", "does not take"),
        ("shape[3]", "there is no item 3"),
        ("X[2]", "there is no item 2"),
        ("word[0]", "only a tuple or a tensor has items"),
        ("W.real", "only a record has fields"),
        ("prev.size", "there is no field 'size'"),
        ("net.layers", "there is no field 'layers'"),
        ("sqrt(X)", "^sqrt takes one number"),
        ("ln(row)", "^ln takes one number"),
        ("sqrt(yes)", "takes one number"),
        ("floor(1, 2)", "floor could not compute"),
        ("max()", "takes numbers"),
        ("max('a')", "takes numbers"),
        ("min(X, row)", "^min takes numbers, or one tuple or tensor of them"),
        ("sum(net)", "takes numbers"),
        ("len(5)", "only a tuple or a tensor has a length"),
        ("round(1, 101)", "rounding to 101"),
        ("round(1, X)", "round takes one number"),
        ("log2(0)", "logarithm"),
        ("log2(-1)", "logarithm"),
    ],
)
def test_failed_computation_raises_solver_error_with_reason(source, reason):
    with pytest.raises(SolverError, match=reason):
        value(source)


@pytest.mark.parametrize(
    "error", [ValueError, TypeError, OverflowError, KeyError, RecursionError, AttributeError]
)
def test_any_solver_failure_becomes_a_solver_error(error):
    with pytest.raises(SolverError, match=r"solver could not compute: .?no"):
        value("solver()", solver=lambda: fail(error("no")))


def test_solver_error_keeps_its_own_message():
    with pytest.raises(SolverError, match=r"^the kernel is too large$"):
        value("solver()", solver=lambda: fail(SolverError("the kernel is too large")))


@pytest.mark.parametrize(
    "source",
    [
        "9 ** 9 ** 9",
        "9 ** 9 ** 9 ** 9 ** 9",
        "2 ** -(9 ** 9)",
        "(1/3) ** 5000",
        "big * big",
        "big * big * 0",
        "1 / big / big",
        "X * big * big",
        "prod((big, big))",
        "sum((1/big, 1/(big + 1)))",
        "solver()",
        "tensor()",
        "pair()",
        "nested()",
        "(big * big, 1)",
    ],
)
def test_every_intermediate_value_stays_below_4096_bits(source):
    huge = 2**5000
    with pytest.raises(SolverError, match="4096 bits"):
        value(
            source,
            solver=lambda: huge,
            tensor=lambda: Tensor((1,), (huge,)),
            pair=lambda: (1, huge),
            nested=lambda: (1, (2, (huge,))),
        )


@pytest.mark.parametrize("power", [2000, 2049, 3000, 4095])
def test_power_within_limit_is_computed(power):
    assert value(f"2 ** {power}") == 2**power
    assert value(f"2 ** -{power}") == Fraction(1, 2**power)


@pytest.mark.parametrize("power", [4096, 4097, 10**9])
def test_power_beyond_limit_is_refused(power):
    with pytest.raises(SolverError, match="4096 bits"):
        value(f"2 ** {power}")


def test_tensor_with_too_many_cells_is_refused():
    with pytest.raises(SolverError, match="cells"):
        enforce_size_limits(Tensor((MAX_CELLS + 1,), (0,) * (MAX_CELLS + 1)))


@pytest.mark.parametrize("step", ["a + a", "(a, a)"], ids=["longer", "deeper"])
def test_tuple_cannot_double_indefinitely(step):
    """A chain of `let` doubles a tuple; without a bound, forty lines would fill memory."""

    def double(times: int) -> Value:
        value: Value = (1, 1)
        for _ in range(times):
            value = evaluate(parse(step).tree, Scope({"a": value}, {}))
        return value

    assert double(10)
    with pytest.raises(SolverError, match="more than 50,000 cells"):
        double(20)


def test_tuple_of_tensors_is_limited_by_its_cells():
    half = Tensor((MAX_CELLS // 2,), (0,) * (MAX_CELLS // 2))
    assert enforce_size_limits((half, half))
    with pytest.raises(SolverError, match="too many items"):
        enforce_size_limits((half, half, half))


def test_swapped_function_changes_only_its_call_site():
    tree = parse("f(1) + f(10)").tree
    functions = {"f": lambda number: number}
    swapped = Scope({}, functions, {1: lambda number: -number})
    assert evaluate(tree, Scope({}, functions)) == 11
    assert evaluate(tree, swapped) == -9


def test_keyword_argument_reaches_function_by_name():
    tree = Call("f", (NumberLiteral(1),), (("k", Name("W")),))
    assert evaluate(tree, Scope({"W": 5}, {"f": lambda one, *, k: one + k})) == 6


def test_boolean_operators_and_comparisons_short_circuit():
    assert value("False and unknown") is False
    assert value("True or unknown") is True
    assert value("2 < 1 < unknown") is False


def test_only_a_boolean_is_accepted_as_condition():
    assert require_boolean(True) is True  # noqa: FBT003 - the value under test
    with pytest.raises(SolverError):
        require_boolean(1)
