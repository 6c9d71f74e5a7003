"""Position of the parser in the tokens, with the errors of brackets and endings."""

from collections.abc import Sequence
from typing import Final

from grader.errors import AnswerError
from grader.reading.grammar.errors import unexpected_token_error
from grader.reading.grammar.tokens import Token

MAX_DEPTH: Final = 30
PRIMARY_KINDS: Final = frozenset({"number", "name", "function"})
PRIMARY_SIGNS: Final = frozenset({"(", "[", "{", "⌊", "⌈", "frac"})


class TokenCursor:
    """Position in the tokens of a text, and the depth of nesting there.

    *declared* are the names that the text may use.
    """

    def __init__(self, tokens: Sequence[Token], text: str, declared: tuple[str, ...]) -> None:
        self._tokens = tokens
        self._text = text
        self._declared = declared
        self._signs = [token.text if token.kind == "symbol" else "" for token in tokens]
        self._signs.append("")
        self._index = 0
        self._depth = 0

    def _expect_closer(self, closer: str) -> None:
        if self._signs[self._index] == closer:
            self._index += 1
        elif self._index < len(self._tokens):
            raise self._token_error()
        else:
            raise _unclosed_bracket_error(closer, self._position())

    def _peek(self) -> Token | None:
        return self._tokens[self._index] if self._index < len(self._tokens) else None

    def _starts_primary(self, index: int | None = None) -> bool:
        index = self._index if index is None else index
        if index >= len(self._tokens):
            return False
        return self._signs[index] in PRIMARY_SIGNS or self._tokens[index].kind in PRIMARY_KINDS

    def _enter_level(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _nesting_too_deep_error(MAX_DEPTH, self._position())

    def _position(self) -> int:
        if not self._tokens:
            return 0
        return self._tokens[min(self._index, len(self._tokens) - 1)].start

    def _end_error(self) -> AnswerError:
        return _unexpected_end_error(
            self._tokens, "a number or a variable" if self._declared else "a number"
        )

    def _token_error(self) -> AnswerError:
        return unexpected_token_error(self._text, self._tokens, self._index, self._declared)


def _unexpected_end_error(tokens: Sequence[Token], expected: str) -> AnswerError:
    """Return the error for *tokens* that end too early."""
    end = tokens[-1].end if tokens else 0
    return AnswerError("Something is missing at the end.", expected=expected, position=end)


def missing_argument_error(position: int) -> AnswerError:
    r"""Return the error for ``\frac`` without a possible argument after it."""
    return AnswerError(r"\frac needs braces.", expected=r"\frac{1}{2}", position=position)


def _unclosed_bracket_error(closer: str, position: int) -> AnswerError:
    """Return the error for a bracket that is never closed."""
    return AnswerError(f"A bracket is not closed: {closer} is missing.", position=position)


def _nesting_too_deep_error(depth: int, position: int) -> AnswerError:
    """Return the error for nesting deeper than *depth*."""
    return AnswerError(
        f"This is nested deeper than {depth} brackets or signs.",
        expected="something simpler",
        position=position,
    )
