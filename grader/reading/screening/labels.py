"""Names before a value that name something else than the question: ``F1 = …`` for ``F_2``.

Also signs before such a name, ``-Y = …``, and axes that a remark assigns, ``(rows = boxes)``.
"""

import re
from functools import lru_cache
from typing import Final

from grader.errors import AnswerError
from grader.reading.grammar.errors import truncate_line

LABEL: Final = re.compile(
    r"(?:(?<=\A)|(?<=[\s,;=]))(?P<sign>[-−|])?\s?(?P<name>[^\W\d_]+)"
    r"(?:_?\{?(?P<index>[0-9]{1,2})\}?|(?P<call>\((?P<arguments>[^()=]{1,30})\)))?"
    r"(?P<end>\s{0,2}[-−+*/]\s{0,2}[^\W\d_]\w{0,9}\|)?\s{0,2}(?:=|≈|:(?=\s))"
)
ARGUMENT: Final = re.compile(r"[^\W_]+")
SYMBOL: Final = re.compile(r"(?<![^\W_])(?:[^\W\d_][0-9]?|[0-9]{1,3})(?![^\W_]|\.[0-9])")
SUBSCRIPT: Final = re.compile(r"(?<=[^\W\d_])_\{?([0-9]{1,2})\}?")
AXIS: Final = re.compile(
    r"(?<![\w-])(?:one\s+)?(?:rows?|columns?|cols?)\s*(?:=|are|is|per|for\s+each)\s*(?:the\s+)?(?=[^\W\d_]{3})",
    re.IGNORECASE,
)
_AMOUNT: Final = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?"
TWO_SIDES: Final = re.compile(
    rf"\s*(?P<left>{_AMOUNT})\s*(?P<one>[^\W\d_]+)\s*=\s*(?P<right>{_AMOUNT})\s*(?P<other>[^\W\d_]+)[\s.]*"
)
ARRAY: Final = re.compile(r"\]|\\end|\n")
BRACKETED: Final = re.compile(r"(?:\A|[0-9]\s*,)\s*\(\s*[0-9]+\s*\)\s*(?:,\s*[0-9]|\Z)")


def refuse_other_name(text: str, question: str) -> None:
    """Raise `AnswerError` if the name before the value has another index than in the *question*.

    >>> refuse_other_name("F2 = 0.64", "How large is $F_2$?")
    >>> refuse_other_name("F1 = 0.64", "How large is $F_2$?")
    Traceback (most recent call last):
    grader.errors.AnswerError: 'F1' is not what the question asks for. Expected the value of what \
the question names.
    """
    if not any(sign in text for sign in "=≈:"):
        return
    labels = list(LABEL.finditer(text))
    signed = len(labels) == 1 and labels[0]["sign"] and not labels[0].start()
    if signed and not labels[0]["call"]:
        raise AnswerError(
            f"A sign stands before the name '{truncate_line(labels[0]['name'])}'.",
            expected="the value of what the question names",
            position=0,
        )
    if len(labels) != 1:
        return
    label = labels[0]
    written = label[0].rstrip("=≈: ").strip()
    plain, symbols = _find_symbols(question)
    indices = {index for name, index in plain if name == label["name"].lower()}
    if label["index"] and indices and label["index"] not in indices:
        raise _other_name_error(written, label.start())
    if label["arguments"] and label["name"].lower()[:4] in question.lower():
        arguments = [part.lower() for part in ARGUMENT.findall(label["arguments"])]
        short_names = [part for part in arguments if SYMBOL.fullmatch(part)]
        kinds = {part.isdecimal() for part in short_names}
        known = {symbol for symbol in symbols if symbol.isdecimal() in kinds}
        if known and not known.issuperset(short_names):
            raise _other_name_error(written, label.start())


def refuse_false_equation(text: str) -> None:
    """Raise `AnswerError` for ``5 MACs = 6 MACs``, two values of the same thing, and the reverse.

    ``5 bits = 5 nats``, one number with two units, is refused too.
    """
    match = TWO_SIDES.fullmatch(text)
    if match is None:
        return
    left, right = (match[side].replace(",", "") for side in ("left", "right"))
    same_words = match["one"].lower() == match["other"].lower()
    if same_words != (left == right) and not (same_words and "." in f"{left}{right}"):
        raise AnswerError(
            "The two sides of the equation are not equal.", expected="one value", position=0
        )


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
            "One item stands in brackets.",
            expected="only the items that belong to the set, without brackets",
            position=match.start(),
        )
