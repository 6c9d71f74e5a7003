"""Thread of the worker that delivers what is due, again and again until it is stopped."""

import logging
import threading
from collections.abc import Callable
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

STOP_SECONDS: Final = 4.0
"""Seconds that a stop waits for the current delivery; an unfinished one is repeated later."""


class PollingThread:
    """Thread that calls *work* until `close`, and pauses for the seconds that it returns.

    After an error it logs the error and pauses for *poll_seconds*.
    """

    def __init__(
        self, name: str, work: Callable[[], float], *, poll_seconds: float, log: logging.Logger
    ) -> None:
        self._work, self._poll_seconds, self._log = work, poll_seconds, log
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def is_stopped(self) -> bool:
        """Whether `close` was called; *work* ends early then."""
        return self._stop.is_set()

    def wait(self, seconds: float) -> None:
        """Wait for some seconds, or until `close` is called."""
        self._stop.wait(seconds)

    def start(self) -> None:
        """Start the thread; it runs until `close`."""
        self._thread.start()

    def close(self) -> bool:
        """Stop after the current delivery; return whether the thread has ended."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            pause = self._poll_seconds
            try:
                pause = self._work()
            except SQLAlchemyError as error:
                self._log.warning("deliveries wait: %s", type(error).__name__)
            except Exception:
                self._log.exception("a delivery failed")
            self._stop.wait(pause)
