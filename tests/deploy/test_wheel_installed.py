"""Tests of the wheel next to other packages with the same import names."""

import json
import shlex
import shutil

import httpx2
import pytest
from deploy.installed import Installed, install_wheel, read_until, serving

from problems.catalog import ProblemCatalog

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


PACKED = """
import dlgrader, io, zipfile
from api.gradescope.archive import build_archive
from api.gradescope.runtime.configuration import Configuration

archive = build_archive(Configuration("Homework", "secret", ()), {}, {})
print(*zipfile.ZipFile(io.BytesIO(archive)).namelist(), sep="\\n")
"""


@pytest.fixture(scope="module")
def installed(wheel_file, tmp_path_factory) -> Installed:
    """Install the wheel into an environment of its own.

    Its site-packages has other modules with the names of our packages, which fail when
    imported.
    """
    installed = install_wheel(wheel_file, tmp_path_factory.mktemp("environment") / "venv")
    for name in CLASHING:
        (installed.site / f"{name}.py").write_text(f"raise ImportError('another {name}')")
    return installed


def test_installation_adds_only_one_package(installed):
    added = {path.name for path in installed.site.iterdir()}
    ours = {name for name in added if name.startswith("dlgrader")}
    others = {f"{name}.py" for name in CLASHING} | {"borrowed.pth"}
    assert added - others - {"__pycache__", "_virtualenv.py", "_virtualenv.pth"} == ours
    assert {name.split("-")[0] for name in ours} == {"dlgrader"}


def test_installed_command_prints_help_and_grades(installed, tmp_path):
    assert "Usage: grader" in installed.run("grader", "--help", folder=tmp_path)
    graded = installed.run(
        "grader", "mark", "conv-output-shape", "stride_2", "64x64x16", "--json", folder=tmp_path
    )
    assert json.loads(graded)["mistakes"] == ["rounded_up"]


def test_child_processes_find_same_packages(installed, tmp_path):
    script = tmp_path / "spawned.py"
    script.write_text(SPAWNED)
    printed = installed.run("python", script, folder=tmp_path).splitlines()
    assert printed == ["Tensor(shape=(1, 2), cells=(1, 2))", "Tensor(shape=(1, 2), cells=(3, 4))"]
    answers = tmp_path / "answers.csv"
    answers.write_text("student,problem,part,answer\nann,conv-output-shape,stride_2,63x63x16\n")
    out = tmp_path / "results.csv"
    installed.run("grader", "batch", answers, "-o", out, "--workers", "2", folder=tmp_path)
    assert "correct" in out.read_text()


def test_database_is_created_and_packages_load_through_pythonpath(installed, tmp_path):
    database = {"GRADER_DATABASE": f"sqlite:///{tmp_path / 'grader.db'}"}
    installed.run("grader", "db", "upgrade", folder=tmp_path, **database)
    assert (tmp_path / "grader.db").stat().st_size
    paths = installed.run(
        "python", "-c", "import dlgrader; print(dlgrader.PACKAGES)", folder=tmp_path
    )
    ready = "from api.server.healthcheck import local_url; print(local_url('0.0.0.0', 80))"
    named = {"PYTHONPATH": paths.strip()}
    assert installed.run("python", "-c", ready, folder=tmp_path, **named) == "http://127.0.0.1:80\n"


def test_server_starts_by_package_name(installed, tmp_path):
    told = installed.run("python", "-m", "dlgrader", folder=tmp_path, code=2, GRADER_PORT="many")
    assert "GRADER_PORT" in told


def test_serve_explains_first_steps_and_first_admin_can_be_created(installed, tmp_path):
    with serving(installed, tmp_path) as output:
        command = read_until(output, r"another terminal: grader (user add .* --admin)\.")
        address = read_until(output, r"running on (http://127\.0\.0\.1:\d+)")
        assert "<h1>Log in</h1>" in httpx2.get(f"{address}/login", trust_env=False).text
        link = installed.run("grader", *shlex.split(command), folder=tmp_path)
        assert "http://127.0.0.1:8000/" in link


def test_serve_with_demo_prints_working_logins(installed, tmp_path):
    bank = tmp_path / "bank"
    bank.mkdir()
    for name in ("conv-output-shape", "conv2d-by-hand", "max-pool-invariance"):
        shutil.copy(ProblemCatalog().path(name), bank)
    few = {"GRADER_DEMO_STUDENTS": "3", "GRADER_SEEDS": "3", "GRADER_PASSWORD_MEMORY": "8"}
    with serving(installed, tmp_path, "--demo", GRADER_BANK=str(bank), **few) as output:
        line = read_until(output, r"^(curl .*/me/assignments)$")
        authorization = dict([line.split("'")[3].split(": ")])
        reply = httpx2.get(line.split()[-1], headers=authorization, trust_env=False)
        assert reply.json()["items"]
    assert (tmp_path / "grader.db").stat().st_size


def test_installed_grader_builds_gradescope_archive(installed, tmp_path):
    """Only the wheels are those of the environment, which has none of its own here."""
    script = tmp_path / "pack.py"
    script.write_text(PACKED)
    names = installed.run("python", script, folder=tmp_path).split()
    assert {"engine/grader/grading/grade.py", "engine/api/gradescope/runtime/main.py"} <= set(names)
    assert not [name for name in names if "/_packages/" in name or name.endswith("api/app.py")]


def test_packages_are_private_until_dlgrader_is_imported(installed, tmp_path):
    told = installed.run("python", "-c", "import api", folder=tmp_path, code=1)
    assert "another api" in told
    installed.run("python", "-c", "import dlgrader, api; api.__path__", folder=tmp_path)
