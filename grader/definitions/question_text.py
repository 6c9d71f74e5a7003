"""The texts of a question as a student sees them: words with numbers in place of names."""

import re
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import Final

from grader.definitions.parts import Part
from grader.definitions.template import Template
from grader.display.text import to_text
from grader.errors import SolverError
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.parser import Expression
from grader.values import Tensor, Value, is_number

NUMBER: Final = re.compile(r"(?<![\w.,])[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?(?![\w.,]*[0-9])")
MAX_NUMBERS: Final = 60
"""Number of displayed values above which nearly every number follows from two of them."""


def get_question_source(part: Part) -> str:
    """Return the title and the prompt of *part*, with the names of its numbers."""
    return f"{part.title} {part.prompt.source}"


def get_question_text(part: Part, scope: Scope) -> str:
    """Return the title and the prompt of *part*, with the numbers that *scope* has."""
    if not scope.names or not part.prompt.expressions:
        return get_question_source(part)
    pieces = [
        piece if isinstance(piece, str) else _fill(piece, scope) for piece in part.prompt.pieces
    ]
    return f"{part.title} {''.join(pieces)}"


def _fill(placeholder: Expression, scope: Scope) -> str:
    """Return the number of *placeholder*; arrays, which have no words, keep their name."""
    value = _evaluate(placeholder, scope)
    return to_text(value) if is_number(value) else f"{{{{{placeholder.source}}}}}"


def _evaluate(placeholder: Expression, scope: Scope) -> Value | None:
    try:
        return evaluate(placeholder.tree, scope)
    except SolverError:
        return None


def get_displayed_names(part: Part) -> frozenset[str]:
    """Return the names of the values in the texts that surround an answer to *part*."""
    return frozenset().union(*(one.names for one in _get_texts(part).expressions))


def find_displayed_numbers(part: Part, scope: Scope) -> frozenset[Fraction]:
    """Return the numbers in the statement and all questions of the problem of *part*.

    The set is empty if there are too many numbers to prove anything.
    """
    texts = _get_texts(part)
    written = " ".join(piece for piece in texts.pieces if isinstance(piece, str))
    plain = written.replace("$", " ").replace("\\times", " × ")
    numbers = {Fraction(number.replace(",", "")) for number in NUMBER.findall(plain)}
    for placeholder in texts.expressions if scope.names else ():
        numbers.update(_iterate_numbers(_evaluate(placeholder, scope)))
    return frozenset(numbers) if len(numbers) <= MAX_NUMBERS else frozenset()


def _get_texts(part: Part) -> Template:
    return _parse(" ".join((part.statement, get_question_source(part), part.other_questions)))


@lru_cache(maxsize=1024)
def _parse(text: str) -> Template:
    return Template.parse(text)


def _iterate_numbers(value: Value | None) -> Iterator[Fraction]:
    """Yield the numbers in *value*, without their signs."""
    if isinstance(value, Tensor):
        value = value.cells
    if isinstance(value, tuple):
        for item in value:
            yield from _iterate_numbers(item)
    elif is_number(value):
        yield abs(Fraction(value))
