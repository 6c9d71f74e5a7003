"""Names of product code: the terms of the field, each with one meaning (see CONTRIBUTING.md)."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
GENERIC = frozenset(
    ["alike", "anew", "asked", "at", "found", "given", "here", "kept", "one", "own", "place", "said", "shown", "told"],
)
# Classes whose attributes users or stored rows see: schemas, mapped rows, files.
VISIBLE = ("api/schemas/", "api/db/models/")
VISIBLE_NAMES: dict[str, frozenset[str]] = {}


def product_files() -> Iterator[tuple[str, ast.Module]]:
    for package in ("api", "grader", "problems", "dlgrader"):
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


class Definitions(ast.NodeVisitor):
    """Names that a module assigns or defines, outside comprehensions."""

    def __init__(self) -> None:
        self.names: list[tuple[int, str]] = []

    def add(self, node: ast.AST, name: str | None) -> None:
        if name is not None:
            self.names.append((getattr(node, "lineno", 0), name))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.add(node, node.name)
        self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.add(node, node.name)
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.add(node, node.name)
        self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> None:
        self.add(node, node.arg)
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.add(node, node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.ctx, ast.Store):
            self.add(node, node.attr)
        self.generic_visit(node)

    def visit_alias(self, node: ast.alias) -> None:
        self.add(node, node.asname)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self.add(node, node.name)
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        self.add(node, node.name)
        self.generic_visit(node)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        self.add(node, node.name)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self.visit(node.iter)
        for condition in node.ifs:
            self.visit(condition)


def generic_names(tree: ast.Module) -> list[tuple[int, str]]:
    definitions = Definitions()
    definitions.visit(tree)
    return [(line, name) for line, name in definitions.names if name.strip("_").lower() in GENERIC]


if __name__ == "__main__":
    for path, tree in product_files():
        for line, name in generic_names(tree):
            print(
                f"{path}:{line}: {name}: {(ROOT / path).read_text().splitlines()[line - 1].strip()[:90]}"
            )
