"""Worker process: publishes the bank, executes regrades, sends e-mail and scores, and so on."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from api.config.settings import ServiceSettings
from api.config.sources import ENV_PREFIX
from api.core.clock import system_clock
from api.db.engine import Database
from api.server.bank_publisher import publish_in_background
from api.server.bootstrap import StartupError
from api.services.files.expiry_runner import FileExpiryRunner
from api.services.outbox.runner import OutboxRunner
from api.services.regrades.execution.grading_jobs import get_executor_factory
from api.services.regrades.execution.runner import RegradeRunner
from api.state import build_lti_tool, build_roster_runner, build_score_runner

if TYPE_CHECKING:
    from api.services.lti.roster.runner import RosterRunner
    from api.services.lti.scores.runner import ScoreRunner

POLL_SECONDS: Final = 1.0
"""Seconds between two checks for new work."""
NICENESS: Final = 5
"""Niceness of the process: on a busy machine, the processes that accept answers come first."""
PUBLISHER_RESTART_SECONDS: Final = 60.0
"""Minimum seconds between two restarts of a failed publishing process."""

log = logging.getLogger("api.worker")


class Heartbeat:
    """Heartbeat *file* that a worker touches to show that it is alive; None disables it."""

    def __init__(self, file: Path | None) -> None:
        self._file, self._failed = file, False

    def check_writable(self) -> None:
        """Raise `StartupError` if the file cannot be written."""
        self.beat()
        if self._failed:
            raise StartupError(f"{ENV_PREFIX}HEARTBEAT: set it to a writable file")

    def beat(self) -> None:
        """Touch the file; log a failure once until it succeeds again."""
        try:
            if self._file is not None:
                self._file.touch()
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            if not self._failed:
                log.error("the heartbeat %s cannot be written: %s", self._file, why)  # noqa: TRY400
            self._failed = True
        else:
            self._failed = False


def _watch_until_stopped(
    settings: ServiceSettings,
    publisher: SpawnProcess,
    runner: RegradeRunner,
    stop_requested: threading.Event,
) -> SpawnProcess:
    """Restart *publisher* when it fails and record heartbeats; return the last publisher."""
    restart_after, heartbeat = 0.0, Heartbeat(settings.heartbeat)
    while not stop_requested.wait(POLL_SECONDS):
        if publisher.exitcode and time.monotonic() > restart_after:
            restart_after = time.monotonic() + PUBLISHER_RESTART_SECONDS
            publisher = publish_in_background(settings)
        if runner.is_alive:
            heartbeat.beat()
    return publisher


def run_worker(settings: ServiceSettings, *, on_ready: Callable[[], None] = lambda: None) -> None:
    """Work until this process is stopped; a regrade chunk in progress is finished first.

    *on_ready* is called once the worker is ready.
    """
    os.nice(NICENESS)
    stop_requested = threading.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: stop_requested.set())
    publisher = publish_in_background(settings)
    db = Database(settings.database, pool=2)
    make = get_executor_factory(settings.regrade_cluster)
    runner = RegradeRunner(
        db,
        system_clock,
        workers=settings.regrade_workers,
        executor_factory=make,
        poll_seconds=POLL_SECONDS,
    )
    runner.start()
    tool = build_lti_tool(settings)
    side_runners: list[OutboxRunner | FileExpiryRunner | ScoreRunner | RosterRunner | None] = [
        OutboxRunner.from_settings(db, system_clock, settings),
        FileExpiryRunner(db, system_clock, days=settings.report_days),
        build_score_runner(db, system_clock, tool, settings),
        build_roster_runner(db, system_clock, tool),
    ]
    for side_runner in side_runners:
        if side_runner is not None:
            side_runner.start()
    log.info("the worker is running")
    on_ready()
    publisher = _watch_until_stopped(settings, publisher, runner, stop_requested)
    publisher.terminate()
    runner.close()
    for side_runner in side_runners:
        if side_runner is not None:
            side_runner.close()
    if tool is not None:
        tool.close()
    db.close()
    publisher.join()
    log.info("the worker has ended")
