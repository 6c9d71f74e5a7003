"""What is shipped: the wheel holds the bank, the page, the types and the revisions."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
TREES = ("grader", "problems", "api", "migrations")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> ZipFile:
    """Build the wheel from the tree, offline, with the build backend of the environment."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (path,) = folder.glob("*.whl")
    return ZipFile(path)


@pytest.mark.parametrize(
    "name",
    [
        "grader/py.typed",
        "problems/py.typed",
        "api/py.typed",
        "api/web/index.html",
        "api/web/style.css",
        "migrations/__init__.py",
    ],
)
def test_the_wheel_holds_what_is_not_code(wheel, name):
    assert name in wheel.namelist()


def test_the_wheel_holds_every_problem_of_the_bank_unchanged(wheel):
    files = list((ROOT / "problems" / "bank").rglob("*.yaml"))
    assert files
    for path in files:
        assert wheel.read(str(path.relative_to(ROOT))) == path.read_bytes()


def test_the_wheel_holds_the_packages_and_nothing_else(wheel):
    names = [name for name in wheel.namelist() if ".dist-info/" not in name]
    assert {name.split("/")[0] for name in names} == set(TREES)
    modules = {
        str(path.relative_to(ROOT)) for tree in TREES for path in (ROOT / tree).rglob("*.py")
    }
    assert {name for name in names if name.endswith(".py")} == modules


def test_the_wheel_gives_the_command_and_needs_no_development_tool(wheel):
    (entry_points,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert "grader = api.cli:main" in wheel.read(entry_points).decode()
    (metadata,) = [name for name in wheel.namelist() if name.endswith("dist-info/METADATA")]
    assert "Requires-Dist: pytest" not in wheel.read(metadata).decode()
