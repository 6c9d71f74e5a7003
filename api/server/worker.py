"""Worker process: publishes the bank and executes regrades."""

import logging
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from api.config.settings import PREFIX, Settings
from api.core.clock import system_clock
from api.db.engine import Database
from api.server.bank_publisher import publish_in_background
from api.server.bootstrap import StartError
from api.services.regrades.execution.executors import executor_of
from api.services.regrades.execution.runner import Runner

__all__ = ["Heartbeat", "work"]

POLL: Final = 1.0
"""After how many seconds it looks for what others have asked for."""
PAUSE: Final = 60.0
"""How many seconds lie between two starts of what publishes the bank, where it was killed."""

log = logging.getLogger("api.worker")


class Heartbeat:
    """Heartbeat *file* that a worker touches to show that it is alive; None disables it."""

    def __init__(self, file: Path | None) -> None:
        self._file, self._failed = file, False

    def check(self) -> None:
        """Raise `StartError` if the file cannot be written."""
        self.beat()
        if self._failed:
            raise StartError(f"{PREFIX}HEARTBEAT: set it to a file that can be written")

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


def work(settings: Settings, *, up: Callable[[], None] = lambda: None) -> None:
    """Work until this process is stopped; a regrade chunk in progress is finished first.

    *up* is called once the worker is ready.
    """
    told = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: told.set())
    publisher = publish_in_background(settings)
    db = Database(settings.database, pool=2)
    make = executor_of(settings.regrade_cluster)
    runner = Runner(db, system_clock, workers=settings.regrade_workers, make=make, poll=POLL)
    runner.start()
    log.info("the worker is up")
    up()
    again, heart = 0.0, Heartbeat(settings.heartbeat)
    while not told.wait(POLL):
        if publisher.exitcode and time.monotonic() > again:
            again = time.monotonic() + PAUSE
            publisher = publish_in_background(settings)
        if runner.is_alive:
            heart.beat()
    publisher.terminate()
    runner.close()
    db.close()
    publisher.join()
    log.info("the worker has ended")
