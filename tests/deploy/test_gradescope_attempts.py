"""Tests of a Gradescope archive made with options, and of uploads that follow each other."""

import json
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from gradescope_runs import check_fields, fill

from api.cli.main import main
from api.gradescope.runtime.main import run

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
EMAIL = "ada@example.edu"
SECRET = "0123456789abcdef" * 4
ASSIGNMENT = """\
title: Convolutions
attempts: 3
results: manual
variants: shared
problems:
- {problem: conv-output-shape}
"""
OPTIONS = ("--attempts", "2", "--visibility", "after_due_date", "--variants", "original")


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """Unpack the archive of an assignment's file; options override each of its settings."""
    root = tmp_path_factory.mktemp("autograder")
    assignment = root / "course" / "assignments" / "hw-1.yaml"
    assignment.parent.mkdir(parents=True)
    assignment.write_text(ASSIGNMENT)
    archive, secret = root / "autograder.zip", root / "hw1.secret"
    secret.write_text(f"{SECRET}\n")
    files = (str(assignment), "-o", str(archive), "--secret-file", str(secret))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "argv", ["grader", "gradescope", *files, *OPTIONS, "--python", PYTHON])
        with pytest.raises(SystemExit) as ended:
            main()
    assert ended.value.code == 0
    with ZipFile(archive) as packed:
        packed.extractall(root / "source")
    return root


def upload(root: Path, answers: dict[str, str], previous: list[dict]) -> dict:
    """Grade an upload after *previous* ones, and add it to them; return its `results.json`."""
    fill(root, {"answers.json": json.dumps(answers)}, email=EMAIL, previous=previous)
    run(root, root / "source" / "engine")
    results = json.loads((root / "results" / "results.json").read_text())
    check_fields(results)
    time = f"2026-11-0{len(previous) + 1}T10:00:00.000000-08:00"
    previous.append({"submission_time": time, "score": 0, "results": results})
    return results


def test_command_options_override_assignment_settings(root):
    written = json.loads((root / "source" / "engine" / "assignment.json").read_text())
    expected = {
        "title": "Convolutions",
        "attempts": 2,
        "visibility": "after_due_date",
        "variants": "original",
        "secret": SECRET,
    }
    assert written | expected == written
    assert written["problems"][0]["seeds"] == []


def test_each_upload_is_graded_with_answers_from_earlier_results(root):
    previous: list[dict] = []
    uploads = (
        ({"stride_1": "126x126x16", "stride_2": "1x1x16"}, "passed", "failed", "used: 1 of 2"),
        ({"stride_2": "63x63x16"}, "passed", "passed", "used: 2 of 2"),
        ({"stride_2": "2x2x16"}, "passed", "passed", "does not count. No attempt is left"),
    )
    for answers, first, second, output in uploads:
        tests = upload(root, answers, previous)["tests"]
        assert [test["status"] for test in tests] == [first, second]
        assert [test["score"] > 0 for test in tests] == [first == "passed", second == "passed"]
        assert {test["visibility"] for test in tests} == {"after_due_date"}
        assert output in tests[1]["output"]
