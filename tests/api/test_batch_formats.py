"""Tests of `grader batch` with CSV, JSON lines and Parquet, and of rejected rows."""

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from reference_batch import grade_rows, read_table

from api.services.batch.formats.columns import INPUT_FIELDS, RESULT_FIELDS
from api.services.engine.single_answer import SingleAnswerGrader
from grader.kinds import KINDS
from grader.variants.variant import solve_variant
from problems.catalog import ProblemCatalog
from problems.registry import REGISTRY

ROWS: list[dict[str, Any]] = [
    {"student": "ann", "problem": "pooling-4x4", "part": "max", "answer": "[9 7; 8 5]"},
    {"student": "ben", "problem": "conv-stack-cost", "part": "shape_2", "answer": "33x33x128"},
    {"student": "ben", "problem": "conv-stack-cost", "part": "shape_1", "answer": "65x65x64"},
    {"student": "cas", "problem": "yolo-output-depth", "part": "yolov3", "answer": "85"},
    {"student": "cas", "problem": "yolo-output-depth", "part": "yolov3", "answer": '"=1+1\\\u2028'},
    {"student": "dan", "problem": "no-such", "part": "a", "answer": "1"},
    {"student": "eve", "problem": "inception-blocks", "part": "answer", "answer": "In\nwords."},
    {"student": "fay", "problem": "yolo-output-depth", "part": "yolov3", "answer": ""},
]
SUFFIXES = (".csv", ".jsonl", ".parquet")


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    match path.suffix:
        case ".csv":
            with path.open("w", newline="", encoding="utf-8") as stream:
                writer = csv.DictWriter(stream, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
        case ".jsonl":
            path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
        case _:
            pl.DataFrame(rows, infer_schema_length=None).write_parquet(path)
    return path


def read(path: Path) -> list[dict[str, Any]]:
    match path.suffix:
        case ".csv":
            with path.open(newline="", encoding="utf-8") as stream:
                return list(csv.DictReader(stream))
        case ".jsonl":
            lines = path.read_text(encoding="utf-8").split("\n")[:-1]
            return [json.loads(line) for line in lines]
        case _:
            return pl.read_parquet(path).to_dicts()


def told(suffix: str, tmp_path: Path) -> list[dict[str, Any]]:
    """Return the expected output rows, each row graded on its own."""
    path = write(tmp_path / "told.jsonl", ROWS)
    marked = grade_rows(read_table(path, names={}).rows, SingleAnswerGrader(ProblemCatalog()))
    if suffix == ".csv":
        return [{**one.row.cells, **one.fields()} for one in marked]
    return [{**one.row.cells, **one.record()} for one in marked]


@pytest.mark.parametrize("into", SUFFIXES)
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_input_format_converts_to_every_output_format(
    grader, tmp_path: Path, suffix: str, into: str
) -> None:
    path, out = write(tmp_path / f"in{suffix}", ROWS), tmp_path / f"out{into}"
    assert grader("batch", str(path), "-o", str(out)).code == 1
    expected = told(into, tmp_path)
    assert read(out) == expected
    assert {one["status"] or None for one in expected} >= {"partial", "follow_through", None}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_output_of_each_format_can_be_graded_again(grader, tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"in{suffix}", ROWS)
    first, second = tmp_path / f"first{suffix}", tmp_path / f"second{suffix}"
    grader("batch", str(path), "-o", str(first))
    grader("batch", str(first), "-o", str(second))
    assert read(first) == read(second)


def test_parquet_numbers_and_lists_are_read_as_in_json(grader, tmp_path: Path) -> None:
    base = {"student": 7, "problem": "pooling-4x4", "when": date(2026, 1, 2), "x": None}
    rows = [
        {**base, "part": "max", "answer": [[9.0, 7.0], [8.0, 6.0]], "seed": None},
        {**base, "part": "average", "answer": [[4.25, 1.0], [2.0, 3.0]], "seed": None},
    ]
    path, out = write(tmp_path / "in.parquet", rows), tmp_path / "out.jsonl"
    assert grader("batch", str(path), "-o", str(out)).code == 0
    found = read(out)
    assert [one["status"] for one in found] == ["correct", "partial"]
    assert found[1]["answer"] == [[4.25, 1.0], [2.0, 3.0]]
    assert (found[0]["student"], found[0]["when"], found[0]["x"]) == (7, "2026-01-02", None)
    numbers = [
        {**base, "problem": "yolo-output-depth", "part": "yolov3", "answer": one, "seed": 4.5}
        for one in (255.0, 85.0, float("nan"), None)
    ]
    path, out = write(tmp_path / "in.parquet", numbers), tmp_path / "out.csv"
    assert grader("batch", str(path), "--map", "student=x", "-o", str(out)).code == 1
    assert {one["error"][:16] for one in read(out)} == {"the seed '4.5' i"}
    path = write(path, [{**one, "seed": None} for one in numbers])
    assert grader("batch", str(path), "-o", str(out)).code == 0
    statuses = [one["status"] for one in read(out)]
    assert statuses == ["correct", "mistake", "unreadable", "missing"]


@pytest.mark.parametrize("content", [b"", b"PAR1 and no more", b"student,problem\n"])
def test_invalid_parquet_is_refused(grader, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "in.parquet"
    path.write_bytes(content)
    ran = grader("batch", str(path))
    assert ran.code == 2
    assert "in.parquet is not Parquet" in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_failed_rows_are_written_to_rejects_and_can_be_corrected(
    grader, tmp_path: Path, suffix: str
) -> None:
    path = write(tmp_path / f"in{suffix}", ROWS)
    out, rejects = tmp_path / f"out{suffix}", tmp_path / f"rejects{suffix}"
    assert grader("batch", str(path), "-o", str(out), "--rejects", str(rejects)).code == 1
    (one,) = read(rejects)
    line = 6 if suffix != ".csv" else 7
    assert one["error"] == f"line {line}: there is no problem 'no-such'"
    assert list(one) == [*INPUT_FIELDS[:4], *RESULT_FIELDS]
    mended = write(rejects, [{**one, "problem": "yolo-output-depth", "part": "yolov1"}])
    assert grader("batch", str(mended), "-o", str(out)).code == 0


def test_batch_without_failures_writes_no_rejects(grader, tmp_path: Path) -> None:
    path = write(tmp_path / "in.csv", ROWS[:2])
    out, rejects = tmp_path / "out.csv", tmp_path / "rejects.csv"
    assert grader("batch", str(path), "-o", str(out), "--rejects", str(rejects)).code == 0
    assert read(rejects) == []
    same = grader("batch", str(path), "-o", str(out), "--rejects", str(out))
    assert same.code == 2
    assert "Name two files" in same.err


def test_published_variants_are_used_unless_stale(grader, tmp_path: Path) -> None:
    folder, out = tmp_path / "variants", tmp_path / "out.csv"
    problem = ProblemCatalog().path("conv-stack-cost")
    grader("publish", str(problem), "--seeds", "2", "-o", str(folder))
    shown = KINDS["shape"].format_key
    rows = []
    for seed in (0, 12345):
        variant = solve_variant(ProblemCatalog().get("conv-stack-cost"), seed, REGISTRY)
        part = variant.problem.get_part("shape_1")
        answer = shown(variant.keys[part.id], part)
        rows.append({**ROWS[2], "answer": answer, "seed": seed})
    path = write(tmp_path / "in.csv", rows)
    grader("batch", str(path), "-o", str(out))
    solved = read(out)
    told = folder / "conv-stack-cost.jsonl"
    for text in (told.read_text(), told.read_text().replace('"engine": "', '"engine": "old ')):
        told.write_text(text)
        assert grader("batch", str(path), "--published", str(folder), "-o", str(out)).code == 0
        assert read(out) == solved
    planted = (
        told.read_text()
        .replace('"engine": "old ', '"engine": "')
        .replace('"tuple": [', '"tuple": [9')
    )
    told.write_text(planted)
    grader("batch", str(path), "--published", str(folder), "-o", str(out))
    assert [one["status"] for one in solved] == ["correct", "correct"]
    assert [one["status"] for one in read(out)] == ["mistake", "correct"]
