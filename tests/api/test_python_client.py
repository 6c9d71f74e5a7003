"""Tests of `clients/python`: against a server process, and its own tests on every Python here."""

import ast
import re
import shutil
import signal
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from actors import FakeClock
from api_browser import PASSWORD, set_password
from client_process import (
    CLIENT,
    PATIENCE,
    ROOT,
    client_environment,
    confirm_code,
    find_python,
    serving,
)
from hatchling.builders.wheel import WheelBuilder
from world import World

from api.db.models import Assignment, Course

DOCUMENTATION = ROOT / "docs" / "notebooks.md"
VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
PROLOGUE = """\
import os, signal, sys
import dlgrader_client as grader
from dlgrader_client import Account
hw = grader.login(sys.argv[1], course=sys.argv[2]).assignment("squares")
"""


STAFF_PROLOGUE = """\
import json, sys
import dlgrader_client as grader
course = grader.staff(sys.argv[1], sys.argv[2])
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_client_tests_pass_on_every_installed_python(version, tmp_path):
    python = find_python(version)
    if not python:
        pytest.skip(f"Python {version} is not on this machine")
    ran = subprocess.run(
        [python, "-W", "error", "-m", "unittest", "discover", "-s", "tests"],
        cwd=CLIENT,
        env=client_environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "Ran 0 tests" not in ran.stderr
    if python == sys.executable:  # it has NumPy and pandas
        assert "skipped" not in ran.stderr


def test_client_is_typed_and_has_no_dependencies():
    metadata = (CLIENT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'requires-python = ">=3.9"' in metadata
    assert "dependencies = []" in metadata
    assert (CLIENT / "src" / "dlgrader_client" / "py.typed").exists()
    used = set()
    for path in (CLIENT / "src").rglob("*.py"):
        used |= imported_packages(path.read_text(encoding="utf-8"))
    assert used - sys.stdlib_module_names == {"dlgrader_client", "google"}


def test_client_version_matches_its_metadata():
    """Its wheel is named by the first, and servers see the second in each request."""
    project = tomllib.loads((CLIENT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    code = (CLIENT / "src" / "dlgrader_client" / "_version.py").read_text(encoding="utf-8")
    [version] = re.findall(r'(?m)^VERSION = "(.*)"$', code)
    assert version == project["version"], (
        "Write the same version in clients/python/pyproject.toml and "
        "clients/python/src/dlgrader_client/_version.py."
    )


def imported_packages(source: str) -> set[str]:
    """Return the top-level packages that a module imports anywhere."""
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names.append(node.module)
    return {name.partition(".")[0] for name in names}


def test_import_scanner_finds_nested_imports():
    source = "import os, NumPy as np\nif True: from yaml.nodes import Node\ns = 'import x'"
    assert imported_packages(source) == {"os", "NumPy", "yaml"}


def test_documented_client_code_passes_strict_mypy(tmp_path):
    """Also an answer that is told apart by `is_submitted`, as a script does it."""
    blocks = [code for staff, code in documented_blocks() if not staff]
    blocks.append(
        "sent = hw.submit('stride_1', x)\n"
        "if sent.is_submitted:\n    reveal_type(sent)\nelse:\n    reveal_type(sent)\n"
        "reveal_type(sent['stride_1'].score)\n"
    )
    script = tmp_path / "script.py"
    script.write_text("".join(blocks), encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--warn-unreachable", script.name],
        cwd=tmp_path,
        env=client_environment(tmp_path) | {"MYPYPATH": str(CLIENT / "src")},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    revealed = re.findall(r'Revealed type is "(?:dlgrader_client\._\w+\.)?(.*)"', ran.stdout)
    assert revealed[:2] == ["SubmissionResult", "NotSubmitted"]
    assert "float" in revealed[2]
    assert "Any" not in revealed[2]


@dataclass
class Scene:
    """A server process with one student, and the folder of the client."""

    address: str
    slug: str
    email: str
    home: Path
    python: str
    staff_token: str
    assignments: dict[str, str]

    def run(self, script: str, *, killed: bool = False, python: str = "") -> str:
        """Run a script of the student, and return what it prints."""
        ran = subprocess.run(
            [python or self.python, "-c", PROLOGUE + script, self.address, self.slug],
            env=client_environment(self.home),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert ran.returncode == (-signal.SIGKILL if killed else 0), ran.stderr
        return ran.stdout

    def run_as_staff(self, script: str) -> str:
        """Run a script of an instructor, whose token is in the environment."""
        token = {"DLGRADER_TOKEN": self.staff_token, "DLGRADER_SERVER": self.address}
        ran = subprocess.run(
            [self.python, "-c", STAFF_PROLOGUE + script, self.address, self.slug],
            cwd=self.home,
            env=client_environment(self.home) | token,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def move_deadline(self, slug: str, **timeline: object) -> None:
        """Change the times of an assignment, as an instructor does."""
        authorization = {"Authorization": f"Bearer {self.staff_token}"}
        base = f"{self.address}/api/v1"
        with httpx2.Client(headers=authorization, trust_env=False) as staff:
            found = staff.get(f"{base}/assignments/{self.assignments[slug]}")
            changed = staff.patch(
                f"{base}/assignments/{self.assignments[slug]}",
                json={"timeline": timeline},
                headers={"If-Match": found.headers["ETag"]},
            )
            assert changed.status_code == 200, changed.text

    def confirm(self, code: str) -> None:
        """Confirm a code in a browser."""
        confirm_code(self.address, (self.email, PASSWORD), code)


@pytest.fixture(scope="module")
def scene(sqlite_template, tmp_path_factory) -> Iterator[Scene]:
    """Yield a service with a student whose client is logged in."""
    folder = tmp_path_factory.mktemp("client")
    shutil.copyfile(sqlite_template, folder / "grader.db")
    url = f"sqlite:///{folder / 'grader.db'}"
    world = World(url, clock=FakeClock(datetime.now(UTC)))
    course = world.course()
    email = set_password(world, world.enrol(course))
    instructor = world.enrol(course, "Ina Structor", role="instructor")
    staff_token = world.token(instructor.id, scopes=["manage"])
    slugs = {
        "squares": world.assignment(course, results="at_once", attempts=9),
        "shapes": world.assignment(course, "conv-output-shape", attempts=9),
        "late": world.assignment(course, results="at_once"),
        "closed": world.assignment(course, results="at_once"),
    }
    with world.session() as session:
        for name, [assigned] in slugs.items():
            session.get_one(Assignment, assigned.assignment).slug = name
        slug = session.get_one(Course, course).slug
    world.close()
    with serving(folder, url) as address:
        python = find_python("3.9") or sys.executable
        assignments = {name: str(assigned.assignment) for name, [assigned] in slugs.items()}
        scene = Scene(address, slug, email, folder / "home", python, staff_token, assignments)
        log_in(scene)
        yield scene


def log_in(scene: Scene) -> None:
    """Log the client in with a code that the student confirms in a browser."""
    with subprocess.Popen(
        [scene.python, "-c", PROLOGUE, scene.address, scene.slug],
        env=client_environment(scene.home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as ran:
        [code] = re.findall(r"[B-Z]{4}-[B-Z]{4}", ran.stdout.readline())
        scene.confirm(code)
        printed, errors = ran.communicate(timeout=PATIENCE)
    assert ran.returncode == 0, errors
    assert "gr_api_" not in printed + errors


def test_client_submits_wrong_then_right_answer_with_hint(scene):
    printed = scene.run("""
