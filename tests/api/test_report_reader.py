"""Tests of the reader of uploaded reports: worker processes, deadlines, crashes and limits."""

import re
import threading
import time
from pathlib import Path
from uuid import uuid4

import pytest
from report_readers import SHEET, make_reader
from uploads import REPORT

from api.core.errors import InvalidInput, RateLimited, ServiceUnavailable
from api.rate_limits.leaky_bucket import LeakyBucketLimiter
from api.rate_limits.reading_budget import (
    MILLISECONDS,
    READING_RATE,
    READING_SECONDS_PER_HOUR,
    ReadingBudget,
)
from api.services.reports.runner import CRASHED, TOO_LONG
from api.services.reports.uploads import report_reader
from api.services.reports.uploads.report_reader import (
    READING_SECONDS,
    RETRY_SECONDS,
    STARTING_SECONDS,
    STOPPING_MESSAGE,
    WAITING_SECONDS,
    ReportReader,
)


@pytest.fixture(scope="module")
def reader():
    reader = make_reader(1, starting_seconds=60)
    yield reader
    reader.close()


def test_sandboxed_worker_reads_several_reports(reader):
    for _ in range(2):
        parts = reader.read(uuid4(), REPORT.encode(), ".md", SHEET)
        assert [part["confidence"] for part in parts] == ["certain"] * 3
    with pytest.raises(InvalidInput) as refused:
        reader.read(uuid4(), b"{}", ".ipynb", SHEET)
    assert refused.value.code == "report_unreadable"


def test_report_reading_is_limited_to_one_per_user_and_a_short_queue():
    reader, person = make_reader(0), uuid4()
    with reader._limit.acquire(person), pytest.raises(RateLimited):  # noqa: SLF001
        reader.read(person, REPORT.encode(), ".md", SHEET)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report_reader, "MAX_WAITING", 0)
        with pytest.raises(ServiceUnavailable):
            reader.read(person, REPORT.encode(), ".md", SHEET)


def test_reading_time_budget_is_per_user():
    now, greedy = [0.0], uuid4()
    limiter = LeakyBucketLimiter(READING_RATE, clock=lambda: now[0])
    reader = ReportReader(0, budget=ReadingBudget(limiter))
    reader.run(greedy, time.sleep, time.sleep, 0.01)
    assert limiter.wait_seconds(str(greedy)) == 0
    limiter.add(str(greedy), (READING_SECONDS_PER_HOUR + 30) * MILLISECONDS)
    with pytest.raises(RateLimited) as refused:
        reader.read(greedy, REPORT.encode(), ".md", SHEET)
    assert "120 s to read within an hour" in refused.value.detail
    assert 900 <= refused.value.retry_after <= 902  # 30 s of reading at two minutes an hour
    reader.run(uuid4(), time.sleep, time.sleep, 0.0)
    now[0] += refused.value.retry_after
    reader.read(greedy, REPORT.encode(), ".md", SHEET)


def test_failed_reading_counts_toward_time_budget():
    limiter = LeakyBucketLimiter(READING_RATE, clock=lambda: 0.0)
    reader, person = ReportReader(0, budget=ReadingBudget(limiter)), uuid4()

    def fail_slowly() -> str:
        time.sleep(0.1)
        raise ValueError("unreadable")

    with pytest.raises(ValueError, match="unreadable"):
        reader.run(person, fail_slowly, fail_slowly)
    assert limiter.take_pending()[str(person)] >= 100


def wait_until_read(reader: ReportReader) -> None:
    """Return once a file is being read by the only worker."""
    while reader._free_workers._value:  # noqa: SLF001
        time.sleep(0.01)


def test_report_waits_for_a_worker_only_briefly():
    reader = make_reader(1, waiting_seconds=0.2, starting_seconds=60)
    first = threading.Thread(target=reader.run, args=(uuid4(), time.sleep, time.sleep, 3.0))
    first.start()
    wait_until_read(reader)
    with pytest.raises(ServiceUnavailable) as refused:
        reader.run(uuid4(), time.sleep, time.sleep, 0.0)
    assert first.is_alive()
    assert (refused.value.status, refused.value.retry_after) == (503, RETRY_SECONDS)
    first.join()
    assert reader.run(uuid4(), time.sleep, time.sleep, 0.0) is None
    reader.close()


def test_slow_worker_start_returns_503():
    reader = make_reader(1, deadline_seconds=0.1, starting_seconds=0.0)
    with pytest.raises(ServiceUnavailable) as refused:
        reader.run(uuid4(), time.sleep, time.sleep, 0.0)
    assert refused.value.retry_after == RETRY_SECONDS
    reader.close()


def test_closing_the_reader_rejects_waiting_reports_at_once():
    reader, errors = make_reader(1, waiting_seconds=60), []

    def read() -> None:
        try:
            reader.run(uuid4(), time.sleep, time.sleep, 60.0)
        except ServiceUnavailable as error:
            errors.append(error.detail)

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    wait_until_read(reader)
    reader.close()
    for thread in threads:
        thread.join(20)
    assert errors == [STOPPING_MESSAGE] * 2


def test_report_deadlines_are_shorter_than_proxy_timeout():
    caddyfile = (Path(__file__).parents[2] / "docker" / "Caddyfile").read_text()
    [proxy_seconds] = map(int, re.findall(r"response_header_timeout (\d+)s", caddyfile))
    assert proxy_seconds > WAITING_SECONDS + STARTING_SECONDS + READING_SECONDS


def test_slow_reading_is_aborted_with_an_error():
    reader = make_reader(1, deadline_seconds=0.0001, starting_seconds=60)
    with pytest.raises(InvalidInput) as refused:
        reader.read(uuid4(), REPORT.encode() * 2_000, ".md", SHEET)
    assert TOO_LONG in refused.value.detail
    reader.close()


def test_worker_crash_rejects_only_its_report(reader):
    pool = reader._pool  # noqa: SLF001
    reader.read(uuid4(), REPORT.encode(), ".md", SHEET)
    [worker] = pool._workers  # noqa: SLF001
    large = ("(a) 9 and 10, or [[1, 2], [3, 4]] = 5\n" * 40_000).encode()
    threading.Timer(0.3, lambda: worker._process and worker._process.kill()).start()  # noqa: SLF001
    with pytest.raises(InvalidInput) as refused:
        reader.read(uuid4(), large, ".md", SHEET)
    assert CRASHED in refused.value.detail or "more than" in refused.value.detail
    assert len(reader.read(uuid4(), REPORT.encode(), ".md", SHEET)) == len(SHEET[0].labels)
