"""Tests of `grader batch` with hostile files: no row breaks another, nothing is lost."""

import csv
import json
from pathlib import Path

import pytest

from api.services.batch.formats.sources import open_source
from api.services.batch.questions import NO_PART, NO_PROBLEM, BatchProblems
from api.services.batch.runner import Batch, run_batch
from grader.errors import SolverError
from grader.values import OpaqueValue, Value
from problems.catalog import ProblemCatalog
from problems.registry import REGISTRY

HEAD = "student,problem,part,answer"
GOOD = "ann,yolo-output-depth,yolov3,255"
PROBLEM = """\
id: {id}
title: A problem of two parts
topic: shapes
difficulty: 1
statement: Reckon.
params: {{W: 5}}
parts:
  - {{id: a, kind: integer, key: "conv_size(W, 3)"}}
  - {{id: b, kind: integer, key: "{key}"}}
"""


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def batch(grader, tmp_path: Path):
    """Return a function that grades a file with this text and returns the output rows."""

    def run(text: str, *more: str, suffix: str = ".csv", to: str = ".csv"):
        path, out = tmp_path / f"in{suffix}", tmp_path / f"out{to}"
        path.write_text(text, encoding="utf-8")
        ran = grader("batch", str(path), "-o", str(out), *more)
        if not out.exists():
            return ran, []
        lines = out.read_text(encoding="utf-8").split("\n")[:-1]
        return ran, read(out) if to == ".csv" else [json.loads(line) for line in lines]

    return run


def statuses(rows) -> list[str]:
    return [row["status"] for row in rows]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ('ann,yolo-output-depth,"yol"ov3,255', "the row is not CSV: "),
        (f"ann,yolo-output-depth,yolov3,{'5' * 1_000_001}", "field larger than field limit"),
        ("ann,yolo-output-depth", NO_PART),
        ("ann", NO_PROBLEM),
        (",,yolov3,255", NO_PROBLEM),
        (f"{GOOD},,more", "the row has 6 cells, the header 4; put answers with commas in quotes"),
    ],
)
def test_broken_row_is_reported_with_its_line_and_the_next_is_graded(batch, row, words):
    ran, rows = batch(f"{HEAD}\n{GOOD}\n{row}\n{GOOD}\n")
    assert ran.code == 1
    assert statuses(rows) == ["correct", "", "correct"]
    assert words in rows[1]["error"]
    assert f"line 3: {rows[1]['error']}" in ran.err


def test_row_missing_its_last_cell_has_no_answer(batch):
    ran, rows = batch(f"{HEAD}\nann,yolo-output-depth,yolov3\n{GOOD},\n")
    assert ran.code == 0
    assert statuses(rows) == ["missing", "correct"]


def test_unclosed_quote_affects_only_its_own_row(batch):
    ran, rows = batch(f'{HEAD}\n{GOOD}\nann,yolo-output-depth,yolov3,"255\n{GOOD}\n')
    assert statuses(rows) == ["correct", "", "correct"]
    assert "line 3: the row is not CSV: unexpected end of data; check its quotes" in ran.err


def test_line_numbers_account_for_multiline_answers_and_empty_rows(batch):
    matrix = 'ann,pooling-4x4,max,"9 7\n8 6"'
    ran, rows = batch(f"{HEAD}\n\n{matrix}\n,,,\n{matrix}\nann,pooling-4x4,least,1\n")
    assert statuses(rows) == ["correct", "correct", ""]
    assert "line 8: pooling-4x4 has no part 'least'" in ran.err


@pytest.mark.parametrize("separator", ["\u2028", "\x0b", "\x0c", "\x85"])
def test_only_line_ends_separate_rows(batch, separator):
    ran, rows = batch(f"{HEAD}\na{separator}b,yolo-output-depth,yolov3,255\n")
    assert (ran.code, statuses(rows)) == (0, ["correct"])
    assert rows[0]["student"] == f"a{separator}b"
    line = {"student": f"a{separator}b", "problem": "yolo-output-depth", "part": "yolov3"}
    text = json.dumps({**line, "answer": 255}, ensure_ascii=False).replace("\\u2028", "\u2028")
    ran, rows = batch(text, suffix=".jsonl", to=".jsonl")
    assert (ran.code, statuses(rows)) == (0, ["correct"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f'student,"pro"blem,part,answer\n{GOOD}\n', "the header is not CSV: "),
        ("\n\n", "has no rows"),
    ],
)
def test_batch_file_without_a_header_is_refused(batch, text, words):
    ran, rows = batch(text)
    assert (ran.code, rows) == (2, [])
    assert words in ran.err


def test_mapped_column_must_exist_even_if_optional(batch):
    ran, rows = batch(f"{HEAD}\n{GOOD}\n", "--map", "seed=sed")
    assert (ran.code, rows) == (2, [])
    assert "has no column 'sed'; it has student, problem, part, answer" in ran.err