print(hw.check("cells", "2*3"))
wrong = hw.submit("cells", 81)
print(wrong)
assert wrong["cells"].hint.endswith("?") and not wrong["cells"].is_correct
right = hw.submit("cells", 9)
print(right)
assert right["cells"].is_correct
hw.draft("doubled", "18")
print(*hw.status())
""")
    for words in ("Read as: 6", "not submitted", "Hint: ", "correct", "Attempts left: 7"):
        assert words in printed, printed
    assert "log in" not in printed
    assert "gr_api_" not in printed
    assert (scene.home / "tokens.json").stat().st_mode & 0o777 == 0o600


def test_queued_answer_of_killed_process_is_delivered_exactly_once(scene):
    count = """
path = f"/assignments/{hw.id}/problems/{hw.problems[0]}/submissions"
print(len(hw.account._connection.request("GET", path)["items"]))
"""
    before = int(scene.run(count))
    die = "os.kill(os.getpid(), signal.SIGKILL)"
    unsent = f"Account._send = lambda *_: {die}\nhw.submit('doubled', 17)"
    stored = (
        "send = Account._send\n"
        f"Account._send = lambda *given: (send(*given), {die})\n"
        "from dlgrader_client._queue import QueuedAnswers\n"
        "QueuedAnswers.remove = lambda *_: None\n"
        "hw.submit('doubled', 18)"
    )
    scene.run(unsent, killed=True)
    assert int(scene.run(count)) == before
    scene.run(stored, killed=True)  # sends the answer before it first, and dies
    scene.run(stored, killed=True)
    assert int(scene.run(count)) == before + 1
    printed = scene.run(
        "print(hw.deliver()); print(hw.deliver()); assert not len(hw.account._queue)"
    )
    assert "3 queued answers delivered." in printed
    assert "0 queued answers delivered." in printed
    assert int(scene.run(count)) == before + 3


def test_client_submits_numpy_arrays_and_pandas_series(scene):
    """The Python of the tests has both libraries."""
    printed = scene.run(
        """
