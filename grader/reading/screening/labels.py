"""Names before a value that name something else than the question: ``F1 = …`` for ``F_2``.

Also signs before such a name, ``-Y = …``, and axes that a remark assigns, ``(rows = boxes)``.
"""

import re
from functools import lru_cache
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.errors import truncate_line
from grader.reading.grammar.vocabulary import STEM_LETTERS

LABEL: Final = lazy_regex(
    r"(?:(?<=\A)|(?<=[\s,;=]))(?P<sign>[-−|])?\s?(?P<name>[^\W\d_]+)"
    r"(?:_?\{?(?P<index>[0-9]{1,2})\}?|(?P<call>\((?P<arguments>[^()=]{1,30})\)))?"
    r"(?P<end>\s{0,2}[-−+*/]\s{0,2}[^\W\d_]\w{0,9}\|)?(?:\s{0,2}(?:=|≈|:(?=\s))|\sis(?=\s))"
)
SYMBOL_LABEL: Final = lazy_regex(r"[\s$*]*(?P<symbol>[^\W\d_](?:_?\{?[0-9]{1,2}\}?)?)\s{0,2}[=≈]")
"""A symbol with a sign at the beginning of an answer."""
_DERIVATIVE: Final = r"(?:d|∂|\\partial\s?)L\s?/\s?(?:d|∂|\\partial\s?)"
_INDEXED_SYMBOL: Final = (
    rf"(?:{_DERIVATIVE})?[^\W\d_](?:_?[0-9]|_[^\W\d_]|_\{{[^\W_](?:\s?[-+]\s?[0-9])?\}})?"
)
INDEXED_LABEL: Final = lazy_regex(
    rf"[\s$*]*(?P<symbol>{_INDEXED_SYMBOL})\$?(?:\s{{0,2}}[=≈]|\s+(?:is|are)\s)"
)
"""A symbol that may have a letter as its index, ``h_t`` or ``dL/dw``, at the beginning."""
LAST_LABEL: Final = lazy_regex(
    rf"[0-9)\]]\s*(?:[=≈]|(?<!\w)(?:is|are|for)\s)\s*\$?(?P<symbol>{_INDEXED_SYMBOL})\$?[\s.!]*\Z"
)
"""The symbol behind the value, ``(1, 2) is h``."""
LONE_SYMBOL: Final = lazy_regex(rf"\$\s*({_INDEXED_SYMBOL})\s*\$")
"""A formula that is only a symbol."""
FUNCTION: Final = lazy_regex(
    r"sin|cos|tanh?|ln|log|exp|sqrt|max|min|floor|ceil|round|softmax|sigmoid|σ", re.IGNORECASE
)
"""A function that is computed on the way to the value."""
ARGUMENT: Final = lazy_regex(r"[^\W_]+")
SYMBOL: Final = lazy_regex(r"(?<![^\W_])(?:[^\W\d_][0-9]?|[0-9]{1,3})(?![^\W_]|\.[0-9])")
SUBSCRIPT: Final = lazy_regex(r"(?<=[^\W\d_])_\{?([0-9]{1,2})\}?")
AXIS: Final = lazy_regex(
    r"(?<![\w-])(?:one\s+)?(?:rows?|columns?|cols?)\s*(?:=|are|is|of|per|for\s+each)\s*(?:the\s+)?(?=[^\W\d_]{3})",
    re.IGNORECASE,
)
_AMOUNT: Final = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?"
TWO_SIDES: Final = lazy_regex(
    rf"\s*(?P<left>{_AMOUNT})\s*(?P<one>[^\W\d_]+)\s*=\s*(?P<right>{_AMOUNT})\s*(?P<other>[^\W\d_]+)[\s.]*"
)
PAIR: Final = 2
ROUNDING_TOLERANCE: Final = 0.1
"""Relative difference between a number and a coarse rounding of it."""
ARRAY: Final = lazy_regex(r"\]|\\end|\n|[0-9]\s/\s|\)\s*,\s*\(")
BRACKETED: Final = lazy_regex(r"(?:\A|[0-9]\s*,)\s*\(\s*[0-9]+\s*\)\s*(?:,\s*[0-9]|\Z)")


