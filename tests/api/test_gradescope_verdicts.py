"""Tests that an archive for Gradescope gives the verdicts of the service, part by part."""

import io
import json
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from zipfile import ZipFile

import pytest
from gradescope_runs import check_fields, fill, type_answer
from world import points

from api.gradescope.archive import build_archive, build_configuration
from api.gradescope.assignments import load_archive_source
from grader.variants.variant import solve_variant
from problems.catalog import ProblemCatalog
from problems.registry import REGISTRY

ONE_DATABASE = True
NAMES = ("conv-output-shape", "conv-pool-stack", "binary-image-conv")
EMAIL = "ada@example.edu"


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """Unpack an archive with the textbook's numbers, which the service can give too."""
    source = replace(load_archive_source(NAMES), variants="original")
    configuration, texts = build_configuration(source, "s" * 64, seeds=1)
    root = tmp_path_factory.mktemp("autograder")
    with ZipFile(io.BytesIO(build_archive(configuration, texts, {}))) as packed:
        packed.extractall(root / "source")
    return root


def run_engine(root: Path, answers: dict[str, dict[str, str]]) -> dict[str, dict]:
    """Return the tests of `results.json` by problem and part; the engine runs in a new process."""
    fill(root, {"answers.json": json.dumps(answers)}, email=EMAIL)
    engine = [sys.executable, "-I", str(root / "source" / "engine"), str(root)]
    subprocess.run(engine, check=True, cwd=root / "submission")
    results = json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))
    check_fields(results)
    return {test["name"].split(":")[0]: test for test in results["tests"]}


def right(name: str) -> dict[str, str]:
    keys = solve_variant(ProblemCatalog().get(name), None, REGISTRY).keys
    return {part: type_answer(key) for part, key in keys.items()}


def wrong(name: str) -> dict[str, str]:
    """Answers of all graded statuses: a mistake, what follows from it, one wrong cell, no cause."""
    answers = right(name)
    if name == NAMES[0]:
        return answers | {"stride_2": "64x64x16"}
    if name == NAMES[2]:
        return answers | {"output": "[4 3 4; 2 4 3; 2 3 3]"}
    height, width, channels = answers["conv1"].split("x")
    moved = f"({int(height) + 2}, {int(width) + 2}, {channels})"
    return answers | {"conv1": moved, "relu1": moved, "conv1_params": "17"}


def unreadable(name: str) -> dict[str, str]:
    return dict.fromkeys(right(name), "twelve or so, I think")


def missing(name: str) -> dict[str, str]:
    """All right answers, without the last where there are several."""
    answers = right(name)
    if len(answers) > 1:
        answers.popitem()
    return answers


@pytest.mark.parametrize(
    ("answer", "statuses"),
    [
        (right, {"correct"}),
        (wrong, {"correct", "mistake", "follow_through", "partial", "wrong"}),
        (unreadable, {"unreadable"}),
        (missing, {"correct", "missing"}),
    ],
)
def test_gradescope_archive_gives_the_same_verdicts_as_the_service(
    world, course, student, root, answer, statuses
):
    answers = {name: answer(name) for name in NAMES}
    tests = run_engine(root, answers)
    compared = set()
    for assigned in world.assignment(course, *NAMES, results="at_once"):
        reply = student.submit(assigned, answers[assigned.slug])
        assert reply.status_code == 201, reply.text
        results = {result["part"]: result for result in reply.json()["results"]}
        for part in student.get(assigned.path).json()["parts"]:
            test = tests.pop(f"{assigned.slug}/{part['id']}")
            result = results.get(part["id"])
            if result is None:  # the service does not repeat what was not answered
                assert part["last"] is None
                assert (test["tags"], test["score"]) == (["missing"], 0)
                compared.add("missing")
                continue
            compared.add(result["status"])
            assert test["tags"] == [result["status"]]
            score = Fraction(test["score"]).limit_denominator(1000)
            assert score == points(result["score"]).limit_denominator(1000)
            assert test["max_score"] == result["points"]
            assert test["status"] == ("passed" if result["credit"] == 1 else "failed")
            assert result["feedback"] in test["output"]
            assert result["read_as"] in test["output"]
    assert not tests
    assert compared == statuses


def test_unanswered_parts_are_missing_in_the_archive_as_in_the_service(
    world, course, student, root
):
    tests = run_engine(root, {})
    for assigned in world.assignment(course, *NAMES, results="at_once"):
        for part in student.get(assigned.path).json()["parts"]:
            assert part["last"] is None
            test = tests.pop(f"{assigned.slug}/{part['id']}")
            assert (test["tags"], test["score"], test["status"]) == (["missing"], 0, "failed")
            assert test["max_score"] == part["points"]
    assert not tests
