"""Tests of `grader report`, as a teacher uses it for the reports of a class."""

import csv
from pathlib import Path

import pytest
from word_files import from_lines

from api.core.worker_pool import WorkerPool
from api.services.batch.formats.columns import INPUT_FIELDS, RESULT_FIELDS
from api.services.reports.docx_package import ENCRYPTED, ENCRYPTED_STREAM, OLE_START
from api.services.sandbox.worker_sandbox import MEMORY_BYTES, limit_resources
from grader.reports.doubts import UNREADABLE

SHEET = "conv-output-shape=2,pooling-purpose=3"
ANSWERS = "2.\n(a) 126x126x16\n(b) 64x64x16\n3. Pooling keeps what is strong and drops the place.\n"


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_folder_of_reports_produces_results_and_doubtful_sheets(grader, tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "ada.md").write_text(ANSWERS)
    (reports / "ben.docx").write_bytes(from_lines(ANSWERS))
    (reports / "cyd.txt").write_text("2.\nstride 1: 128x128x16\nor stride 1: 126x126x16\n")
    (reports / "notes.pages").write_text("not a report")
    out = tmp_path / "results.csv"
    ran = grader("report", str(reports), "--problems", SHEET, "-o", str(out), "--workers", "2")
    assert ran.code == 0, ran.err
    rows = read(out)
    assert tuple(rows[0]) == (*INPUT_FIELDS, *RESULT_FIELDS, "page", "quote", "confidence")
    ada = [row for row in rows if row["student"] == "ada"]
    assert [(row["part"], row["status"], row["page"]) for row in ada] == [
        ("stride_1", "correct", "line 2"),
        ("stride_2", "mistake", "line 3"),
        ("answer", "needs_review", "line 4"),
    ]
    ben = [row for row in rows if row["student"] == "ben"]
    assert [row["read_as"] for row in ben] == [row["read_as"] for row in ada]
    doubtful = read(tmp_path / "results.doubtful.csv")
    assert {(row["student"], row["part"], row["reason"]) for row in doubtful} >= {
        ("cyd", "stride_1", "another passage fits as well")
    }
    assert all(row["confidence"] == "doubtful" for row in doubtful)


def test_files_of_one_name_in_two_folders_are_two_students(grader, tmp_path: Path) -> None:
    folders = [tmp_path / "g1", tmp_path / "g2"]
    for folder in folders:
        folder.mkdir()
        (folder / "ada.md").write_text(ANSWERS)
    out = tmp_path / "results.csv"
    ran = grader("report", *map(str, folders), "--problems", SHEET, "-o", str(out))
    assert ran.code == 0, ran.err
    assert {row["student"] for row in read(out)} == {"g1/ada.md", "g2/ada.md"}


def test_corrected_doubtful_sheet_is_a_valid_batch(grader, tmp_path: Path) -> None:
    report = tmp_path / "cyd.txt"
    report.write_text("2.\nstride 1: 128x128x16\nor stride 1: 126x126x16\n")
    out, again = tmp_path / "results.csv", tmp_path / "again.csv"
    grader("report", str(report), "--problems", SHEET, "-o", str(out))
    doubtful = tmp_path / "results.doubtful.csv"
    doubtful.write_text(doubtful.read_text().replace(",128x128x16,", ",126x126x16,"))
    assert grader("batch", str(doubtful), "-o", str(again)).code == 0
    rows = {row["part"]: row for row in read(again)}
    assert rows["stride_1"]["status"] == "correct"


def test_unreadable_answer_is_doubtful_not_missing(grader, tmp_path: Path) -> None:
    report, out = tmp_path / "ada.md", tmp_path / "results.csv"
    report.write_text("1.\nyolov2: 425\nyolov3: 2,55\n")
    ran = grader("report", str(report), "--problems", "yolo-output-depth=1", "-o", str(out))
    assert ran.code == 0, ran.err
    assert "yolov3" not in {row["part"] for row in read(out)}
    (row,) = [row for row in read(tmp_path / "results.doubtful.csv") if row["part"] == "yolov3"]
    assert row["quote"] == "yolov3: 2,55"
    assert row["reason"] == UNREADABLE


