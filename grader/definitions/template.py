r"""Templates: text with ``{{placeholders}}``, filled in before Markdown and TeX are rendered.

Plain braces belong to TeX: ``$\frac{1}{2}$`` has no placeholder.
"""

from dataclasses import dataclass
from typing import Final

from grader.display.tex import to_tex
from grader.errors import ProblemError
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.parser import Expression, parse, truncate_quoted_text
from grader.lazy_regex import lazy_regex

PLACEHOLDER_PATTERN: Final = lazy_regex(r"\{\{([^{}]+)\}\}")


@dataclass(frozen=True, slots=True)
class Template:
    """A text and the expressions in it: *pieces* alternates text and `Expression`."""

    source: str
    pieces: tuple[str | Expression, ...]

    @classmethod
    def parse(cls, source: str) -> "Template":
        """Parse *source* as a template; raise `ProblemError` if an expression is invalid.

        >>> Template.parse("a {{W}} wide image").expressions[0].source
        'W'
        """
        pieces: list[str | Expression] = []
        end = 0
        for match in PLACEHOLDER_PATTERN.finditer(source):
            pieces += [source[end : match.start()], parse(match[1])]
            end = match.end()
        rest = source[end:]
        if any("{{" in piece for piece in (*pieces, rest) if isinstance(piece, str)):
            raise ProblemError(
                f"a placeholder in {truncate_quoted_text(source)!r} is not closed; "
                f"write {{{{name}}}}"
            )
        return cls(source, (*pieces, rest))

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """The placeholders, in order."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Expression))

    def fill(self, scope: Scope) -> str:
        """Return the text with every placeholder replaced by its value in TeX."""
        return "".join(
            piece if isinstance(piece, str) else to_tex(evaluate(piece.tree, scope))
            for piece in self.pieces
        )
