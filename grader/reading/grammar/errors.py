"""Errors of the grammar: they quote the student's own characters and say what to write."""

import re
from collections.abc import Sequence
from typing import Final

from grader.errors import AnswerError
from grader.expressions.tree import BinaryOperation, Node, NumberLiteral, walk
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.tokens import CLOSERS, Token

SEVERAL_VALUES: Final = "Several values are given."
NUMBER_FORMS: Final = "a number such as 12, 1.5e6, 1/3 or 64*5^2"
MAX_QUOTE_CHARACTERS: Final = 40
GROUP_DIGITS: Final = 3
COMMAND: Final = lazy_regex(r"\\[A-Za-z]+")
JOINED: Final = lazy_regex(r"[-.'].*", re.DOTALL)
"""The text joined to the first of several words; in a formula the joint is a sign."""
RANGE_KINDS: Final = ("number", "symbol", "number")
AROUND_RANGE: Final = frozenset({"%", "percent", "(", ")", "[", "]"})
ROUNDINGS: Final = frozenset({"floor", "ceil", "round"})
ELLIPSIS: Final = lazy_regex(r"\.{2,}|…|\\[cld]?dots")
EN_DASHES: Final = frozenset("\u2012\u2013\u2014\u2015")


def quote_span(text: str, start: int, end: int) -> str:
    """Return ``text[start:end]`` in quotes, truncated if it is long."""
    return f"'{truncate_line(text[start:end])}'"


def truncate_line(text: str) -> str:
    """Return *text* on one line, truncated to `MAX_QUOTE_CHARACTERS` characters."""
    line = " ".join(text[: 4 * MAX_QUOTE_CHARACTERS].split())
    return line if len(line) <= MAX_QUOTE_CHARACTERS else f"{line[: MAX_QUOTE_CHARACTERS - 1]}…"


def refuse_range(tokens: Sequence[Token], text: str, typed: str) -> None:
    """Raise `AnswerError` for ``80-90``: a dash between a number and a larger one.

    A hyphen with spaces around it is a minus sign. An en dash, which only *typed* contains, is
    refused even then.
    """
    plain = [token for token in tokens if token.text not in AROUND_RANGE]
    if tuple(token.kind for token in plain) != RANGE_KINDS or plain[1].text != "-":
        return
    low, sign, high = plain
    glued = not text[sign.start - 1].isspace() and not text[sign.end : sign.end + 1].isspace()
    dashed = typed[sign.start] in EN_DASHES
    if 0 < low.value < high.value and (glued or dashed):
        quote = quote_span(typed, tokens[0].start, tokens[-1].end)
        raise AnswerError(
            f"{quote} can be read as a range or as a subtraction.",
            expected="one number, or spaces around a minus sign",
            position=low.start,
        )


def percent_or_share_error(small: str, large: str) -> AnswerError:
    """Return the error for ``0.95`` where a percentage is asked for."""
    return AnswerError(
        f"This can be read as {truncate_line(small)} or as {truncate_line(large)}.",
        expected="one of the two with its percent sign",
    )


def ambiguous_division_error(text: str, tokens: Sequence[Token], index: int) -> AnswerError:
    """Return the error for ``a/2b``, where ``b`` may or may not belong to the denominator."""
    quote = quote_span(text, tokens[index - 1].start, tokens[index].end)
    return AnswerError(
        f"A product without a sign after a division can be read in two ways, at {quote}.",
        expected="brackets: a/(b*c) or (a/b)*c",
        position=tokens[index].start,
    )


def refuse_mixed_number(
    left: Node, right: Node, text: str, tokens: Sequence[Token], index: int
) -> None:
    r"""Raise `AnswerError` for ``2\frac{1}{2}``: a number *left* beside a fraction of numbers."""
    match left, right:
        case NumberLiteral() | BinaryOperation("*", _, NumberLiteral()), BinaryOperation(
            _, NumberLiteral(), NumberLiteral()
        ):
            quote = quote_span(text, tokens[index - 1].start, tokens[index].end)
            raise AnswerError(
                f"A number and a fraction side by side can be read as a sum or as a product, at "
                f"{quote}.",
                expected="a sign between the two",
                position=tokens[index].start,
            )


