"""Templates of a report to fill in: Markdown, TeX and notebooks with a mark for each answer."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from grader.reports.documents.answer_marks import MARKDOWN_MARKS, TEX_MARKS

TemplateForm: TypeAlias = Literal["md", "tex", "ipynb"]
MEDIA_TYPES: Final[Mapping[str, str]] = {
    "md": "text/markdown; charset=utf-8",
    "tex": "application/x-tex",
    "ipynb": "application/x-ipynb+json",
}
INSTRUCTIONS: Final = "Write each answer between its two markers. Do not change the markers."
NOTEBOOK_INSTRUCTIONS: Final = (
    "Write each answer below the first line of its cell, and leave that line as it is."
)
FORMULA: Final = re.compile(r"(\$\$.+?\$\$|\$[^$\n]+\$)", re.DOTALL)
TEX_ESCAPES: Final = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


@dataclass(frozen=True, slots=True)
class SheetQuestion:
    """Part of a sheet: its names, its label, its title, "" for none, and its prompt in Markdown."""

    problem: str
    part: str
    label: str
    title: str
    prompt: str

    @property
    def heading(self) -> str:
        """The label and the title; without a title, the name of the part."""
        return f"{self.label} {self.title or self.part.replace('_', ' ')}"

    def format_mark(self, mark: str) -> str:
        """Return a mark with the names of the part."""
        return mark.format(problem=self.problem, part=self.part)


@dataclass(frozen=True, slots=True)
class SheetSection:
    """Problem of a sheet: its title, its statement in Markdown, and its parts."""

    title: str
    statement: str
    questions: tuple[SheetQuestion, ...]


def write_template(form: TemplateForm, title: str, sections: Sequence[SheetSection]) -> str:
    """Return the template of a report in one of the forms."""
    writers: dict[str, Callable[[str, Sequence[SheetSection]], str]] = {
        "md": _write_markdown,
        "tex": _write_tex,
        "ipynb": _write_notebook,
    }
    return writers[form](title, sections)


def _write_markdown(title: str, sections: Sequence[SheetSection]) -> str:
    lines = [f"# {title}", "", INSTRUCTIONS, ""]
    for section in sections:
        lines += [f"# {section.title}", "", *_quote_lines(section.statement), ""]
        for question in section.questions:
            start, end = map(question.format_mark, MARKDOWN_MARKS)
            lines += [f"## {question.heading}", "", *_quote_lines(question.prompt), ""]
            lines += [start, "", end, ""]
    return "\n".join(lines)


def _quote_lines(text: str) -> list[str]:
    return [f"> {line}".rstrip() for line in text.splitlines()]


def _write_tex(title: str, sections: Sequence[SheetSection]) -> str:
    lines = [
        r"\documentclass{article}",
        r"\usepackage[T1]{fontenc}",
        r"\usepackage{amsmath}",
        r"\begin{document}",
        rf"\section*{{{escape_tex(title)}}}",
        f"% {INSTRUCTIONS}",
        "",
    ]
    for section in sections:
        lines += [rf"\section*{{{escape_tex(section.title)}}}", escape_tex(section.statement), ""]
        for question in section.questions:
            start, end = map(question.format_mark, TEX_MARKS)
            heading = escape_tex(question.heading)
            lines += [rf"\subsection*{{{heading}}}", escape_tex(question.prompt), ""]
            lines += [start, "", end, ""]
    return "\n".join([*lines, r"\end{document}", ""])


def escape_tex(text: str) -> str:
    r"""Return Markdown as TeX: formulas stay, all other characters stand for themselves.

    >>> escape_tex("50 % of $K^2$")
    '50 \\% of $K^2$'
    """
    return "".join(
        piece if FORMULA.fullmatch(piece) else "".join(TEX_ESCAPES.get(c, c) for c in piece)
        for piece in FORMULA.split(text)
    )


def _write_notebook(title: str, sections: Sequence[SheetSection]) -> str:
    cells = [_build_cell(f"# {title}\n\n{NOTEBOOK_INSTRUCTIONS}", "title")]
    for number, section in enumerate(sections, 1):
        cells.append(_build_cell(f"# {section.title}\n\n{section.statement}", f"problem-{number}"))
        cells += _build_question_cells(section, number)
    metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def _build_question_cells(section: SheetSection, number: int) -> Iterator[dict[str, Any]]:
    for index, question in enumerate(section.questions, 1):
        text = f"## {question.heading}\n\n{question.prompt}"
        yield _build_cell(text, f"question-{number}-{index}")
        mark = question.format_mark(MARKDOWN_MARKS[0])
        yield _build_cell(f"{mark}\n", f"answer-{number}-{index}")


def _build_cell(source: str, cell_id: str) -> dict[str, Any]:
    return {
        "cell_type": "markdown",
        "id": cell_id,
        "metadata": {},
        "source": source.splitlines(keepends=True),
    }
