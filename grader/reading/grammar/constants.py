"""Constants e and π in arithmetic answers, and powers of e."""

import math
import re
from collections.abc import Mapping
from typing import Final

from grader.expressions.tree import Binary, Call, Name, Node, rebuilt
from grader.reading.names import WRAP, Names
from grader.values import Value, exact

__all__ = ["CONSTANTS", "EULER", "VALUES", "with_exponentials"]

_BEFORE_E: Final = r"(?<![\w.])(?<![0-9.] )"
"""What may stand before e: behind a number, ``2e^3`` and ``2 e^3`` may be powers of ten."""
_RAISED: Final = r"\s*(?:\^|\*\*|[⁰¹²³⁴-⁹⁺⁻])"
_SCALED: Final = r"\s*(?:\*|/|·|×|\\cdot|\\times)"
_ENDED: Final = r"\s*(?:[-+)}\],;&|]|\Z)"
_SIGNED: Final = r"(?:(?<=[-+*/·×({])|(?<=[-+*/·×({] ))"
_E: Final = rf"(?:e|{WRAP}\{{\s*e\s*\}})"
CONSTANTS: Final = Names(
    pattern=re.compile(
        r"(π|\\pi(?![A-Za-z])|(?<![^\W_])pi(?![^\W_]))"
        rf"|({_BEFORE_E}(?:{_E}(?={_RAISED}|{_SCALED})|{_SIGNED}{_E}(?={_ENDED})))"
    ),
    meanings=(("π", False), ("e", False)),
)
"""What a number may hold beside digits: π, and e where it is raised or an operand."""
EULER: Final = "e"
VALUES: Final[Mapping[str, Value]] = {"e": exact(math.e), "π": exact(math.pi)}
"""The constants as the nearest doubles."""


def with_exponentials(tree: Node) -> Node:
    """Return *tree* with powers of e replaced by calls of ``exp``, which accepts any exponent.

    >>> with_exponentials(Binary("**", Name("e"), Name("π")))
    Call(function='exp', arguments=(Name(name='π'),), keywords=(), site=0)
    """

    def change(node: Node) -> Node | None:
        match node:
            case Binary("**", base, exponent) if base == Name(EULER):
                return Call("exp", (with_exponentials(exponent),))
        return None

    return rebuilt(tree, change)