import numpy as np, pandas as pd
shapes = grader.login(sys.argv[1], course=sys.argv[2]).assignment("shapes")
x = np.zeros((1, 16, 124, 124), dtype=np.float32)
print(hw.submit("cells", np.float32(9))["cells"].status)
print(hw.submit("doubled", np.array(18, dtype=np.uint8))["doubled"].status)
print(shapes.check("stride_1", np.array(x.shape[1:])).read_as)
print(shapes.check("stride_1", pd.DataFrame({"size": x.shape[1:]})["size"]).read_as)
print(shapes.check("stride_1", x.shape[1:]).read_as)
""",
        python=sys.executable,
    )
    assert printed.split() == ["correct", "correct", *["16×124×124"] * 3]


SUBMISSIONS_WERE_QUEUED = """
from dlgrader_client import ConnectionFailedError
send = Account._send
def fail(*_):
    raise ConnectionFailedError("No network.")
Account._send = fail
for name in ("late", "closed"):
    result = grader.login(sys.argv[1], course=sys.argv[2]).assignment(name).submit("cells", 9)
    assert not result.is_submitted
"""
DELIVERED_AFTER_THE_DEADLINE = """
delivery = hw.deliver()
print(delivery)
[result] = delivery.delivered
assert result.is_late and result.late_credit == 0.5 and result["cells"].is_correct
[(name, reason)] = delivery.refused
assert name.endswith("(cells)"), name
assert not hw.account._queue and not hw.deliver().delivered
late = grader.login(sys.argv[1], course=sys.argv[2]).assignment("late")
submissions = f"/assignments/{late.id}/problems/{late.problems[0]}/submissions"
[row] = late.account._connection.request("GET", submissions)["items"]
assert row["received_at"] == result.received_at
"""


def test_queued_answer_after_deadline_counts_at_server_time(scene):
    """The deadline passes while two answers wait; one assignment still takes late answers."""
    scene.run(SUBMISSIONS_WERE_QUEUED)
    now = datetime.now(UTC)
    due = (now - timedelta(hours=1)).isoformat()
    scene.move_deadline("late", due=due, late=[{"days": 3, "credit": "50%"}])
    scene.move_deadline("closed", due=due)
    printed = scene.run(DELIVERED_AFTER_THE_DEADLINE)
    assert "LATE: 50% of the credit counts." in printed
    assert "Refused, NOT SUBMITTED" in printed
    assert printed.count("only the time at which the server received it counts") == 2
    [received] = re.findall(r"received at (\S+ \S+) UTC \(the server's time\)", printed)
    assert datetime.fromisoformat(f"{received}+00:00") >= now.replace(microsecond=0)


def test_client_readme_uses_existing_bank_problems_and_parts():
    readme = (CLIENT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\b(conv-[a-z-]+)(?:/(\w+))?", readme))
    assert named
    for problem, part in named:
        [path] = (ROOT / "problems" / "bank").rglob(f"{problem}.yaml")
        assert not part or f"- id: {part}\n" in path.read_text(encoding="utf-8")


def documented_blocks() -> list[tuple[str, str]]:
    """Return the blocks of Python of the documentation, each with " staff" or ""."""
    text = DOCUMENTATION.read_text(encoding="utf-8")
    return re.findall(r"^```python( staff)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_documented_client_code_runs(scene):
    """The blocks of `docs/notebooks.md`, in order, with the address and the course of the scene."""
    blocks = documented_blocks()
    for name, value in (("https://grader.example.edu", scene.address), ("dl-2026", scene.slug)):
        blocks = [(staff, code.replace(name, value)) for staff, code in blocks]
    printed = scene.run("".join(code for staff, code in blocks if not staff))
    assert "Read as: 16×124×124" in printed
    assert printed.strip().endswith(("True\nThe queue is empty.", "False\nThe queue is empty."))
    scene.run_as_staff("".join(code for staff, code in blocks if staff))
    assert {path.name for path in scene.home.iterdir()} >= {"grades.csv", "submissions.jsonl"}


def test_staff_client_lists_people_exports_and_regrades(scene):
    scene.run("print(hw.submit('cells', 9)); print(hw.submit('doubled', 18))")
    printed = scene.run_as_staff(
        """
