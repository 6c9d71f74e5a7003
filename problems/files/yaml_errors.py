"""Errors of YAML syntax, with the line and advice."""

from typing import Final

import yaml

from grader.errors import ProblemError

QUOTE_COLON: Final = "put a text that contains ': ' in quotes"

NO_MAPPING: Final = "mapping values are not allowed"
INDENT_ADVICE: Final = (
    "indent this line like the lines beside it; if it goes on with the text above, put that whole "
    "text in quotes"
)
"""Advice for a line indented so far that YAML reads it as a continuation."""
LATE_DETECTED_ERRORS: Final = ("',' or '", "end of stream", "expected ':'")
"""Errors that YAML detects late; they are reported where the open construct begins."""
ADVICE: Final = (
    (NO_MAPPING, QUOTE_COLON),
    ("that cannot start any token", "indent with spaces; quote a text that begins with % @ or `"),
    ("a tab", "use spaces instead of the tab"),
    ("',' or '", "close the bracket; quote a text that contains brackets or begins with one"),
    ("end of stream", "close the quote or the bracket"),
    ("expected ':'", "write `name: value`"),
    ("", "look at the indentation and the quotes near this line"),
)


def build_syntax_error(error: yaml.YAMLError, text: str, *, file: str) -> ProblemError:
    """Return the error for *text* that PyYAML refuses, with advice."""
    problem = getattr(error, "problem", None) or str(error)
    mark = _find_mark(error, problem)
    advice = next(advice for part, advice in ADVICE if part in problem)
    if mark and NO_MAPPING in problem and ":" not in _text_before(mark, text):
        advice = INDENT_ADVICE
    line = mark.line + 1 if mark else None
    return ProblemError(f"this is not YAML: {problem}; {advice}", file=file, line=line)


def _find_mark(error: yaml.YAMLError, problem: str) -> yaml.Mark | None:
    """Return where to report *problem*: where it was noticed, or where its context begins."""
    problem_mark, context_mark = (
        getattr(error, "problem_mark", None),
        getattr(error, "context_mark", None),
    )
    earlier = any(part in problem for part in LATE_DETECTED_ERRORS)
    return (context_mark or problem_mark) if earlier else (problem_mark or context_mark)


def _text_before(mark: yaml.Mark, text: str) -> str:
    """Return the text before *mark* on its line."""
    return "".join(text.splitlines()[mark.line : mark.line + 1])[: mark.column]