def percent_of_fraction_error(text: str, tokens: Sequence[Token], index: int) -> AnswerError:
    """Return the error for ``1/3%``, where the percent sign may apply to the whole fraction."""
    quote = quote_span(text, tokens[index - 1].start, tokens[index].end)
    return AnswerError(
        f"The percent sign in {quote} can be read in two ways.",
        expected="brackets, such as (1/3)%",
        position=tokens[index].start,
    )


def refuse_rounding_brackets(inner: Node, position: int) -> None:
    """Raise `AnswerError` if *inner*, found in ``[ ]``, divides: ``[ ]`` may mean rounding down."""
    if any(isinstance(node, BinaryOperation) and node.operator == "/" for node in walk(inner)):
        raise AnswerError(
            "Square brackets around a division can be read as brackets or as rounding down.",
            expected="(...) for brackets, floor(...) for rounding down",
            position=position,
        )


def refuse_ambiguous_rounding_call(
    text: str, tokens: Sequence[Token], opener: int, end: int
) -> None:
    """Raise `AnswerError` for ``floor (a - b)/c``, whose author may mean to round the quotient.

    *opener* is the index of the bracket, *end* the index after its closing bracket.
    """
    name, bracket = tokens[opener - 1], tokens[opener]
    divided = [token.text for token in tokens[end : end + 1]]
    if name.text not in ROUNDINGS or divided not in (["/"], ["//"]):
        return
    if text[name.end : bracket.start].isspace():
        raise AnswerError(
            f"'{name.text} (...)/...' can be read in two ways.",
            expected=f"{name.text}((...)/...) or ({name.text}(...))/...",
            position=name.start,
        )


def glued_arguments_error(text: str, inside: Sequence[Token]) -> AnswerError:
    """Return the error for ``max(3,100)``, where the comma could group thousands."""
    return AnswerError(
        f"The comma in {quote_span(text, inside[0].start, inside[-1].end)} can be read "
        "in two ways.",
        expected="a space after the comma between two values",
        position=inside[0].start,
    )


def missing_log_base_error(position: int) -> AnswerError:
    """Return the error for ``log(8)``, which has another value in each base."""
    return AnswerError(
        "'log' can be read with the base e, 10 or 2.",
        expected="ln, log10 or log2",
        position=position,
    )


def missing_operator_error(text: str, tokens: Sequence[Token], index: int) -> AnswerError:
    """Return the error for the number at *index*, which no operator precedes."""
    left, right = tokens[index - 1], tokens[index]
    first, last = _find_number_run(tokens, index, "")
    run = tokens[first : last + 1]
    quote = quote_span(
        text, min(left.start, run[0].start), right.end if left.kind == "name" else run[-1].end
    )
    digits = text[right.start : right.end]
    if left.kind == "name":
        expected = f"{left.text}*{digits} or {left.text}^{digits}"
        message = f"{quote} can be read in two ways."
    elif left.kind == "number" and right.last_place is None:
        message = f"{quote} can be read as a sum or as a product."
        expected = "a sign between the two"
    elif left.kind != "number" or (left.end == right.start and "." not in left.text):
        message, expected = f"A sign is missing in {quote}.", "a sign before the number"
    elif left.end == right.start:
        message, expected = f"{quote} has two points.", "at most one decimal point"
    elif all(token.end - token.start == GROUP_DIGITS for token in run[1:]) and digits.isdigit():
        joined = "".join(text[token.start : token.end] for token in run)
        message, expected = f"{quote} has spaces between digits.", f"{joined} without spaces"
    else:
        message, expected = f"{quote} are {len(run)} numbers.", "one number"
    return AnswerError(message, expected=expected, position=right.start)


