"""Parser of the expression language of problem files: text to a bounded tree.

Decimals are exact fractions, ``/`` returns a fraction, integers have up to 4,096 bits. The language
has names, calls with keywords, tuples, lists, constant indices and slices, ``.field``, comparisons,
``and or not``, ``a if c else b`` and strings as arguments. It has nothing else: no comprehension,
no lambda, no attribute of Python objects. `grader.expressions.evaluate` evaluates a tree.
"""

import ast
import keyword
import re
import warnings
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import count
from typing import Final

from grader.errors import ProblemError
from grader.expressions.tree import (
    BinaryOperation,
    BooleanOperation,
    Call,
    Comparison,
    Conditional,
    FieldAccess,
    ItemAccess,
    LogicalNot,
    Name,
    Negation,
    Node,
    NumberLiteral,
    SliceAccess,
    SliceRange,
    TextLiteral,
    TupleLiteral,
    calls_in,
    names_in,
    walk,
)
from grader.lazy_regex import lazy_regex
from grader.values import simplify_number

MAX_LENGTH: Final = 500
MAX_NODES: Final = 200
MAX_DEPTH: Final = 30
MAX_DIGITS: Final = 400
MAX_DECIMAL_EXPONENT: Final = 400
MAX_QUOTED_LENGTH: Final = 60
QUOTING_HINT: Final = "; in a YAML list in [ ] quote what has a comma"
"""Advice on half a call: an unquoted YAML list splits a text at each comma."""

EXPRESSION_KEYWORDS: Final = frozenset({"and", "or", "not", "if", "else", "True", "False"})
"""Keywords of expressions."""
RESERVED_WORDS: Final = frozenset(keyword.kwlist) - EXPRESSION_KEYWORDS
"""Python keywords that cannot be names in an expression."""
STRING_PATTERN: Final = lazy_regex(r"'[^']*'|\"[^\"]*\"")

OPERATORS: Final[dict[type[ast.operator], str]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}
COMPARISONS: Final[dict[type[ast.cmpop], str]] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


