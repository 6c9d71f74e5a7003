"""Tests that wrong values are attributed to their own cause, and rarely to another."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bank.wrong_values import VALUES, Diagnosed, diagnosed, figures

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def results() -> list[Diagnosed]:
    return list(diagnosed())


def test_collection_is_large_and_has_causes_and_slips() -> None:
    places = {(one["problem"], one["part"], one["answer"]) for one in VALUES}
    assert len(places) == len(VALUES) >= 400
    assert len({one["problem"] for one in VALUES}) >= 40
    assert sum(bool(one["mistakes"]) for one in VALUES) >= 250
    assert sum(not one["mistakes"] for one in VALUES) >= 150


def test_every_value_is_readable_and_wrong(results: list[Diagnosed]) -> None:
    read = {"mistake", "partial", "wrong"}
    assert [one.value for one in results if one.result.status not in read] == []


def test_causes_are_named_correctly_and_rarely_wrong() -> None:
    found = figures()
    assert found["named right"] >= 0.95
    assert found["named wrong"] <= 0.01
    assert found["wrongly named of all"] <= 0.03


def test_mistake_naming_benchmark_imports_with_makefile_path() -> None:
    recipe = re.search(r"^bench:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe is not None
    paths = dict(re.findall(r"(PYTHONPATH)=(\S+)", recipe[1]))
    run = subprocess.run(
        [sys.executable, "-c", "import sys; sys.path.insert(0, 'benchmarks'); import naming"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | paths,
        capture_output=True,
        check=False,
        text=True,
    )
    assert run.stderr == ""