def unexpected_token_error(
    text: str, tokens: Sequence[Token], index: int, declared: tuple[str, ...]
) -> AnswerError:
    """Return the error for the token at *index*, which the grammar does not allow there."""
    if index >= len(tokens):
        return AnswerError("Something is missing at the end.", position=len(text))
    token = tokens[index]
    ends = index and index == len(tokens) - 1 and tokens[index - 1].kind == "number"
    if ends and ELLIPSIS.fullmatch(token.text):
        return AnswerError(
            f"Digits are left out at {quote_span(text, token.start, token.end)}.",
            expected="the digits that you mean, or a fraction such as 1/3",
            position=token.start,
        )
    if token.kind in {"word", "text"} or COMMAND.fullmatch(token.text):
        return _unknown_word_error(text, token, declared)
    if token.text == "," and 0 < index < len(tokens) - 1:
        left, right = tokens[index - 1], tokens[index + 1]
        if left.kind == right.kind == "number" and left.end + 1 == right.start:
            return _ambiguous_comma_error(text, tokens, index)
    position = token.start
    if token.text in CLOSERS:
        return AnswerError(
            f"The bracket {token.text} closes nothing, or something is missing before it.",
            position=position,
        )
    quote = quote_span(text, token.start, token.end)
    expected = describe_formula_form(declared) if declared else NUMBER_FORMS
    return AnswerError(f"{quote} cannot be read here.", expected=expected, position=position)


def _find_number_run(tokens: Sequence[Token], index: int, between: str) -> tuple[int, int]:
    """Return the first and last index of the numbers around *index* separated by *between*."""
    step = 2 if between else 1
    first = last = index
    while (
        first >= step
        and tokens[first - step].kind == "number"
        and (not between or tokens[first - 1].text == between)
    ):
        first -= step
    while (
        last + step < len(tokens)
        and tokens[last + step].kind == "number"
        and (not between or tokens[last + 1].text == between)
    ):
        last += step
    return first, last


def _ambiguous_comma_error(text: str, tokens: Sequence[Token], index: int) -> AnswerError:
    """Return the error for a comma that may group thousands or mark decimals."""
    first, last = _find_number_run(tokens, index - 1, ",")
    quote = quote_span(text, tokens[first].start, tokens[last].end)
    left, right = tokens[index - 1], tokens[index + 1]
    whole, rest = text[left.start : left.end], text[right.start : right.end]
    position = left.end
    if last - first - 1 > 1 or "." in rest or "," in whole + rest:
        message, expected = f"The commas in {quote} do not group thousands.", "no commas"
    elif "." in whole:
        message = f"The point and the comma in {quote} can be read in two ways."
        expected = f"{whole.replace('.', '')}.{rest}, without marks between the thousands"
    else:
        message, expected = f"The comma in {quote} can be read in two ways.", f"{whole}.{rest}"
        expected += "" if whole == "0" else f" for the decimal, {whole}{rest} for the whole number"
    return AnswerError(message, expected=expected, position=position)


def _unknown_word_error(text: str, token: Token, declared: tuple[str, ...]) -> AnswerError:
    start = token.start
    if token.text.removeprefix("\\") == "log":
        return missing_log_base_error(start)
    while start > 0 and text[start - 1].isalpha():
        start -= 1
    quote = quote_span(text, start, token.end)
    if declared and token.kind == "word":
        quote = quote_span(text, start, token.start + len(JOINED.sub("", token.text)))
    if not declared:
        return AnswerError(
            f"{quote} cannot be read as part of a number.",
            expected=NUMBER_FORMS,
            position=start,
        )
    return AnswerError(
        f"{quote} is not a variable of this formula.",
        expected=describe_formula_form(declared),
        position=start,
    )


def describe_formula_form(declared: tuple[str, ...]) -> str:
    """Return the expected form of a formula in the declared variables, for error messages."""
    return f"a formula in {', '.join(sorted(declared))}" if declared else "a formula"