@dataclass(frozen=True, slots=True)
class Expression:
    """An author's expression: its *source* and *tree*, and the *names* and *calls* in it."""

    source: str
    tree: Node
    names: frozenset[str] = field(init=False, compare=False)
    calls: tuple[Call, ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", names_in(self.tree))
        object.__setattr__(self, "calls", calls_in(self.tree))

    @property
    def is_literal(self) -> bool:
        """Whether the expression contains no name and no call."""
        return not self.names and not self.calls


def parse(source: str) -> Expression:
    """Parse *source*; raise a `ProblemError` with the remedy if it is invalid."""
    if len(source) > MAX_LENGTH:
        raise ProblemError(
            f"the expression has {len(source)} characters, the limit is {MAX_LENGTH}; "
            "split it with `let`"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a warning of Python is an error here
            body = ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else "it is nested too deeply"
        hint = (
            QUOTING_HINT if source.count("(") != source.count(")") else _reserved_word_hint(source)
        )
        raise ProblemError(
            f"{truncate_quoted_text(source)!r} is not an expression: {reason}{hint}"
        ) from error
    if sum(1 for _ in ast.walk(body)) > 4 * MAX_NODES:
        raise ProblemError(f"{truncate_quoted_text(source)!r} is too large; split it with `let`")
    builder = _TreeBuilder(source.strip())
    tree = builder.build(body, 0)
    nodes = sum(1 for _ in walk(tree))
    if nodes > MAX_NODES:
        raise ProblemError(
            f"{truncate_quoted_text(source)!r} has {nodes} operations, the limit is {MAX_NODES}; "
            "split it with `let`"
        )
    return Expression(source.strip(), tree)


def _reserved_word_hint(source: str) -> str:
    """Return the advice on a reserved word used as a name, "" if there is none."""
    words = re.findall(r"\w+", STRING_PATTERN.sub("", source))
    taken = next((word for word in words if word in RESERVED_WORDS), None)
    return f"; {taken!r} is a word of expressions, choose another name" if taken else ""


def truncate_quoted_text(text: str) -> str:
    """Return *text* truncated to `MAX_QUOTED_LENGTH` characters, for messages."""
    return text if len(text) <= MAX_QUOTED_LENGTH else f"{text[: MAX_QUOTED_LENGTH - 1]}…"


class _TreeBuilder:
    """Converter from Python's syntax tree to ours; rejects every node that is not listed."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._sites = count()

    def build(self, node: ast.AST, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise ProblemError(
                f"{truncate_quoted_text(self._source)!r} is nested deeper than {MAX_DEPTH}; "
                "split it with `let`"
            )
        below = depth + 1
        match node:
            case ast.Constant():
                return self._build_constant(node)
            case ast.Name(id=name):
                return Name(name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return Negation(self.build(operand, below))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.build(operand, below)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return LogicalNot(self.build(operand, below))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
                return BinaryOperation(
                    OPERATORS[type(op)], self.build(left, below), self.build(right, below)
                )
            case ast.BoolOp(op=op, values=values):
                word = "and" if isinstance(op, ast.And) else "or"
                return BooleanOperation(word, tuple(self.build(value, below) for value in values))
            case ast.IfExp(test=test, body=then, orelse=otherwise):
                return Conditional(
                    self.build(test, below), self.build(then, below), self.build(otherwise, below)
                )
            case ast.Tuple(elts=items) | ast.List(elts=items):
                return TupleLiteral(tuple(self.build(item, below) for item in items))
            case _:
                return self._build_compound(node, below)

    def _build_compound(self, node: ast.AST, below: int) -> Node:
        match node:
            case ast.Compare(left=left, ops=ops, comparators=others) if all(
                type(op) in COMPARISONS for op in ops
            ):
                words = [COMPARISONS[type(op)] for op in ops]
                values = [self.build(other, below) for other in others]
                return Comparison(self.build(left, below), tuple(zip(words, values, strict=True)))
            case ast.Call(func=ast.Name(id=function), args=arguments, keywords=keywords) if all(
                keyword.arg for keyword in keywords
            ):
                site = next(self._sites)
                return Call(
                    function,
                    tuple(self.build(argument, below) for argument in arguments),
                    tuple((str(word.arg), self.build(word.value, below)) for word in keywords),
                    site,
                )
            case ast.Subscript(value=value, slice=index):
                return self._build_subscript(self.build(value, below), index)
            case ast.Attribute(value=value, attr=name) if not name.startswith("_"):
                return FieldAccess(self.build(value, below), name)
            case _:
                piece = (
                    ast.get_source_segment(self._source, node) if hasattr(node, "lineno") else ""
                )
                hint = "; write ** for a power" if "^" in (piece or "") else ""
                quoted = truncate_quoted_text(piece or self._source)
                raise ProblemError(f"{quoted!r} is not part of the expression language{hint}")

    def _build_subscript(self, value: Node, index: ast.expr) -> Node:
        """Return an item or a slice of *value*; several indices are for the axes of a tensor."""
        indices = index.elts if isinstance(index, ast.Tuple) else [index]
        if any(isinstance(item, ast.Slice) for item in indices):
            return SliceAccess(value, tuple(self._build_range(item) for item in indices))
        return ItemAccess(value, self._build_index(index))

    def _build_range(self, node: ast.expr) -> int | SliceRange:
        if not isinstance(node, ast.Slice):
            return self._build_index(node)
        bounds = (node.lower, node.upper, node.step)
        start, stop, step = (None if one is None else self._build_index(one) for one in bounds)
        if step == 0:
            raise ProblemError(
                f"the step of a slice in {truncate_quoted_text(self._source)!r} is 0"
            )
        return SliceRange(start, stop, step)

    def _build_index(self, node: ast.expr) -> int:
        match node:
            case ast.Constant(value=int() as index) if not isinstance(index, bool):
                return index
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as index)):
                return -index
            case _:
                raise ProblemError(
                    f"an index in {truncate_quoted_text(self._source)!r} is not a whole number"
                )

    def _build_constant(self, node: ast.Constant) -> Node:
        match node.value:
            case bool() as truth:
                return Comparison(NumberLiteral(0), (("==", NumberLiteral(0 if truth else 1)),))
            case str() as text:
                return TextLiteral(text)
            case int() as number:
                return NumberLiteral(number)
            case float():
                return NumberLiteral(
                    _parse_decimal(ast.get_source_segment(self._source, node) or "")
                )
            case _:
                raise ProblemError(f"{node.value!r} is not part of the expression language")


def _parse_decimal(literal_node: str) -> int | Fraction:
    """Return a decimal as an exact fraction; the bounds keep ``1e999999999`` out."""
    text = literal_node.replace("_", "")
    mantissa, _, exponent = text.lower().partition("e")
    if len(mantissa) > MAX_DIGITS or (exponent and abs(int(exponent)) > MAX_DECIMAL_EXPONENT):
        raise ProblemError(f"{truncate_quoted_text(literal_node)!r} has too many digits")
    return simplify_number(Fraction(text))
