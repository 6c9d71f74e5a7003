"""Values of computations with functions that answers of numbers do not have: ``sin(2.846)``."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.restatements.rewriting import compute_value

FUNCTIONS: Final[dict[str, Callable[[float], float]]] = {
    "sin": math.sin,
    "cos": math.cos,
    "tanh": math.tanh,
    "sigmoid": lambda value: 1 / (1 + math.exp(-value)),
    "σ": lambda value: 1 / (1 + math.exp(-value)),
    "log2": math.log2,
    "log_2": math.log2,
    "log10": math.log10,
    "log_10": math.log10,
}
CALL: Final = lazy_regex(
    rf"(?<![\w])(?:np\.|math\.|torch\.)?(?P<name>{'|'.join(FUNCTIONS)})\s*\((?P<argument>[^()]*)\)"
)
MAX_ARGUMENT: Final = 500
"""Argument above which no function is computed."""


def compute_function_value(computation: str) -> Fraction | None:
    """Return the value of *computation*, which may call functions; None if it cannot be computed.

    >>> float(round(compute_function_value("2*sin(0.5 + 0.5)"), 3))
    1.683
    >>> compute_function_value("2*relu(3)")
    """
    computation = computation.strip(" $")
    while call := CALL.search(computation):
        argument = compute_value(call["argument"])
        if argument is None or abs(argument) > MAX_ARGUMENT:
            return None
        try:
            value = FUNCTIONS[call["name"]](float(argument))
        except ValueError:
            return None
        start, end = call.span()
        computation = f"{computation[:start]}({value:.15f}){computation[end:]}"
    return compute_value(computation)
