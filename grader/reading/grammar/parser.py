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
from grader.expressions.tree import Binary, Call, Name, Negate, Node, Num
from grader.reading.grammar.errors import (
    after_division,
    cannot_read,
    glued_arguments,
    percent_of_fraction,
    refuse_loose_call,
    refuse_mixed_number,
    refuse_rounding_brackets,
    side_by_side,
)
from grader.reading.grammar.nesting import ended, no_argument, not_closed, too_deep
from grader.reading.grammar.signs import refuse_bare_root, refuse_loose_logarithm, refuse_tower
from grader.reading.grammar.tokens import OPENERS, Token

__all__ = ["MAX_LENGTH", "PERCENTS", "PRIMARY_KINDS", "PRIMARY_SIGNS", "parse"]

MAX_LENGTH: Final = 500
MAX_DEPTH: Final = 30
MAX_OPERATIONS: Final = 150
"""Operations of one value: a chain of sums is nested as deeply as it is long."""

SUMS: Final = frozenset("+-")
PRODUCTS: Final = {"*": "*", "×": "*", "·": "*", "/": "/", "//": "//", "%": "%", "mod": "%"}
DIVISIONS: Final = frozenset({"/", "//", "%"})
PERCENTS: Final = frozenset({"%", "percent"})
STOPS: Final = SUMS | frozenset(")]}⌋⌉,;")
"""Signs that end a product."""
AFTER_POWER: Final = STOPS | frozenset({"*", "×", "·", "/", "//"})
"""Signs that end a power; a percent sign may still belong to it."""
FENCES: Final = {"⌊": "floor", "⌈": "ceil"}
MOST_ARGUMENTS: Final = {"round": 2, "min": 100, "max": 100}
PRIMARY_KINDS: Final = frozenset({"number", "name", "function"})
PRIMARY_SIGNS: Final = frozenset({"(", "[", "{", "⌊", "⌈", "frac"})


def parse(tokens: AbstractSequence[Token], text: str, *, declared: tuple[str, ...] = ()) -> Node:
    """Return the abstract syntax tree of *tokens*, found in *text*, or raise `AnswerError`."""
    if tokens and tokens[-1].end - tokens[0].start > MAX_LENGTH:
        raise AnswerError(
            f"This is longer than {MAX_LENGTH} characters.",
            expected="the result alone" if not declared else "a shorter formula",
            position=tokens[0].start,
        )
    return _Parser(tokens, text, declared).whole()


