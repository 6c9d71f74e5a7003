"""Documentation pages generated from the docstrings of packages and modules."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

LAYERS: Final = ("grader", "problems", "api", "dlgrader", "migrations")
GENERATED_MARKER: Final = "<!-- What follows is written by `make docs`. -->\n"


def render_architecture_page(page: str, root: Path) -> str:
    """Return *page* with the table of all packages under *root* after its marker.

    Raises `ValueError` if the page has no marker.
    """
    text, marker, _ = page.partition(GENERATED_MARKER)
    if not marker:
        raise ValueError(f"the page has no line {GENERATED_MARKER.strip()}")
    return text + GENERATED_MARKER + "\n" + "\n".join(_render_package_table(root)) + "\n"


def render_modules_page(root: Path) -> str:
    """Return `docs/modules.md`: every module under *root* with the first line of its docstring."""
    lines = ["# Modules", "", "`make docs` writes this page from the docstrings.", ""]
    for folder in _find_package_folders(root):
        lines += [
            f"## {_format_package_name(folder, root)}",
            "",
            _read_summary(folder / "__init__.py"),
            "",
        ]
        modules = sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")
        if modules:
            lines += ["| module | contents |", "|---|---|"]
            lines += [f"| `{path.name}` | {_read_summary(path)} |" for path in modules]
            lines.append("")
    return "\n".join(lines)


def _render_package_table(root: Path) -> Iterator[str]:
    yield from ("| package | contents |", "|---|---|")
    for folder in _find_package_folders(root):
        summary = _read_summary(folder / "__init__.py")
        yield f"| `{_format_package_name(folder, root)}` | {summary} |"


def _find_package_folders(root: Path) -> list[Path]:
    return [path.parent for layer in LAYERS for path in sorted((root / layer).rglob("__init__.py"))]


def _format_package_name(folder: Path, root: Path) -> str:
    return f"{folder.relative_to(root).as_posix()}/"


def _read_summary(path: Path) -> str:
    """Return the summary of a module's docstring as a table cell."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n\n")[0].replace("\n", " ").replace("|", "\\|").replace("``", "`")
