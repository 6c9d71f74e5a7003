"""Documentation pages generated from the docstrings of packages and modules."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["GENERATED", "LAYERS", "architecture_page", "modules_page"]

LAYERS: Final = ("grader", "problems", "api", "dlgrader", "migrations")
GENERATED: Final = "<!-- What follows is written by `make docs`. -->\n"


def architecture_page(page: str, root: Path) -> str:
    """Return *page* with the table of all packages under *root* after its marker.

    Raises `ValueError` if the page has no marker.
    """
    text, marker, _ = page.partition(GENERATED)
    if not marker:
        raise ValueError(f"the page has no line {GENERATED.strip()}")
    return text + GENERATED + "\n" + "\n".join(_packages(root)) + "\n"


def modules_page(root: Path) -> str:
    """Return `docs/modules.md`: every module under *root* with the first line of its docstring."""
    lines = ["# Modules", "", "`make docs` writes this page from the docstrings.", ""]
    for folder in _package_folders(root):
        lines += [f"## {_name(folder, root)}", "", _summary(folder / "__init__.py"), ""]
        modules = sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")
        if modules:
            lines += ["| module | contents |", "|---|---|"]
            lines += [f"| `{path.name}` | {_summary(path)} |" for path in modules]
            lines.append("")
    return "\n".join(lines)


def _packages(root: Path) -> Iterator[str]:
    yield from ("| package | contents |", "|---|---|")
    for folder in _package_folders(root):
        yield f"| `{_name(folder, root)}` | {_summary(folder / '__init__.py')} |"


def _package_folders(root: Path) -> list[Path]:
    return [path.parent for layer in LAYERS for path in sorted((root / layer).rglob("__init__.py"))]


def _name(folder: Path, root: Path) -> str:
    return f"{folder.relative_to(root).as_posix()}/"


def _summary(path: Path) -> str:
    """Return the summary of a module's docstring as a table cell."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n\n")[0].replace("\n", " ").replace("|", "\\|").replace("``", "`")
