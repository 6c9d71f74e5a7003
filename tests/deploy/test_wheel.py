"""Tests that the wheel holds the bank, the pages, the type markers and the migrations."""

import ast
import re
import sys
import tomllib
from email.parser import Parser
from importlib import metadata
from pathlib import Path

import pytest

from api.markup.docs_files import ROOT_PAGES

ROOT = Path(__file__).parents[2]
DISTRIBUTION = "dlgrader"
CLIENT = "api/web/client/"
"""The sources of the client, below `INSIDE`, which the service packs for download."""
INSIDE = f"{DISTRIBUTION}/_packages"
"""The folder of the repository's packages in the wheel (ADR 20)."""
TREES = ("grader", "problems", "api", "migrations")


@pytest.mark.parametrize(
    "name",
    [
        "grader/py.typed",
        "problems/py.typed",
        "api/py.typed",
        "api/web/OFL.txt",
        "migrations/__init__.py",
        "migrations/env.py",
        "migrations/script.py.mako",
        "migrations/versions/0001_course_service.py",
    ],
)
def test_wheel_contains_non_code_files(wheel, name):
    assert f"{INSIDE}/{name}" in wheel.namelist()


@pytest.mark.parametrize(
    ("folder", "files"),
    [("problems/bank", "*.yaml"), ("api/web/templates", "*.html"), ("api/web/static", "*")],
)
def test_wheel_contains_bank_and_page_files_unchanged(wheel, folder, files):
    files = list((ROOT / folder).rglob(files))
    assert files
    for path in files:
        assert wheel.read(f"{INSIDE}/{path.relative_to(ROOT)}") == path.read_bytes()


def test_wheel_documents_folder_contains_exactly_the_documentation(wheel):
    folder = f"{INSIDE}/api/web/documents/"
    found = {name for name in wheel.namelist() if name.startswith(folder)}
    docs = [path for path in (ROOT / "docs").rglob("*") if path.is_file()]
    sources = {path.relative_to(ROOT).as_posix() for path in docs} | {*ROOT_PAGES}
    assert found == {f"{folder}{source}" for source in sources}
    for source in sources:
        assert wheel.read(f"{folder}{source}") == (ROOT / source).read_bytes()


def test_wheel_contains_client_sources_for_download(wheel):
    folder = f"{INSIDE}/{CLIENT}"
    held = {name.removeprefix(folder) for name in wheel.namelist() if name.startswith(folder)}
    client = ROOT / "clients" / "python"
    modules = {
        path.relative_to(client).as_posix()
        for path in (client / "src").rglob("*")
        if path.suffix in {".py", ".typed"}
    }
    assert held == modules | {"pyproject.toml", "README.md"}
    for name in held:
        assert wheel.read(f"{folder}{name}") == (client / name).read_bytes()


def test_wheel_installs_one_top_level_package_named_like_distribution(wheel):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["name"] == DISTRIBUTION
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert tops == {DISTRIBUTION, f"{DISTRIBUTION}-{project['version']}.dist-info"}


def test_wheel_contains_only_its_packages(wheel):
    folder = f"{INSIDE}/{CLIENT}"
    names = [name for name in wheel.namelist() if name.startswith(f"{INSIDE}/")]
    names = [name for name in names if not name.startswith(folder)]
    assert {name.removeprefix(f"{INSIDE}/").split("/")[0] for name in names} == set(TREES)
    modules = {
        f"{INSIDE}/{path.relative_to(ROOT)}"
        for tree in TREES
        for path in (ROOT / tree).rglob("*.py")
    }
    assert {name for name in names if name.endswith(".py")} == modules
    own = {path.name for path in (ROOT / DISTRIBUTION).iterdir() if path.is_file()}
    assert {name for name in wheel.namelist() if name.count("/") == 1 and ".dist" not in name} == {
        f"{DISTRIBUTION}/{name}" for name in own
    }


def test_wheel_provides_command_and_requires_no_development_tools(wheel):
    (entry_points,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert "grader = dlgrader.command:main" in wheel.read(entry_points).decode()
    (metadata,) = [name for name in wheel.namelist() if name.endswith("dist-info/METADATA")]
    assert "Requires-Dist: pytest" not in wheel.read(metadata).decode()


def required_packages(wheel) -> set[str]:
    """Return what a plain installation of the wheel brings, with what these packages need."""
    (path,) = [name for name in wheel.namelist() if name.endswith("dist-info/METADATA")]
    waiting = Parser().parsestr(wheel.read(path).decode()).get_all("Requires-Dist")
    required: set[str] = set()
    while waiting:
        requirement = waiting.pop()
        name = re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower().replace("_", "-")
        if name not in required and "extra ==" not in requirement:
            required.add(name)
            try:
                waiting += metadata.requires(name) or ()
            except metadata.PackageNotFoundError:
                assert ";" in requirement, f"{name} is not installed"  # for another platform
    return required


def imported_packages(wheel) -> set[str]:
    """Return the top-level names that the modules of the wheel import."""
    imported = set()
    for name in wheel.namelist():
        if name.startswith(f"{INSIDE}/{CLIENT}"):
            continue  # a distribution of its own
        for node in ast.walk(ast.parse(wheel.read(name))) if name.endswith(".py") else ():
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.split(".")[0])
    return imported - sys.stdlib_module_names - {*TREES, DISTRIBUTION}


def test_wheel_requires_everything_that_it_imports(wheel):
    """The tests have development tools, so that the import of one would go unnoticed."""
    required, owners = required_packages(wheel), metadata.packages_distributions()
    imported = imported_packages(wheel)
    assert {"fastapi", "numpy", "yaml"} <= imported
    assert "pytest" not in required
    assert not [
        name
        for name in imported
        if not required & {owner.lower().replace("_", "-") for owner in owners[name]}
    ]
