"""Tests of faults while a report is read: each refuses its own file, and no other."""

import csv
import logging
import shutil
from pathlib import Path

import faulty_report_jobs as jobs
import pytest
from uploads import REPORT, create_report, upload_report
from world import TEXT_PROBLEM, World

from api.services.reports import runner
from api.services.reports.grading import TOO_MUCH_MEMORY
from api.services.reports.runner import CRASHED, INTERNAL_ERROR, TOO_LONG
from api.services.reports.uploads import report_reader

ERRORS = {
    "raise": INTERNAL_ERROR,
    "crash": CRASHED,
    "kill": CRASHED,
    "allocate": TOO_MUCH_MEMORY,
    "loop": TOO_LONG,
}
UPLOADED = ("raise", "crash", "allocate")
"""Faults of an upload, whose worker is in the sandbox already and cannot kill itself."""


def test_a_fault_refuses_its_report_and_the_rest_of_the_folder_is_graded(
    grader, tmp_path: Path, monkeypatch, caplog
) -> None:
    reports, out = tmp_path / "reports", tmp_path / "results.csv"
    reports.mkdir()
    for fault in ERRORS:
        (reports / f"b-{fault}.md").write_text(f"{fault} it")
    for name in ("a", "c"):
        (reports / f"{name}.md").write_text("2.\n(a) 126x126x16\n(b) 64x64x16\n")
    monkeypatch.setattr(runner, "grade_in_worker", jobs.grade_or_fail)
    monkeypatch.setattr(runner, "REPORT_SECONDS", 3.0)
    arguments = ("--problems", "conv-output-shape=2", "-o", str(out), "--workers", "1")
    with caplog.at_level(logging.WARNING, "api.reports"):
        ran = grader("report", str(reports), *arguments)
    assert ran.code == 1
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    refused = {row["student"]: row["error"] for row in rows if row["error"]}
    assert refused == {f"b-{fault}": error for fault, error in ERRORS.items()}
    assert [(row["student"], row["part"]) for row in rows if row["status"]] == [
        (student, part) for student in ("a", "c") for part in ("stride_1", "stride_2")
    ]
    logged = [record for record in caplog.records if record.name == "api.reports"]
    assert [record.args for record in logged] == [("b-crash",), ("b-kill",), ("b-raise",)]
    assert jobs.FAULT in str(logged[-1].exc_info)


@pytest.fixture(scope="module")
def assigned_with_worker(request, tmp_path_factory):
    """A student and a problem in a service that reads reports in a worker process."""
    path = tmp_path_factory.mktemp("faults") / "grader.db"
    shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report_reader, "read_in_worker", jobs.read_or_fail)
        world = World(f"sqlite:///{path}", settings={"report_workers": 1})
        course = world.course()
        [assigned] = world.assignment(course, TEXT_PROBLEM)
        yield world.enrol(course), assigned
        world.close()


@pytest.mark.parametrize("fault", UPLOADED)
def test_a_fault_refuses_the_upload_and_the_next_one_is_read(assigned_with_worker, caplog, fault):
    student, assigned = assigned_with_worker
    with caplog.at_level(logging.WARNING, "api.reports"):
        refused = upload_report(student, assigned, f"{fault} it")
    assert (refused.status_code, refused.json()["code"]) == (422, "report_unreadable")
    [error] = refused.json()["errors"]
    assert (error["field"], error["message"]) == ("file", ERRORS[fault])
    logged = any(record.name == "api.reports" for record in caplog.records)
    assert logged == (ERRORS[fault] in (CRASHED, INTERNAL_ERROR))
    assert create_report(student, assigned, REPORT)["parts"][0]["confidence"] == "certain"
