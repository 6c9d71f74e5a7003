"""Tests of the import rules between layers, and of other rules for all project files."""

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("dlgrader", "grader", "problems", "api", "migrations")

# The part of the standard library that depends on its arguments alone.
PURE = {
    "__future__",
    "abc",
    "ast",
    "bisect",
    "collections",
    "contextlib",
    "copy",
    "dataclasses",
    "decimal",
    "difflib",
    "enum",
    "fractions",
    "functools",
    "hashlib",
    "heapq",
    "html.escape",
    "hmac",
    "inspect.getdoc",
    "inspect.getmodule",
    "inspect.signature",
    "itertools",
    "json",
    "keyword",
    "math",
    "numbers",
    "operator",
    "re",
    "statistics",
    "string",
    "struct",
    "textwrap",
    "types",
    "typing",
    "warnings",
    "unicodedata",
}
ALLOWED = {
    # What an installed Grader starts with: it finds the other packages, and does nothing else.
    "dlgrader": {"os", "sys", "pathlib", "typing", "api.cli.main.main", "api.server.main.main"},
    "grader": PURE | {"grader", "numpy", "pydantic"},
    "problems": PURE
    | {"grader", "problems", "numpy", "yaml", "pydantic", "pathlib", "importlib.resources"},
    # A revision does the same for ever, whatever the service becomes.
    "migrations/versions": PURE | {"alembic", "sqlalchemy"},
}
# These reach the world without an import.
BUILTINS = {"__import__", "breakpoint", "compile", "eval", "exec", "input", "open", "print"}

# Inside api a module imports from its own layer or the ones before it.
API_LAYERS = (
    ("core",),
    ("config", "db", "http", "markup", "rate_limits"),
    ("services", "schemas", "auth"),
    ("state", "dependencies", "routes"),
    ("pages",),
    (
        "__main__",
        "app",
        "backups",
        "cli",
        "demo",
        "docs_site",
        "durability_test",
        "gradescope",
        "server",
    ),
)
API_RANK = {module: rank for rank, modules in enumerate(API_LAYERS) for module in modules}


def python_files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the dotted name of every import of a module, at any depth."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from (f"{module}.{alias.name}" for alias in node.names)


def may_import(name: str, allowed: set[str]) -> bool:
    pieces = name.split(".")
    return any(".".join(pieces[:end]) in allowed for end in range(1, len(pieces) + 1))


