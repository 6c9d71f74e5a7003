r"""Parser: tokens to a tree of `grader.expressions.tree`, for arithmetic and for formulas.

::

    sum      = product (("+" | "-") product)*
    product  = signed (sign signed | power)*           signs: * × · / // %, or none
    signed   = ("+" | "-")* power
    power    = primary raised* "%"? (("^" | "**") signed)?
    primary  = number | name | function | bracket | \frac argument argument
    argument = {sum} | digit | name

Ambiguous input is refused, and the error names both readings: ``1,5``, ``K2``, ``a/2b``, ``2½``,
and in a formula ``[a/b]``.
"""

from collections.abc import Sequence as AbstractSequence
from itertools import count
from typing import Final

from grader.errors import AnswerError
from grader.expressions.tree import BinaryOperation, Call, Name, Negation, Node, NumberLiteral
from grader.reading.grammar.ambiguous_signs import (
    refuse_ambiguous_logarithm,
    refuse_ambiguous_power_tower,
    refuse_ambiguous_root,
)
from grader.reading.grammar.cursor import TokenCursor, missing_argument_error
from grader.reading.grammar.errors import (
    ambiguous_division_error,
    glued_arguments_error,
    missing_operator_error,
    percent_of_fraction_error,
    refuse_ambiguous_rounding_call,
    refuse_mixed_number,
    refuse_rounding_brackets,
)
from grader.reading.grammar.tokens import OPENERS, Token

MAX_EXPRESSION_LENGTH: Final = 500
MAX_OPERATIONS: Final = 150
"""Maximum number of operations of one value.

A chain of sums is nested as deeply as it is long.
"""

SUMS: Final = frozenset("+-")
PRODUCTS: Final = {"*": "*", "×": "*", "·": "*", "/": "/", "//": "//", "%": "%", "mod": "%"}
DIVISIONS: Final = frozenset({"/", "//", "%"})
PERCENTS: Final = frozenset({"%", "percent"})
STOPS: Final = SUMS | frozenset(")]}⌋⌉,;")
"""Signs that end a product."""
AFTER_POWER: Final = STOPS | frozenset({"*", "×", "·", "/", "//"})
"""Signs that end a power; a percent sign may still belong to it."""
FENCES: Final = {"⌊": "floor", "⌈": "ceil"}
MAX_ARGUMENTS: Final = {"round": 2, "pow": 2, "min": 100, "max": 100}
BRACKETED_FUNCTIONS: Final = frozenset({"floor", "ceil"})
"""Functions that may be followed by square brackets."""
CUBE: Final = NumberLiteral(3)


def parse(tokens: AbstractSequence[Token], text: str, *, declared: tuple[str, ...] = ()) -> Node:
    """Return the abstract syntax tree of *tokens*, found in *text*, or raise `AnswerError`."""
    if tokens and tokens[-1].end - tokens[0].start > MAX_EXPRESSION_LENGTH:
        raise AnswerError(
            f"This is longer than {MAX_EXPRESSION_LENGTH} characters.",
            expected="the result alone" if not declared else "a shorter formula",
            position=tokens[0].start,
        )
    return _Parser(tokens, text, declared).parse_all()


