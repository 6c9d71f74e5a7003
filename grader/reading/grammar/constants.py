"""Constants e and π in arithmetic answers, and powers of e."""

from typing import Final

from grader.expressions.tree import BinaryOperation, Call, Name, Node, replace_nodes
from grader.lazy_regex import lazy_regex
from grader.reading.variable_names import WRAP, NameMatcher

_BEFORE_E: Final = r"(?<![\w.])(?<![0-9.] )"
"""Condition before e: after a number, ``2e^3`` and ``2 e^3`` may be powers of ten."""
_RAISED: Final = r"\s*(?:\^|\*\*|[⁰¹²³⁴-⁹⁺⁻])"
_SCALED: Final = r"\s*(?:\*|/|·|×|\\cdot|\\times)"
_ENDED: Final = r"\s*(?:[-+)}\],;&|]|\Z)"
_SIGNED: Final = r"(?:(?<=[-+*/·×({])|(?<=[-+*/·×({] ))"
_E: Final = rf"(?:e|{WRAP}\{{\s*e\s*\}})"
CONSTANTS: Final = NameMatcher(
    pattern=lazy_regex(
        r"(π|\\pi(?![A-Za-z])|(?<![^\W_])pi(?![^\W_]))"
        rf"|({_BEFORE_E}(?:{_E}(?={_RAISED}|{_SCALED})|{_SIGNED}{_E}(?={_ENDED})))"
    ),
    meanings=(("π", False), ("e", False)),
)
"""Constants that a number may contain: π, and e if it is raised or an operand."""
EULER: Final = "e"


def replace_euler_powers(tree: Node) -> Node:
    """Return *tree* with powers of e replaced by calls of ``exp``, which accepts any exponent.

    >>> replace_euler_powers(BinaryOperation("**", Name("e"), Name("π")))
    Call(function='exp', arguments=(Name(name='π'),), keywords=(), site=0)
    """

    def replace_power(node: Node) -> Node | None:
        match node:
            case BinaryOperation("**", base, exponent) if base == Name(EULER):
                return Call("exp", (replace_euler_powers(exponent),))
        return None

    return replace_nodes(tree, replace_power)
