"""A folder laid out like Gradescope's `/autograder`, and what it documents of `results.json`."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.display.grids import format_matrix
from grader.values import Tensor, Value

BASH = shutil.which("bash") or "/bin/bash"
MEMORY_MARK = "largest memory of a process: "
# A small process in between: what a large one starts has its memory at first.
LAUNCHER = f"""
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stderr=subprocess.STDOUT).returncode
print({MEMORY_MARK!r}, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, sep="")
sys.exit(code)
"""
METADATA = {
    "id": 123456,
    "created_at": "2026-11-25T10:00:00.000000-08:00",
    "assignment": {
        "due_date": "2026-12-01T00:00:00.000000-08:00",
        "group_size": None,
        "group_submission": False,
        "id": 3,
        "course_id": 4,
        "late_due_date": None,
        "release_date": "2026-11-01T00:00:00.000000-08:00",
        "title": "Homework 1",
        "total_points": "20.0",
    },
    "submission_method": "upload",
    "previous_submissions": [],
}
VISIBILITIES = {"hidden", "after_due_date", "after_published", "visible"}
FORMATS = {"text", "html", "simple_format", "md", "ansi"}
TOP_FIELDS = {
    "score": (int, float),
    "execution_time": (int, float),
    "output": (str,),
    "output_format": FORMATS,
    "test_output_format": FORMATS,
    "test_name_format": FORMATS,
    "visibility": VISIBILITIES,
    "stdout_visibility": VISIBILITIES,
    "extra_data": (dict,),
    "tests": (list,),
    "leaderboard": (list,),
}
TEST_FIELDS = {
    "score": (int, float),
    "max_score": (int, float),
    "status": {"passed", "failed"},
    "name": (str,),
    "name_format": FORMATS,
    "number": (str,),
    "output": (str,),
    "output_format": FORMATS,
    "tags": (list,),
    "visibility": VISIBILITIES,
    "extra_data": (dict,),
}


@dataclass(frozen=True)
class Run:
    """What one run of `run_autograder` left: results, streams, and its largest memory in MB."""

    results: dict[str, Any]
    printed: str
    memory: float

    def test(self, name: str) -> dict[str, Any]:
        (found,) = [test for test in self.results["tests"] if test["name"].startswith(name)]
        return found


def type_answer(key: Value) -> str:
    """Return the right answer as a student may type it: a size, a matrix by rows, or a number."""
    if isinstance(key, Tensor):
        return format_matrix(key)
    return "x".join(map(str, key)) if isinstance(key, tuple) else str(key)


def fill(root: Path, files: dict[str, str], *, email: str, previous: list[Any] = ()) -> None:
    """Put a submission with its metadata below *root*, in place of the one that is there."""
    for name in ("submission", "results"):
        shutil.rmtree(root / name, ignore_errors=True)
        (root / name).mkdir(parents=True)
    for name, text in files.items():
        path = root / "submission" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    users = [{"email": email, "id": 77, "name": "Ada"}]
    data = {**METADATA, "users": users, "previous_submissions": list(previous)}
    (root / "submission_metadata.json").write_text(json.dumps(data))


def run_script(root: Path, script: str, *, programs: str = "") -> tuple[int, str, float]:
    """Run a script of the archive; return its exit code, what it printed, and its memory in MB.

    *programs* is a folder whose programs are found first.
    """
    paths = (programs, os.environ["PATH"])
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", LAUNCHER, BASH, str(root / script)],
        cwd=root / "submission",
        env={"PATH": os.pathsep.join(filter(None, paths)), "AUTOGRADER_ROOT": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    printed, _, kibibytes = ran.stdout.rpartition(MEMORY_MARK)
    return ran.returncode, printed, int(kibibytes) / 1024


def run(root: Path) -> Run:
    """Run `run_autograder`, which must end well, and check the fields of what it wrote."""
    code, printed, memory = run_script(root, "run_autograder")
    assert code == 0, printed
    results = json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))
    check_fields(results)
    return Run(results, printed, memory)


def check_fields(results: dict[str, Any]) -> None:
    """Assert that every field is documented and has a documented value."""
    check_object(results, TOP_FIELDS)
    assert "tests" in results or "score" in results
    for test in results.get("tests", ()):
        check_object(test, TEST_FIELDS)
        assert 0 <= test["score"] <= test["max_score"]
        assert all(isinstance(tag, str) for tag in test["tags"])


def check_object(data: dict[str, Any], fields: dict[str, Any]) -> None:
    for name, value in data.items():
        allowed = fields[name]
        if isinstance(allowed, set):
            assert value in allowed, name
        else:
            assert isinstance(value, allowed), name
            assert not isinstance(value, bool), name
