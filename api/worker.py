"""The process beside those that serve: it publishes the bank, and does what regrades ask for."""

import logging
import signal
import threading
import time
from collections.abc import Callable
from typing import Final

from api.clock import system_clock
from api.db import Database
from api.publisher import publish_in_background
from api.services.regrades.executors import executor_of
from api.services.regrades.runner import Runner
from api.settings import Settings

__all__ = ["work"]

POLL: Final = 1.0
"""After how many seconds it looks for what others have asked for."""
PAUSE: Final = 60.0
"""How many seconds lie between two tries to publish the bank, where the database fails."""

log = logging.getLogger("api.worker")


def work(settings: Settings, *, up: Callable[[], None] = lambda: None) -> None:
    """Work until this process is told to stop; a chunk of a regrade that is begun is ended.

    *up* is called once it works.
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
    again = 0.0
    while not told.wait(POLL):
        if publisher.exitcode and time.monotonic() > again:
            again = time.monotonic() + PAUSE
            publisher = publish_in_background(settings)
        if settings.heartbeat is not None and runner.is_alive:
            settings.heartbeat.touch()
    publisher.terminate()
    runner.close()
    db.close()
    publisher.join()
    log.info("the worker has ended")