def refuse_other_name(text: str, question: str) -> None:
    """Raise `AnswerError` if the name before the value has another index than in the *question*.

    >>> refuse_other_name("F2 = 0.64", "How large is $F_2$?")
    >>> refuse_other_name("F1 = 0.64", "How large is $F_2$?")
    Traceback (most recent call last):
    grader.errors.AnswerError: 'F1' is not what the question asks for. Expected the value of what \
the question names.
    """
    if not any(sign in text for sign in ("=", "≈", ":", " is ")):
        return
    labels = list(LABEL.finditer(text))
    signed = len(labels) == 1 and labels[0]["sign"] and not labels[0].start()
    if signed and not labels[0]["call"]:
        raise AnswerError(
            f"There is a sign before the name '{truncate_line(labels[0]['name'])}'.",
            expected="the value of what the question names",
            position=0,
        )
    if len(labels) != 1:
        return
    label = labels[0]
    written = label[0].removesuffix(" is").rstrip("=≈: ").strip()
    plain, symbols = _find_symbols(question)
    indices = {index for name, index in plain if name == label["name"].lower()}
    if label["index"] and indices and label["index"] not in indices:
        raise _other_name_error(written, label.start())
    if not label["arguments"] or FUNCTION.fullmatch(label["name"]):
        return
    numbers = {symbol for symbol in symbols if symbol.isdecimal()}
    if label["arguments"].isdecimal() and numbers and label["arguments"] not in numbers:
        raise _other_name_error(written, label.start())
    if label["name"].lower()[:STEM_LETTERS] in question.lower():
        arguments = [part.lower() for part in ARGUMENT.findall(label["arguments"])]
        short_names = [part for part in arguments if SYMBOL.fullmatch(part)]
        kinds = {part.isdecimal() for part in short_names}
        if len(short_names) == PAIR and _are_exchanged(short_names, question):
            raise _other_name_error(written, label.start())
        known = {symbol for symbol in symbols if symbol.isdecimal() in kinds}
        if known and not known.issuperset(short_names):
            raise _other_name_error(written, label.start())


def _are_exchanged(arguments: list[str], question: str) -> bool:
    """Return whether the question has the two *arguments* in the other order only."""
    first, second = map(re.escape, arguments)
    flat = re.sub(r"\\[,;|]", " ", question.lower())
    exchanged = re.search(rf"\(\s*{second}[\s|,;]+{first}\s*\)", flat)
    return exchanged is not None and not re.search(rf"\(\s*{first}[\s|,;]+{second}\s*\)", flat)


def refuse_symbol_of_other_question(
    text: str, question: str, others: str, context: str = ""
) -> None:
    """Raise `AnswerError` if the symbol before the value belongs to one of the *others*.

    The question must have a symbol of its own, and *context*, the statement, not the other one.

    >>> refuse_symbol_of_other_question("f = 0.7", "The gate $i$?", "The gate $o$?")
    >>> refuse_symbol_of_other_question("f = 0.7", "The gate $i$?", "The gate $f$?")
    Traceback (most recent call last):
    grader.errors.AnswerError: 'f' is not what the question asks for. Expected the value of what \
the question names.
    """
    _refuse_asked_elsewhere(text, question, others)
    match = SYMBOL_LABEL.match(text)
    if match is None:
        return
    symbol = match["symbol"].replace("_", "").replace("{", "").replace("}", "")
    own_symbols = _find_math_symbols(question)
    harmless = own_symbols | _find_math_symbols(context)
    if own_symbols and symbol in _find_math_symbols(others) and symbol not in harmless:
        raise _other_name_error(match["symbol"], match.start("symbol"))


def _refuse_asked_elsewhere(text: str, question: str, others: str) -> None:
    """Raise `AnswerError` if the symbol before the value is the one that another question asks for.

    The question must ask for one symbol too, ``What is $h_t$?``. A text that later gives a value
    for that symbol passes.
    """
    match = INDEXED_LABEL.match(text) or LAST_LABEL.search(text)
    symbols = _find_lone_symbols(question) if match else ()
    if match is None or len(symbols) != 1 or question.count("$") != PAIR:
        return
    (question_symbol,) = symbols
    symbol = _flatten_symbol(match["symbol"])
    if symbol == question_symbol or symbol not in _find_lone_symbols(others):
        return
    later = (one["symbol"] for one in re.finditer(rf"(?P<symbol>{_INDEXED_SYMBOL})\s*[=≈]", text))
    if question_symbol not in map(_flatten_symbol, later):
        raise _other_name_error(match["symbol"], match.start("symbol"))