class _Parser(TokenCursor):
    """Recursive descent parser: one pass over the tokens, recursing at each bracket."""

    def __init__(
        self, tokens: AbstractSequence[Token], text: str, declared: tuple[str, ...]
    ) -> None:
        super().__init__(tokens, text, declared)
        self._sites = count()
        self._operations = 0

    def parse_all(self) -> Node:
        """Return the tree of all tokens."""
        node = self._parse_sum()
        if self._index < len(self._tokens):
            raise self._token_error()
        return node

    def _parse_sum(self) -> Node:
        self._enter_level()
        node = self._parse_product()
        while (sign := self._signs[self._index]) in SUMS:
            self._index += 1
            node = self._build_binary(sign, node, self._parse_product())
        self._depth -= 1
        return node

    def _parse_product(self) -> Node:
        node = self._parse_signed()
        divided = False
        while True:
            symbol = self._signs[self._index]
            if (sign := PRODUCTS.get(symbol)) is not None:
                self._index += 1
                divided = sign in DIVISIONS
                right = self._parse_signed()
                if divided and self._signs[self._index - 1] in PERCENTS:
                    raise percent_of_fraction_error(self._text, self._tokens, self._index - 1)
                node = self._build_binary(sign, node, right)
            elif symbol not in STOPS and self._starts_primary():
                if divided:
                    raise ambiguous_division_error(self._text, self._tokens, self._index)
                node = self._parse_implicit_product(node)
            else:
                return node

    def _parse_implicit_product(self, left: Node) -> Node:
        """Return the product of *left* and the factor after it, with no sign between them."""
        index = self._index
        token = self._tokens[index]
        if token.kind == "number":
            raise missing_operator_error(self._text, self._tokens, index)
        right = self._parse_power()
        if token.text == "frac":
            refuse_mixed_number(left, right, self._text, self._tokens, index)
        return self._build_binary("*", left, right)

    def _build_binary(self, sign: str, left: Node, right: Node) -> Node:
        self._operations += 1
        if self._operations > MAX_OPERATIONS:
            raise AnswerError(
                f"This has more than {MAX_OPERATIONS} operations.",
                expected="the result, or something shorter",
                position=self._position(),
            )
        return BinaryOperation(sign, left, right)

    def _parse_signed(self) -> Node:
        if self._signs[self._index] not in SUMS:
            return self._parse_power()
        minus = []
        while (sign := self._signs[self._index]) in SUMS:
            minus.append(sign == "-")
            self._index += 1
        node = self._parse_power()
        for is_minus in minus:
            self._enter_level()
            node = Negation(node) if is_minus else node
        self._depth -= len(minus)
        return node

    def _parse_power(self) -> Node:
        node = self._parse_primary()
        if self._signs[self._index] in AFTER_POWER:
            return node
        node = self._parse_postfix(node)
        if self._signs[self._index] != "**":
            return node
        refuse_ambiguous_root(self._text, self._tokens[self._index])
        if self._declared:
            refuse_ambiguous_power_tower(self._text, self._tokens, self._index)
        self._index += 1
        self._enter_level()
        node = BinaryOperation("**", node, self._parse_signed())
        self._depth -= 1
        return node

    def _parse_postfix(self, node: Node) -> Node:
        while (token := self._peek()) is not None and token.kind == "power":
            node = self._build_binary("**", node, _build_number_node(token))
            self._index += 1
        if self._is_at_percent_sign():
            node = BinaryOperation("/", node, NumberLiteral(100))
            self._index += 1
        return node

    def _is_at_percent_sign(self) -> bool:
        """Return whether a percent sign is next; before a value, ``%`` is the remainder."""
        sign = self._signs[self._index]
        if sign != "%":
            return sign == "percent"
        return not self._starts_primary(self._index + 1)

    def _parse_primary(self) -> Node:
        token = self._peek()
        if token is None:
            raise self._end_error()
        self._index += 1
        if token.kind == "name":
            return Name(token.text)
        if token.kind == "number":
            return _build_number_node(token)
        match token.kind, token.text:
            case "function", function:
                return self._parse_call(function)
            case "symbol", "frac":
                return BinaryOperation(
                    "/", self._parse_frac_argument(), self._parse_frac_argument()
                )
            case "symbol", "|":
                return self._parse_fenced("abs", "|")
            case "symbol", sign if sign in FENCES:
                return self._parse_fenced(FENCES[sign], OPENERS[sign])
            case "symbol", sign if sign in OPENERS:
                node = self._parse_sum()
                self._expect_closer(OPENERS[sign])
                if sign == "[" and self._declared:
                    refuse_rounding_brackets(node, token.start)
                return node
        self._index -= 1
        raise self._token_error()

    def _parse_fenced(self, function: str, closer: str) -> Node:
        site = next(self._sites)
        inner = self._parse_sum()
        self._expect_closer(closer)
        return Call(function, (inner,), site=site)

    def _parse_call(self, function: str) -> Node:
        site = next(self._sites)
        opener = self._peek()
        if opener is not None and opener.text == "[" and function not in BRACKETED_FUNCTIONS:
            return self._parse_root(function)
        if opener is None or opener.text not in {"(", "{", "["}:
            self._enter_level()
            name = self._index - 1
            argument = self._parse_power()
            self._depth -= 1
            refuse_ambiguous_logarithm(self._text, self._tokens, name, self._index)
            return Call(function, (argument,), site=site)
        opened, self._index = self._index, self._index + 1
        arguments = self._parse_arguments(MAX_ARGUMENTS.get(function, 1))
        self._expect_closer(OPENERS[opener.text])
        refuse_ambiguous_rounding_call(self._text, self._tokens, opened, self._index)
        if function in {"pow", "cbrt"}:
            return self._build_power(arguments, CUBE if function == "cbrt" else None)
        return Call(function, arguments, site=site)

    def _parse_root(self, function: str) -> Node:
        r"""Return the root of ``\sqrt[3]{8}``, with the bracket of its degree next."""
        inside = self._tokens[self._index + 1 : self._index + 4]
        signs = "".join(token.text for token in inside[1:])
        if function != "sqrt" or signs != "]{" or not inside[0].value:
            raise self._token_error()
        self._index += 3
        return self._build_power((self._parse_frac_argument(),), NumberLiteral(inside[0].value))

    def _build_power(self, arguments: tuple[Node, ...], degree: NumberLiteral | None) -> Node:
        """Return a power of two *arguments*, or the root of one with this *degree*."""
        if len(arguments) != (2 if degree is None else 1):
            raise self._token_error()
        exponent = (
            arguments[1] if degree is None else BinaryOperation("/", NumberLiteral(1), degree)
        )
        return self._build_binary("**", arguments[0], exponent)

    def _parse_arguments(self, max_arguments: int) -> tuple[Node, ...]:
        first = self._index
        arguments = [self._parse_sum()]
        while self._signs[self._index] in {",", ";"} and len(arguments) < max_arguments:
            self._index += 1
            arguments.append(self._parse_sum())
        inside = self._tokens[first : self._index]
        if max_arguments > 1 and any(
            token.kind == "number" and "," in token.text for token in inside
        ):
            raise glued_arguments_error(self._text, inside)
        return tuple(arguments)

    def _parse_frac_argument(self) -> Node:
        r"""Return an argument of ``\frac``: braces, or one digit or variable, as in LaTeX."""
        token = self._peek()
        if token is not None and (token.kind == "name" or _is_digit(token)):
            return self._parse_primary()
        if self._signs[self._index] != "{":
            raise missing_argument_error(self._position())
        self._index += 1
        node = self._parse_sum()
        self._expect_closer("}")
        return node


def _is_digit(token: Token) -> bool:
    return token.kind == "number" and len(token.text) == 1


def _build_number_node(token: Token) -> Node:
    """Return the node of a number, a superscript number, or a fraction such as ``⅓``."""
    if token.kind == "number" and token.last_place is None:
        return BinaryOperation(
            "/", NumberLiteral(token.value.numerator), NumberLiteral(token.value.denominator)
        )
    return NumberLiteral(token.value) if token.value >= 0 else Negation(NumberLiteral(-token.value))
