"""Tests of `grader batch` refusals: immediate error, exit code 2, nothing graded."""

import json
from pathlib import Path

import pytest

ROW = "ann,tiny,side,1"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text(f"student,problem,part,answer\n{ROW}\n")
    return path


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("folder", "is a folder. Name a file in it"),
        ("in.csv/out.csv", "there is no folder"),
        ("/dev/null", "is not a file"),
        ("/proc/out.csv", "cannot be written"),
    ],
)
def test_unwritable_output_is_reported_before_grading_starts(
    grader, tmp_path: Path, source: Path, out: str, said: str
) -> None:
    (tmp_path / "folder").mkdir()
    ran = grader("batch", str(source), "-o", str(tmp_path / out))
    assert ran.code == 2
    assert said in ran.err.replace("\n", " ")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["folder", "in.csv"]


@pytest.mark.parametrize(
    ("bank", "said"),
    [
        ("missing", "cannot be read"),
        ("missing.yaml", "cannot be read"),
        ("empty", "there is no problem file"),
        (".", "the id 'tiny' is taken"),
    ],
)
def test_unusable_bank_is_reported_before_grading_starts(
    grader, tmp_path: Path, source: Path, bank: str, said: str
) -> None:
    for folder in ("a", "b", "empty"):
        (tmp_path / folder).mkdir()
    for folder in ("a", "b"):
        (tmp_path / folder / "tiny.yaml").write_text("id: tiny\n")
    ran = grader("batch", str(source), "--bank", str(tmp_path / bank))
    assert ran.code == 2
    assert said in ran.err.replace("\n", " ")
    assert not ran.out


@pytest.mark.parametrize(("seed", "codes"), [(2**53, (0, 0)), (2**53 + 1, (2, 1)), (-1, (2, 1))])
def test_seed_has_the_same_bounds_in_a_file_and_as_an_option(
    grader, tmp_path: Path, seed: int, codes: tuple[int, int]
) -> None:
    problem, part = "yolo-output-depth", "yolov3"
    row = {"student": "ann", "problem": problem, "part": part, "answer": "1", "seed": seed}
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps(row))
    marked, ran = (
        grader("mark", problem, part, "1", "--seed", str(seed)),
        grader("batch", str(path)),
    )
    assert (marked.code, ran.code) == codes
    assert (f"is not a whole number from 0 to {2**53}" in ran.err) is bool(ran.code)