@lru_cache(maxsize=1024)
def _find_lone_symbols(question: str) -> tuple[str, ...]:
    """Return the formulas of *question* that are only a symbol."""
    plain = re.sub(r"\\(?:dfrac|tfrac|frac)\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r"\1/\2", question)
    return tuple(_flatten_symbol(symbol) for symbol in LONE_SYMBOL.findall(plain))


def _flatten_symbol(symbol: str) -> str:
    r"""Return *symbol* in one spelling: ``h_{t-1}`` as ``ht-1``, ``\partial L`` as ``dL``."""
    return re.sub(r"[\s_{}]", "", re.sub(r"\\partial|∂", "d", symbol))


@lru_cache(maxsize=1024)
def _find_math_symbols(question: str) -> frozenset[str]:
    """Return the symbols, with their indices, that *question* sets in mathematical type."""
    flat = SUBSCRIPT.sub(r"\1", re.sub(r"\{\{[^{}]*\}\}|\\[a-zA-Z]+", " ", question))
    formulas = " ".join(re.findall(r"\$([^$]*)\$", flat))
    return frozenset(re.findall(r"(?<![^\W_])[^\W\d_][0-9]{0,2}(?![^\W_])", formulas))


def refuse_false_equation(text: str) -> None:
    """Raise `AnswerError` for ``5 MACs = 6 MACs``, two values of the same thing, and the reverse.

    ``5 bits = 5 nats``, one number with two units, is refused too.
    """
    match = TWO_SIDES.fullmatch(text)
    if match is None:
        return
    left, right = (match[side].replace(",", "") for side in ("left", "right"))
    same_words = match["one"].lower() == match["other"].lower()
    rounded = "." in f"{left}{right}" and _are_near(float(left), float(right))
    if same_words != (left == right) and not (same_words and rounded):
        raise AnswerError(
            "The two sides of the equation are not equal.", expected="one value", position=0
        )


def _are_near(left: float, right: float) -> bool:
    """Return whether one of two numbers may be the other one rounded."""
    return abs(left - right) <= ROUNDING_TOLERANCE * max(left, right)


def refuse_assigned_axes(text: str) -> None:
    """Raise `AnswerError` if words beside an array say what its rows or columns are."""
    axis = AXIS.search(text) if ARRAY.search(text) else None
    if axis is not None:
        raise AnswerError(
            f"'{truncate_line(axis[0].strip())}' says what the rows or columns are.",
            expected="the array in the order of the question, without this remark",
            position=axis.start(),
        )


@lru_cache(maxsize=1024)
def _find_symbols(question: str) -> tuple[frozenset[tuple[str, str]], frozenset[str]]:
    """Return the names with an index in the question, and its symbols and small numbers."""
    flat = SUBSCRIPT.sub(r"\1", re.sub(r"\{\{[^{}]*\}\}|\\[a-z]+", " ", question))
    indexed = re.findall(r"(?<![^\W_])([^\W\d_]+)([0-9]{1,2})(?![^\W_])", flat)
    symbols = {symbol.lower() for symbol in SYMBOL.findall(flat)} - {"a", "i"}
    symbols |= {name.lower() for name in re.findall(r"\$([^\W\d_])\$", question)}
    return frozenset((name.lower(), index) for name, index in indexed), frozenset(symbols)


def _other_name_error(name: str, position: int) -> AnswerError:
    return AnswerError(
        f"'{truncate_line(name)}' is not what the question asks for.",
        expected="the value of what the question names",
        position=position,
    )


def refuse_bracketed_item(text: str) -> None:
    """Raise `AnswerError` for ``5, (6), 7``, in which the 6 may be in doubt."""
    match = BRACKETED.search(text) if "," in text else None
    if match is not None:
        raise AnswerError(
            "One item is in parentheses.",
            expected="only the items that belong to the set, without parentheses",
            position=match.start(),
        )
