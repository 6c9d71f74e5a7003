"""Tests of the wheel next to other packages with the same import names."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

CLASHING = ("api", "grader", "migrations", "problems")
SPAWNED = """
import dlgrader, multiprocessing, sys
from api.services.batch.executors import open_process_pool
from grader.values import Tensor

if __name__ == "__main__":
    with open_process_pool(2) as pool:
        print(pool.executor.submit(Tensor.from_nested, [[1, 2]]).result())
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.apply(Tensor.from_nested, ([[3, 4]],)))
"""


@dataclass(frozen=True)
class Installed:
    """An environment in which the wheel is installed."""

    bin: Path
    site: Path

    def run(self, *command: str | Path, folder: Path, code: int = 0, **environment: str) -> str:
        """Return the output of a command of the environment; it must exit with *code*."""
        program, *arguments = map(str, command)
        ran = subprocess.run(
            [str(self.bin / program), *arguments],
            cwd=folder,
            env={"PATH": os.environ["PATH"], **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == code, ran.stderr
        return ran.stdout or ran.stderr


@pytest.fixture(scope="module")
def installed(wheel_file, tmp_path_factory) -> Installed:
    """Install the wheel into an environment that borrows this one's dependencies.

    Its site-packages has other modules with the names of our packages, which fail when
    imported.
    """
    folder = tmp_path_factory.mktemp("clean")
    venv.create(folder, with_pip=False, symlinks=True)
    paths = sysconfig.get_paths("venv", {"base": str(folder), "platbase": str(folder)})
    site = Path(paths["purelib"])
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--offline"]
    subprocess.run([*uv, "--python", str(folder), str(wheel_file)], check=True, capture_output=True)
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    for name in CLASHING:
        (site / f"{name}.py").write_text(f"raise ImportError('another {name}')")
    return Installed(Path(paths["scripts"]), site)


def test_nothing_but_the_one_package_is_added(installed):
    added = {path.name for path in installed.site.iterdir()}
    ours = {name for name in added if name.startswith("dlgrader")}
    others = {f"{name}.py" for name in CLASHING} | {"borrowed.pth"}
    assert added - others - {"__pycache__", "_virtualenv.py", "_virtualenv.pth"} == ours
    assert {name.split("-")[0] for name in ours} == {"dlgrader"}


def test_the_command_helps_and_grades_from_the_wheel(installed, tmp_path):
    assert "Usage: grader" in installed.run("grader", "--help", folder=tmp_path)
    graded = installed.run(
        "grader", "mark", "conv-output-shape", "stride_2", "64x64x16", "--json", folder=tmp_path
    )
    assert json.loads(graded)["mistakes"] == ["rounded_up"]


def test_processes_that_it_starts_find_the_same_packages(installed, tmp_path):
    script = tmp_path / "spawned.py"
    script.write_text(SPAWNED)
    printed = installed.run("python", script, folder=tmp_path).splitlines()
    assert printed == ["Tensor(shape=(1, 2), cells=(1, 2))", "Tensor(shape=(1, 2), cells=(3, 4))"]
    answers = tmp_path / "answers.csv"
    answers.write_text("student,problem,part,answer\nann,conv-output-shape,stride_2,63x63x16\n")
    out = tmp_path / "results.csv"
    installed.run("grader", "batch", answers, "-o", out, "--workers", "2", folder=tmp_path)
    assert "correct" in out.read_text()


def test_a_database_is_made_and_a_program_by_its_module_name_finds_the_packages(
    installed, tmp_path
):
    database = {"GRADER_DATABASE": f"sqlite:///{tmp_path / 'grader.db'}"}
    installed.run("grader", "db", "upgrade", folder=tmp_path, **database)
    assert (tmp_path / "grader.db").stat().st_size
    paths = installed.run(
        "python", "-c", "import dlgrader; print(dlgrader.PACKAGES)", folder=tmp_path
    )
    ready = "from api.server.healthcheck import local_url; print(local_url('0.0.0.0', 80))"
    named = {"PYTHONPATH": paths.strip()}
    assert installed.run("python", "-c", ready, folder=tmp_path, **named) == "http://127.0.0.1:80\n"


def test_the_server_starts_by_the_name_of_the_package(installed, tmp_path):
    told = installed.run("python", "-m", "dlgrader", folder=tmp_path, code=2, GRADER_PORT="many")
    assert "GRADER_PORT" in told


def test_the_packages_are_private_until_the_one_package_is_imported(installed, tmp_path):
    told = installed.run("python", "-c", "import api", folder=tmp_path, code=1)
    assert "another api" in told
    installed.run("python", "-c", "import dlgrader, api; api.__path__", folder=tmp_path)
