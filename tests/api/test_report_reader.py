"""Tests of the reader of uploaded reports: worker processes, deadlines, crashes and limits."""

import threading
from uuid import uuid4

import pytest
from uploads import REPORT
from world import TEXT_PROBLEM

from api.core.errors import InvalidInput, RateLimited, ServiceUnavailable
from api.services.reports.runner import CRASHED, TOO_LONG
from api.services.reports.uploads import report_reader
from api.services.reports.uploads.reading_job import SheetProblem
from api.services.reports.uploads.report_reader import ReportReader
from grader.reports.labels import label_parts

SHEET = (
    SheetProblem(
        "small",
        TEXT_PROBLEM,
        None,
        tuple(label_parts(1, "", ["cells", "doubled", "why"]).items()),
        has_set_labels=False,
        numbers=None,
    ),
)


@pytest.fixture(scope="module")
def reader():
    reader = ReportReader(1)
    yield reader
    reader.close()


def test_a_worker_in_its_sandbox_reads_report_after_report(reader):
    for _ in range(2):
        parts = reader.read(uuid4(), REPORT.encode(), ".md", SHEET)
        assert [part["confidence"] for part in parts] == ["certain"] * 3
    with pytest.raises(InvalidInput) as refused:
        reader.read(uuid4(), b"{}", ".ipynb", SHEET)
    assert refused.value.code == "report_unreadable"


def test_a_person_has_one_report_read_at_a_time_and_few_wait():
    reader, person = ReportReader(0), uuid4()
    with reader._limit.acquire(person), pytest.raises(RateLimited):  # noqa: SLF001
        reader.read(person, REPORT.encode(), ".md", SHEET)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report_reader, "MAX_WAITING", 0)
        with pytest.raises(ServiceUnavailable):
            reader.read(person, REPORT.encode(), ".md", SHEET)


def test_a_reading_that_takes_too_long_is_stopped_and_the_next_one_is_read():
    reader = ReportReader(1, deadline_seconds=0.0001)
    with pytest.raises(InvalidInput) as refused:
        reader.read(uuid4(), REPORT.encode() * 2_000, ".md", SHEET)
    assert TOO_LONG in refused.value.detail
    reader.close()


def test_a_worker_that_dies_refuses_only_its_report(reader):
    pool = reader._pool  # noqa: SLF001
    reader.read(uuid4(), REPORT.encode(), ".md", SHEET)
    [worker] = pool._workers  # noqa: SLF001
    large = ("(a) 9 and 10, or [[1, 2], [3, 4]] = 5\n" * 40_000).encode()
    threading.Timer(0.3, lambda: worker._process and worker._process.kill()).start()  # noqa: SLF001
    with pytest.raises(InvalidInput) as refused:
        reader.read(uuid4(), large, ".md", SHEET)
    assert CRASHED in refused.value.detail or "more than" in refused.value.detail
    assert len(reader.read(uuid4(), REPORT.encode(), ".md", SHEET)) == len(SHEET[0].labels)