def breaches(source: str, folder: str) -> list[str]:
    """Return the imports and calls that a module of *folder* may not make."""
    tree = ast.parse(source)
    names = [name for name in imported(tree) if not may_import(name, ALLOWED[folder])]
    calls = [
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    return names + [name for name in calls if name in BUILTINS]


def api_breaches(source: str, module: str) -> list[str]:
    """Return the imports of *module* from a later layer of the `api` package."""
    targets = [name.split(".")[1] for name in imported(ast.parse(source)) if name[:4] == "api."]
    return [name for name in targets if API_RANK.get(name, -1) > API_RANK[module]]


@pytest.mark.parametrize(
    ("folder", "source", "breach"),
    [
        ("grader", "import os", "os"),
        ("grader", "import os.path as p", "os.path"),
        ("grader", "from pathlib import Path", "pathlib.Path"),
        ("grader", "import math, random", "random"),
        ("grader", "def f():\n    from time import time", "time.time"),
        ("grader", "if TYPE_CHECKING:\n    import datetime", "datetime"),
        ("grader", "import numpyro", "numpyro"),
        ("grader", "import yaml", "yaml"),
        ("grader", "from problems import registry", "problems.registry"),
        ("grader", "from . import errors", "..errors"),
        ("grader", "import importlib", "importlib"),
        ("grader", "__import__('os')", "__import__"),
        ("grader", "text = open('x').read()", "open"),
        ("grader", "print(1)", "print"),
        ("problems", "import api", "api"),
        ("problems", "from api.app import create_app", "api.app.create_app"),
        ("problems", "import importlib", "importlib"),
        ("problems", "from importlib import import_module", "importlib.import_module"),
        ("problems", "import sqlite3", "sqlite3"),
        (
            "migrations/versions",
            "from api.core.person_names import name_sort_key",
            "api.core.person_names.name_sort_key",
        ),
    ],
)
def test_planted_forbidden_import_is_detected(folder, source, breach):
    assert breaches(source, folder) == [breach]


@pytest.mark.parametrize(
    ("folder", "source"),
    [
        (
            "grader",
            "import re\nfrom collections.abc import Iterable, Iterator\nimport numpy.typing as npt",
        ),
        ("grader", "from grader.errors import GraderError\nre.compile('x')"),
        (
            "problems",
            "from importlib.resources import files\nfrom pathlib import Path\nimport yaml",
        ),
        ("problems", "from importlib import resources\nfrom grader import errors"),
    ],
)
def test_allowed_import_is_accepted(folder, source):
    assert breaches(source, folder) == []


@pytest.mark.parametrize("folder", ALLOWED)
def test_no_module_breaks_import_rules(folder):
    files = python_files(folder)
    assert files
    found = {str(path.relative_to(ROOT)): breaches(path.read_text(), folder) for path in files}
    assert {path: names for path, names in found.items() if names} == {}


def test_no_package_imports_the_wheel_wrapper_package():
    """In a checkout and in the wheel, a module has one name, such as `api.app`."""
    files = [path for package in PACKAGES[1:] for path in python_files(package)]
    names = {name for path in files for name in imported(ast.parse(path.read_text()))}
    assert not {name for name in names if name.split(".")[0] == PACKAGES[0]}


@pytest.mark.parametrize(
    ("module", "source", "breach"),
    [
        ("services", "from api.routes import pages", ["routes"]),
        ("services", "from api import app", ["app"]),
        ("db", "import api.services.intake", ["services"]),
        ("core", "from api.db.models import users", ["db"]),
        ("routes", "from api.cli.grading import main", ["cli"]),
        ("routes", "from api.services import intake\nfrom api.db.engine import transaction", []),
        ("app", "from api.cli.grading import main\nimport apiary.app", []),
    ],
)
def test_planted_import_of_later_api_layer_is_detected(module, source, breach):
    assert api_breaches(source, module) == breach


def test_every_api_module_has_a_layer_and_imports_no_later_one():
    for path in python_files("api"):
        module = path.relative_to(ROOT / "api").parts[0].removesuffix(".py")
        if module != "__init__":
            assert module in API_RANK, f"give api/{module} a place in API_LAYERS"
            assert api_breaches(path.read_text(), module) == [], path


MAX_MODULES = 12
# A module for each family: the name of a solver leads to its module. See ADR 23.
FAMILIES = {"problems/mistakes", "problems/solvers", "problems/traces"}


def packages_over(most: int, root: Path, layers: Iterable[str]) -> dict[str, int]:
    """Return the size of each package below *root* with more than *most* modules."""
    folders = [path.parent for layer in layers for path in (root / layer).rglob("__init__.py")]
    sizes = {
        folder.relative_to(root).as_posix(): sum(
            path.name != "__init__.py" for path in folder.glob("*.py")
        )
        for folder in folders
    }
    return {folder: size for folder, size in sizes.items() if size > most}


def test_packages_have_at_most_twelve_modules():
    crowded = {
        folder: size
        for folder, size in packages_over(MAX_MODULES, ROOT, PACKAGES).items()
        if folder not in FAMILIES
    }
    assert not crowded, f"more than {MAX_MODULES} modules: {crowded}; make a package (ADR 23)"


def test_planted_package_with_too_many_modules_is_detected(tmp_path):
    (tmp_path / "api").mkdir()
    for name in ("__init__", "one", "two"):
        (tmp_path / "api" / f"{name}.py").touch()
    assert packages_over(1, tmp_path, ["api"]) == {"api": 2}
    assert packages_over(2, tmp_path, ["api"]) == {}


def undocumented(tree: ast.Module | ast.ClassDef) -> Iterator[str]:
    """Yield the public classes, functions and methods without a docstring.

    A module without a docstring yields ``module``.
    """
    if not ast.get_docstring(tree):
        yield getattr(tree, "name", "module")
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from undocumented(node)
        elif (
            isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            and not node.name.startswith("_")
            and not ast.get_docstring(node)
        ):
            yield node.name


def test_planted_missing_docstring_is_detected():
    source = "class A:\n  def f(self): ...\n  def _g(self): ...\ndef h(): 'h'\nclass _B: ..."
    assert list(undocumented(ast.parse(source))) == ["module", "A", "f"]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_class_and_public_function_has_a_docstring(package):
    files = python_files(package)
    assert files
    trees = {str(path.relative_to(ROOT)): ast.parse(path.read_text()) for path in files}
    found = {path: list(undocumented(tree)) for path, tree in trees.items()}
    assert {path: names for path, names in found.items() if names} == {}


# Written in pieces, so that this file does not find itself.
BANNED = re.compile(
    "|".join(
        (
            r"\b(?:TO" + "DO|FIX" + r"ME|X" + r"XX)\b",
            r"(?<![\w.-])/(?:ro" + "ot|wo" + r"rk|ho" + "me|Us" + r"ers)/\w",
            r"\.\./sha" + "red",
        )
    )
)
SKIPPED = {"__pycache__", ".ruff_cache", ".pytest_cache", "build", "dist", "node_modules"}


def project_files() -> Iterator[Path]:
    """Yield the hand-written files: no lock file, caches or virtual environments."""
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        hidden = parts[0].startswith(".") and parts[0] not in {".ci", ".gitignore", ".dockerignore"}
        if path.is_file() and not hidden and not SKIPPED & set(parts) and path.name != "uv.lock":
            yield path


@pytest.mark.parametrize(
    "text", ["# TO" + "DO: later", "open('/ho" + "me/me/x')", "../sha" + "red/x"]
)
def test_planted_personal_note_is_detected(text):
    assert BANNED.search(text)


def test_no_file_contains_personal_notes_or_local_paths():
    found = [
        f"{path.relative_to(ROOT)}: {hit[0]}"
        for path in project_files()
        if (hit := BANNED.search(path.read_text(encoding="utf-8", errors="replace")))
    ]
    assert found == []


def test_wheel_contains_every_package_with_import_rules():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == list(PACKAGES)
    assert settings["tool"]["mypy"]["packages"] == list(PACKAGES)