def test_calculation_before_value_keeps_it_certain(grader, tmp_path: Path) -> None:
    report, out = tmp_path / "ada.md", tmp_path / "results.csv"
    report.write_text("1.\nstride 2: (128 - 3)/2 + 1, rounded up: 64x64x16\n")
    ran = grader("report", str(report), "--problems", "conv-output-shape=1", "-o", str(out))
    assert ran.code == 0, ran.err
    (row,) = [row for row in read(out) if row["part"] == "stride_2"]
    assert row["read_as"] == "64×64×16"


def test_report_results_contain_no_spreadsheet_formulas(grader, tmp_path: Path) -> None:
    report = tmp_path / "=cmd.md"
    report.write_text('3.\n=HYPERLINK("http://a.example")\n')
    out = tmp_path / "results.csv"
    assert grader("report", str(report), "--problems", SHEET, "-o", str(out)).code == 0
    cells = [
        cell
        for path in (out, tmp_path / "results.doubtful.csv")
        for row in read(path)
        for cell in row.values()
    ]
    assert any("HYPERLINK" in cell for cell in cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "\t"))]


def test_rejected_report_has_an_error_row(grader, tmp_path: Path) -> None:
    (tmp_path / "ada.md").write_text(ANSWERS)
    (tmp_path / "ben.docx").write_bytes(OLE_START + ENCRYPTED_STREAM)
    out = tmp_path / "results.csv"
    ran = grader("report", str(tmp_path), "--problems", SHEET, "-o", str(out))
    assert ran.code == 1
    assert "ben: the document is encrypted; save it without a password" in ran.err
    assert [row["error"] for row in read(out) if row["student"] == "ben"] == [ENCRYPTED]


def test_report_without_output_file_prints_answers(grader, tmp_path: Path) -> None:
    report = tmp_path / "ada.md"
    report.write_text(ANSWERS)
    ran = grader("report", str(report), "--problems", SHEET)
    assert ran.code == 0
    assert "stride_1" in ran.out
    assert ran.out.count("certain") >= 3
    assert list(tmp_path.iterdir()) == [report]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--problems", "conv-output-shap"], "did you mean 'conv-output-shape'?"),
        (["--problems", "conv-output-shape.stride_9=2"], "no part 'stride_9'"),
        (["--problems", "conv-output-shape=second"], "'second' in"),
        (["--problems", ","], "names no problem"),
        (["--problems", SHEET, "-o", "ada.md"], "is a report"),
        (["--problems", SHEET, "-o", "a.csv", "--doubtful", "a.csv"], "Name two files"),
        (["--problems", SHEET, "-o", "none/a.csv"], "there is no folder none"),
    ],
)
def test_invalid_report_arguments_are_rejected_before_reading(
    grader, tmp_path: Path, monkeypatch, arguments, message
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("ada.md").write_text(ANSWERS)
    ran = grader("report", "ada.md", *arguments)
    assert ran.code == 2
    assert message in ran.err
    assert Path("ada.md").read_text() == ANSWERS


def test_folder_without_reports_is_rejected(grader, tmp_path: Path) -> None:
    ran = grader("report", str(tmp_path), "--problems", SHEET)
    assert (ran.code, "there is no report" in ran.err) == (2, True)


def allocate(size: int) -> int:
    """Allocate memory under the limit of a process that reads reports."""
    limit_resources()
    return len(bytearray(size))


def test_report_worker_memory_is_limited() -> None:
    pool = WorkerPool(1, deadline_seconds=20)
    try:
        assert pool.submit(allocate, 1_000_000).result() == 1_000_000
        with pytest.raises(MemoryError):
            pool.submit(allocate, MEMORY_BYTES + 100_000_000).result()
    finally:
        pool.kill()
