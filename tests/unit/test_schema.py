"""Tests of the schema in the bank: it matches the code, and every file names it."""

import json
from pathlib import Path

from grouped_cases import check_each

from grader.definitions.problem import Problem
from problems.files.loader import bank_root, find_problem_files

NAMED = "# yaml-language-server: $schema=../../problem.schema.json"
FILES = [*find_problem_files(bank_root())]


def test_published_schema_matches_the_model() -> None:
    written = (bank_root().parent / "problem.schema.json").read_text(encoding="utf-8")
    assert json.loads(written) == json.loads(json.dumps(Problem.model_json_schema())), (
        "run `make docs`"
    )


@check_each(FILES, name=lambda path: path.stem)
def test_bank_file_references_the_schema_in_its_first_line(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first == NAMED
    assert (path.parent / NAMED.partition("=")[2]).resolve().exists()
