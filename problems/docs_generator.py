"""Generator of the documentation pages `docs/solvers.md` and `docs/mistakes.md`.

`make docs` runs it; a test checks that the pages match the code.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from inspect import getdoc, getmodule
from itertools import groupby
from pathlib import Path
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.registry import MistakeInfo, Solver
from problems.adapters import format_usage
from problems.mistakes import FAMILIES
from problems.registry import REGISTRY, SOLVERS

EXAMPLE: Final = lazy_regex(r"\n*^>>> .*\Z", re.MULTILINE | re.DOTALL)
DOUBLE: Final = lazy_regex(r"``(.+?)``", re.DOTALL)
EMPHASIS: Final = lazy_regex(r"(?<![\w*`])\*(\w+)\*(?![\w*`])")

SOLVERS_HEAD: Final = """\
# Solvers

Keys can call these functions in addition to
[the functions of expressions](write-a-problem.md#let). `make docs` generates this page from the
code.

Arguments have the names and the meaning of PyTorch; those after `*` are passed by name. For a layer
on two axes, a size, stride or padding can be a number or a pair. Incompatible arguments are an
error with a reason, and a person then grades the part. *Mistakes* are the
[wrong versions](mistakes.md) that Grader runs to name the cause of an incorrect answer.
"""

MISTAKES_HEAD: Final = """\
# Mistakes

Grader can name these causes of incorrect answers. `make docs` generates this page from the code.

To recognize a mistake, Grader replaces a [solver](solvers.md) with its wrong version in the key of
the student's own variant, and compares the result with the answer. The rank estimates how often
students make the mistake: roughly the number of 586 collected wrong values that it explains, or our
judgment if the collection has none. If several mistakes match, the one with the highest rank is
named. A rare mistake, of rank 1, never decides which variants are published, and is never named for
a whole number below 30.
"""


def _render_solvers_page() -> str:
    """Return `docs/solvers.md`: a section per module, with a subsection per solver."""
    modules = [(name, [*group]) for name, group in groupby(SOLVERS, lambda item: item.__module__)]
    index = [
        f"- [{_module_title(name)}](#{_module_title(name)}): "
        + ", ".join(f"`{solver.__name__}`" for solver in solvers)
        for name, solvers in modules
    ]
    sections = [
        "\n".join(
            [
                f"## {_module_title(name)}",
                "",
                _docstring_summary(getmodule(solvers[0])),
                "",
                *_render_solver_sections(solvers),
            ]
        )
        for name, solvers in modules
    ]
    return "\n".join([SOLVERS_HEAD, *index, "", "\n".join(sections)])


def _render_mistakes_page() -> str:
    """Return `docs/mistakes.md`: a table per family."""
    tables = []
    for family in FAMILIES:
        rows = [
            _render_mistake_row(mistake)
            for mistake in sorted(family.MISTAKES, key=lambda item: -item.rank)
        ]
        about = _docstring_summary(family)
        head = "| id | rank | hint | explanation | solvers |"
        tables.append(
            "\n".join(
                [
                    f"## {_module_title(family.__name__)}",
                    "",
                    about,
                    "",
                    head,
                    "|---|---|---|---|---|",
                    *rows,
                ]
            )
        )
    return "\n\n".join([MISTAKES_HEAD.rstrip(), *tables, ""])


def write_pages(folder: Path) -> None:
    """Write every page into *folder*."""
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "solvers.md": _render_solvers_page,
    "mistakes.md": _render_mistakes_page,
}


def _module_title(module: str) -> str:
    return module.rpartition(".")[2]


def _docstring_summary(thing: object) -> str:
    return (getdoc(thing) or "").splitlines()[0]


def _render_solver_sections(solvers: list[Solver]) -> Iterator[str]:
    for solver in solvers:
        yield f"### `{solver.__name__}`"
        yield ""
        yield f"`{format_usage(solver)}`"
        yield ""
        yield from _render_solver_body(solver)


def _render_solver_body(solver: Solver) -> Iterator[str]:
    """Yield the docstring as Markdown, its doctest as a code block, and the mistakes."""
    text = getdoc(solver) or ""
    example = EXAMPLE.search(text)
    words = text[: example.start()] if example else text
    yield EMPHASIS.sub(r"`\1`", DOUBLE.sub(r"`\1`", words)).strip()
    yield ""
    if example:
        yield from ("```python", example[0].strip(), "```", "")
    mistakes = sorted(
        name for name, twins in REGISTRY.wrong_versions.items() if solver.__name__ in twins
    )
    if mistakes:
        yield from (f"Mistakes: {', '.join(f'`{name}`' for name in mistakes)}", "")


def _render_mistake_row(mistake: MistakeInfo) -> str:
    solvers = ", ".join(f"`{name}`" for name in REGISTRY.wrong_versions[mistake.id])
    return f"| `{mistake.id}` | {mistake.rank} | {mistake.hint} | {mistake.note} | {solvers} |"