print([person["name"] for person in course.people("student")])
hw = course.assignment("squares")
[row] = course.gradebook()
before = row["scores"]["squares"]
lines = course.export_submissions("all.jsonl", pseudonymous=True).read_text().splitlines()
assert len(lines) >= 2 and all(json.loads(line) for line in lines)
header = course.export("csv", "grades.csv").read_text().splitlines()[0]
version = {"parts": {"doubled": {"key": "2*cells + 5"}}}
tried = hw.regrade(hw.problems[0], version, reason="The key was wrong.")
ready = tried.wait()
print(ready)
assert ready.status == "ready", ready
assert course.gradebook()[0]["scores"]["squares"] == before
print(tried.apply("The key was corrected."))
assert course.gradebook()[0]["scores"]["squares"] != before
print(tried.undo("The old key was right."))
assert course.gradebook()[0]["scores"]["squares"] == before
print(header, [one.status for one in hw.regrades(hw.problems[0])])
"""
    )
    assert "Stu Dent" in printed
    assert "would change" in printed
    assert "Regrade: applied" in printed
    assert "['undone']" in printed
    assert "gr_api_" not in printed


def test_client_wheel_is_pure_python_and_works_standalone(tmp_path):
    [built] = WheelBuilder(str(CLIENT)).build(directory=str(tmp_path), versions=["standard"])
    assert Path(built).name.endswith("-py3-none-any.whl")
    python = find_python("3.9") or sys.executable
    command = [python, "-S", "-c", "import dlgrader_client as g; print(g.__file__)"]
    environment = client_environment(tmp_path) | {"PYTHONPATH": str(built)}
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert str(built) in printed.stdout
    with zipfile.ZipFile(built) as wheel:
        names = set(wheel.namelist())
    assert "dlgrader_client/py.typed" in names
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"dlgrader_client"}