class _Parser:
    """Recursive descent parser: one pass over the tokens, recursing at each bracket."""

    def __init__(
        self, tokens: AbstractSequence[Token], text: str, declared: tuple[str, ...]
    ) -> None:
        self._tokens = tokens
        self._text = text
        self._declared = declared
        self._signs = [token.text if token.kind == "symbol" else "" for token in tokens]
        self._signs.append("")
        self._at = 0
        self._depth = 0
        self._sites = count()
        self._operations = 0

    def whole(self) -> Node:
        """Return the tree of all tokens."""
        node = self._sum()
        if self._at < len(self._tokens):
            raise self._stuck()
        return node

    def _sum(self) -> Node:
        self._deeper()
        node = self._product()
        while (sign := self._signs[self._at]) in SUMS:
            self._at += 1
            node = self._binary(sign, node, self._product())
        self._depth -= 1
        return node

    def _product(self) -> Node:
        node = self._signed()
        divided = False
        while True:
            found = self._signs[self._at]
            if (sign := PRODUCTS.get(found)) is not None:
                self._at += 1
                divided = sign in DIVISIONS
                right = self._signed()
                if divided and self._signs[self._at - 1] in PERCENTS:
                    raise percent_of_fraction(self._text, self._tokens, self._at - 1)
                node = self._binary(sign, node, right)
            elif found not in STOPS and self._starts_primary():
                if divided:
                    raise after_division(self._text, self._tokens, self._at)
                node = self._beside(node)
            else:
                return node

    def _beside(self, left: Node) -> Node:
        """Return the product of *left* and the factor after it, with no sign between them."""
        at = self._at
        token = self._tokens[at]
        if token.kind == "number":
            raise side_by_side(self._text, self._tokens, at)
        right = self._power()
        if token.text == "frac":
            refuse_mixed_number(left, right, self._text, self._tokens, at)
        return self._binary("*", left, right)

    def _binary(self, sign: str, left: Node, right: Node) -> Node:
        self._operations += 1
        if self._operations > MAX_OPERATIONS:
            raise AnswerError(
                f"This has more than {MAX_OPERATIONS} operations.",
                expected="the result, or something shorter",
                position=self._position(),
            )
        return Binary(sign, left, right)

    def _signed(self) -> Node:
        if self._signs[self._at] not in SUMS:
            return self._power()
        minus = []
        while (sign := self._signs[self._at]) in SUMS:
            minus.append(sign == "-")
            self._at += 1
        node = self._power()
        for is_minus in minus:
            self._deeper()
            node = Negate(node) if is_minus else node
        self._depth -= len(minus)
        return node

    def _power(self) -> Node:
        node = self._primary()
        if self._signs[self._at] in AFTER_POWER:
            return node
        node = self._raised(node)
        if self._signs[self._at] != "**":
            return node
        refuse_bare_root(self._text, self._tokens[self._at])
        if self._declared:
            refuse_tower(self._text, self._tokens, self._at)
        self._at += 1
        self._deeper()
        node = Binary("**", node, self._signed())
        self._depth -= 1
        return node

    def _raised(self, node: Node) -> Node:
        while (token := self._peek()) is not None and token.kind == "power":
            node = self._binary("**", node, _number(token))
            self._at += 1
        if self._is_percent():
            node = Binary("/", node, Num(100))
            self._at += 1
        return node

    def _is_percent(self) -> bool:
        """Return whether a percent sign is next; before a value, ``%`` is the remainder."""
        sign = self._signs[self._at]
        if sign != "%":
            return sign == "percent"
        return not self._starts_primary(self._at + 1)

    def _primary(self) -> Node:
        token = self._peek()
        if token is None:
            raise self._ended()
        self._at += 1
        if token.kind == "name":
            return Name(token.text)
        if token.kind == "number":
            return _number(token)
        match token.kind, token.text:
            case "function", function:
                return self._call(function)
            case "symbol", "frac":
                return Binary("/", self._argument(), self._argument())
            case "symbol", "|":
                return self._fenced("abs", "|")
            case "symbol", sign if sign in FENCES:
                return self._fenced(FENCES[sign], OPENERS[sign])
            case "symbol", sign if sign in OPENERS:
                node = self._sum()
                self._close(OPENERS[sign])
                if sign == "[" and self._declared:
                    refuse_rounding_brackets(node, token.start)
                return node
        self._at -= 1
        raise self._stuck()

    def _fenced(self, function: str, closer: str) -> Node:
        site = next(self._sites)
        inner = self._sum()
        self._close(closer)
        return Call(function, (inner,), site=site)

    def _call(self, function: str) -> Node:
        site = next(self._sites)
        opener = self._peek()
        if opener is not None and opener.text == "[":
            raise self._stuck()
        if opener is None or opener.text not in {"(", "{"}:
            self._deeper()
            name = self._at - 1
            argument = self._power()
            self._depth -= 1
            refuse_loose_logarithm(self._text, self._tokens, name, self._at)
            return Call(function, (argument,), site=site)
        opened, self._at = self._at, self._at + 1
        arguments = self._arguments(MOST_ARGUMENTS.get(function, 1))
        self._close(OPENERS[opener.text])
        refuse_loose_call(self._text, self._tokens, opened, self._at)
        return Call(function, arguments, site=site)

    def _arguments(self, most: int) -> tuple[Node, ...]:
        first = self._at
        arguments = [self._sum()]
        while self._signs[self._at] in {",", ";"} and len(arguments) < most:
            self._at += 1
            arguments.append(self._sum())
        inside = self._tokens[first : self._at]
        if most > 1 and any(token.kind == "number" and "," in token.text for token in inside):
            raise glued_arguments(self._text, inside)
        return tuple(arguments)

    def _argument(self) -> Node:
        r"""Return an argument of ``\frac``: braces, or one digit or variable, as in LaTeX."""
        token = self._peek()
        if token is not None and (token.kind == "name" or _is_digit(token)):
            return self._primary()
        if self._signs[self._at] != "{":
            raise no_argument(self._position())
        self._at += 1
        node = self._sum()
        self._close("}")
        return node

    def _close(self, closer: str) -> None:
        if self._signs[self._at] == closer:
            self._at += 1
        elif self._at < len(self._tokens):
            raise self._stuck()
        else:
            raise not_closed(closer, self._position())

    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _starts_primary(self, at: int | None = None) -> bool:
        at = self._at if at is None else at
        if at >= len(self._tokens):
            return False
        return self._signs[at] in PRIMARY_SIGNS or self._tokens[at].kind in PRIMARY_KINDS

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise too_deep(MAX_DEPTH, self._position())

    def _position(self) -> int:
        if not self._tokens:
            return 0
        return self._tokens[min(self._at, len(self._tokens) - 1)].start

    def _ended(self) -> AnswerError:
        return ended(self._tokens, "a number or a variable" if self._declared else "a number")

    def _stuck(self) -> AnswerError:
        return cannot_read(self._text, self._tokens, self._at, self._declared)


def _is_digit(token: Token) -> bool:
    return token.kind == "number" and len(token.text) == 1


def _number(token: Token) -> Node:
    """Return the node of a number, a superscript number, or a fraction such as ``⅓``."""
    if token.kind == "number" and token.place is None:
        return Binary("/", Num(token.value.numerator), Num(token.value.denominator))
    return Num(token.value) if token.value >= 0 else Negate(Num(-token.value))
