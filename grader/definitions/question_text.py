"""The texts of a question as a student sees them: words with numbers in place of names."""

from grader.definitions.parts import Part
from grader.display.text import to_text
from grader.errors import SolverError
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.parser import Expression
from grader.values import is_number


def get_question_source(part: Part) -> str:
    """Return the title and the prompt of *part*, with the names of its numbers."""
    return f"{part.title} {part.prompt.source}"


def get_question_text(part: Part, scope: Scope) -> str:
    """Return the title and the prompt of *part*, with the numbers that *scope* has."""
    if not scope.names or not part.prompt.expressions:
        return get_question_source(part)
    pieces = [
        piece if isinstance(piece, str) else _format_placeholder(piece, scope)
        for piece in part.prompt.pieces
    ]
    return f"{part.title} {''.join(pieces)}"


def _format_placeholder(placeholder: Expression, scope: Scope) -> str:
    """Return the number of *placeholder*; arrays, which have no words, keep their name."""
    try:
        value = evaluate(placeholder.tree, scope)
    except SolverError:
        return f"{{{{{placeholder.source}}}}}"
    return to_text(value) if is_number(value) else f"{{{{{placeholder.source}}}}}"


def get_displayed_names(part: Part) -> frozenset[str]:
    """Return the names of the values that the prompt of *part* displays."""
    return frozenset().union(*(one.names for one in part.prompt.expressions))
