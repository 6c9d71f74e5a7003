"""Tests of names in product code: terms of the field, each with one meaning.

CONTRIBUTING.md has the rules.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from api.pages.layout.templating import load_environment

ROOT = Path(__file__).parents[2]
GENERIC = {
    "alike",
    "anew",
    "asked",
    "at",
    "found",
    "given",
    "here",
    "kept",
    "one",
    "own",
    "place",
    "said",
    "shown",
    "told",
}
# Users or stored rows see these names, by the start of a path.
VISIBLE = {
    "api/schemas/": GENERIC,  # keys of requests and responses
    "api/db/models/": GENERIC,  # columns
    "api/services/accounts/erasure/work.py": {"said", "shown"},  # columns, which it sets
    "grader/display/steps.py": {"place"},  # a key of a step as JSON
    "problems/solvers/distances.py": {"alike"},  # an argument in problem files
}


def product_files() -> Iterator[tuple[str, ast.Module]]:
    for package in ("api", "grader", "problems", "dlgrader"):
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


class Definitions(ast.NodeVisitor):
    """Collects the names that a module assigns or defines, outside comprehensions."""

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


def is_visible(path: str, name: str) -> bool:
    return any(path.startswith(start) and name in names for start, names in VISIBLE.items())


def test_product_code_defines_no_generic_names():
    wrong = [
        f"{path}:{line}: {name}"
        for path, tree in product_files()
        for line, name in generic_names(tree)
        if not is_visible(path, name)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "code",
    [
        "told = 1",
        "def _told(): pass",
        "class Asked: pass",
        "for one in rows: pass",
        "def f(given): pass",
        "self.kept = 1",
        "with open(path) as found: pass",
        "import json as own",
        "SHOWN = 2",
        "match value:\n    case [1, *said]: pass",
        "try:\n    pass\nexcept OSError as told:\n    pass",
        "rows = [(found := row) for row in rows]",
        "sort(key=lambda one: one.name)",
    ],
)
def test_generic_name_in_code_is_detected(code):
    assert generic_names(ast.parse(code))


@pytest.mark.parametrize("code", ["rows = [one for one in two]", "print(told)", "f(at=1)"])
def test_generic_names_in_comprehensions_and_uses_are_allowed(code):
    assert generic_names(ast.parse(code)) == []


def template_names(environment: Environment, source: str) -> set[str]:
    """Return the variables and macros of a template, not attributes, filters or blocks."""
    tree = environment.parse(source)
    imports = {
        name
        for node in tree.find_all(nodes.FromImport)
        for pair in node.names
        for name in (pair if isinstance(pair, tuple) else (pair,))
    }
    named = tree.find_all((nodes.Name, nodes.Macro))
    return imports | {node.name for node in named}


def test_templates_use_no_generic_names():
    environment = load_environment()
    templates = sorted((ROOT / "api/web/templates").rglob("*.html"))
    assert len(templates) > 100
    generic = {
        (path.name, name)
        for path in templates
        for name in template_names(environment, path.read_text(encoding="utf-8"))
        if name in GENERIC | {"each", "those", "who"}
    }
    assert generic == set()


@pytest.mark.parametrize(
    "source",
    [
        "{{ told.title }}",
        "{% for told in rows %}{% endfor %}",
        "{% set told = 1 %}",
        "{% macro told() %}{% endmacro %}",
        "{% macro row(told) %}{% endmacro %}",
        "{% from 'parts.html' import told %}",
        "{% from 'parts.html' import more as told %}",
    ],
)
def test_generic_name_in_a_template_is_detected(source):
    assert "told" in template_names(load_environment(), source)


@pytest.mark.parametrize("package", ["api", "grader", "problems"])
def test_public_class_names_are_unique_in_each_package(package):
    places = defaultdict(list)
    for path, tree in product_files():
        if path.startswith(f"{package}/"):
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places[node.name].append(path)
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}


def exports_only_own_names(tree: ast.Module) -> bool:
    """Tell whether *tree* has an `__all__` that lists nothing but its own definitions."""
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    lists = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    return any(imported.isdisjoint(ast.literal_eval(names)) for names in lists)


def test_only_modules_with_reexports_define_dunder_all():
    found = [
        path
        for path, tree in product_files()
        if not path.endswith("__init__.py") and exports_only_own_names(tree)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "is_found"),
    [
        ('__all__ = ["a"]\na = 1', True),
        ('from b import a\n__all__ = ["a"]', False),
        ("a = 1", False),
    ],
)
def test_dunder_all_with_only_own_names_is_detected(source, is_found):
    assert exports_only_own_names(ast.parse(source)) is is_found