@pytest.mark.parametrize("to", [".csv", ".jsonl"])
def test_unencodable_json_line_does_not_stop_others(batch, to):
    good = '{"student": "a", "problem": "yolo-output-depth", "part": "yolov3", "answer": 255}'
    lines = [
        good,
        good.replace('"a"', r'"\ud800"'),
        "",
        good.replace('"a"', r'"\ud83d\ude00"'),
        good.replace("255", r'["\udfff"]'),
        good.replace("255", '{"n": [0.5, null]}'),
    ]
    ran, rows = batch("\n".join(lines), suffix=".jsonl", to=to)
    assert ran.code == 1
    assert [status or None for status in statuses(rows)] == [
        "correct",
        None,
        "correct",
        None,
        "unreadable",
    ]
    assert rows[2]["student"] == "😀"
    assert rows[4]["answer"] in ({"n": [0.5, None]}, '{"n": [0.5, null]}')
    for line in (2, 5):
        assert f"line {line}: a character is cut in half" in ran.err


@pytest.mark.parametrize(
    "failure", [RuntimeError("boom"), AssertionError(), RecursionError(), SolverError("no")]
)
def test_failing_solver_does_not_stop_other_rows(batch, tmp_path, monkeypatch, failure):
    def sick(width: int) -> int:
        del width
        raise failure

    monkeypatch.setitem(REGISTRY.functions, "sick", sick)
    bank = tmp_path / "bank"
    bank.mkdir()
    (bank / "poison.yaml").write_text(PROBLEM.format(id="poison", key="sick(W)"))
    (bank / "sound.yaml").write_text(PROBLEM.format(id="sound", key="conv_size(W, 2)"))
    (bank / "broken.yaml").write_text("id: broken\n")
    rows = ["ann,poison,b,2", "ann,sound,b,4", "ann,broken,a,1", "ann,poison,a,3", "bob,sound,a,3"]
    ran, marked = batch("\n".join([HEAD, *rows]), "--bank", str(bank))
    assert ran.code == 1
    assert f"line 4: {bank / 'broken.yaml'}:1: title: the field is missing; add it" in ran.err
    assert statuses(marked) == ["needs_review", "correct", "", "correct", "correct"]


def test_row_of_a_problem_without_an_original_must_name_a_seed(batch, tmp_path):
    bank = tmp_path / "bank"
    bank.mkdir()
    text = PROBLEM.format(id="drawn", key="conv_size(W, 2)")
    (bank / "drawn.yaml").write_text(text.replace("W: 5", "W: {choose: [5, 5]}"))
    rows = [f"{HEAD},seed", "ann,drawn,a,3,", "ann,drawn,a,3,7"]
    ran, marked = batch("\n".join(rows), "--bank", str(bank))
    assert statuses(marked) == ["", "correct"]
    assert "line 2: params: drawn has no original variant; name a seed" in ran.err


def test_batch_without_progress_or_output_returns_a_summary(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text(f'{HEAD}\n{GOOD}\n"\n')
    summary = run_batch(Batch(open_source(path, {}), BatchProblems(ProblemCatalog())))
    assert (summary.rows, summary.failed, summary.statuses) == (2, 1, {"correct": 1})
    assert [one.line for one in summary.failures] == [3]
    assert [one.name for one in tmp_path.iterdir()] == ["in.csv"]


def test_key_value_that_raises_on_access_needs_review(batch, tmp_path, monkeypatch):
    class Sick(OpaqueValue):
        def get_field(self, name: str) -> Value:
            raise RuntimeError(f"no {name} today")

    monkeypatch.setitem(REGISTRY.functions, "sick", lambda _: Sick())
    bank = tmp_path / "bank"
    bank.mkdir()
    (bank / "poison.yaml").write_text(PROBLEM.format(id="poison", key="sick(W).size"))
    (bank / "sound.yaml").write_text(PROBLEM.format(id="sound", key="conv_size(W, 2)"))
    rows = ["ann,poison,b,2", "ann,sound,b,4", "ann,poison,a,3"]
    ran, marked = batch("\n".join([HEAD, *rows]), "--bank", str(bank))
    assert ran.code == 0
    assert statuses(marked) == ["needs_review", "correct", "correct"]


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("nowhere/out.csv", "there is no folder "),
        ("folder", "folder is a folder. Name a file in it"),
        (f"{'x' * 400}.csv", "cannot be written: File name too long"),
        (f"{'x' * 250}.csv", "cannot be written: File name too long"),
    ],
)
def test_unwritable_results_are_reported_without_a_traceback(grader, tmp_path, out, words):
    path = tmp_path / "in.csv"
    path.write_text(f"{HEAD}\n{GOOD}\n")
    (tmp_path / "folder").mkdir()
    ran = grader("batch", str(path), "-o", str(tmp_path / out))
    assert ran.code == 2
    assert words in ran.err
    assert sorted(one.name for one in tmp_path.iterdir()) == ["folder", "in.csv"]


def test_failed_rows_beyond_twenty_are_only_counted(batch):
    ran, rows = batch(f"{HEAD}\n" + "ann,no-such,a,1\n" * 25 + f"{GOOD}\n")
    assert sum(1 for row in rows if row["error"]) == 25
    assert ran.err.count("there is no problem 'no-such'") == 20
    assert "5 more rows failed. See the column `error`" in ran.err
