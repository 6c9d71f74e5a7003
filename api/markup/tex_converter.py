"""TeX conversion in a child process, which can be killed if a formula takes too long."""

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from api.markup.tex_bounds import TexError

ANSWER_TIMEOUT_SECONDS: Final = 5.0
"""Maximum seconds until an answer on a busy machine.

The child itself limits its processor time.
"""
WATCH_INTERVAL_SECONDS: Final = 1.0
STOP_TIMEOUT_SECONDS: Final = 1.0
EXTERNAL_EXIT_CODES: Final = frozenset({-signal.SIGTERM, -9})
"""Exit codes of a child that was ended from outside, which do not concern its formula."""
SETTINGS_PREFIX: Final = "GRADER_"
"""Prefix of the settings, none of which are passed to the child."""
TOO_COSTLY: Final = (
    "The formula takes too much time or memory to convert. Split it into shorter formulas, and "
    "close every bracket."
)
NO_ANSWER: Final = "The formula converter did not respond in time. Try again in a moment."


@dataclass(frozen=True, slots=True)
class Conversion:
    """MathML of a formula, or the error, and the processor time used in seconds."""

    markup: str = ""
    error: TexError | None = None
    cpu_seconds: float = 0.0


class TexCostError(TexError):
    """A formula exceeded its limit of time or memory, and the child that converted it has ended."""


class TexUnavailableError(TexError):
    """A formula was not converted in time, for a reason unrelated to the formula."""


class TexConverter:
    """Converts one formula at a time in a child process; safe to share between threads.

    The child starts with the first formula and is replaced when it dies. It ends with this process:
    its input ends then, and its own limit of processor time ends a conversion in progress.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._sent_at: float | None = None
        self._is_late = False
        atexit.register(self.close)

    def convert(self, source: str, *, display: bool) -> Conversion:
        """Return the MathML of a formula, or the error of an invalid one.

        Raises `TexCostError` for a formula that exceeds the limits, and `TexUnavailableError` if
        the machine is too busy or no child can be started.
        """
        if not self._lock.acquire(timeout=ANSWER_TIMEOUT_SECONDS):
            raise TexUnavailableError(NO_ANSWER)
        try:
            answer = self._exchange_line(json.dumps([source, display]).encode() + b"\n")
        finally:
            self._lock.release()
        is_converted, text, seconds = json.loads(answer)
        if not is_converted:
            return Conversion(error=TexError(str(text)), cpu_seconds=seconds)
        return Conversion(str(text), cpu_seconds=seconds)

    def close(self) -> None:
        """Stop the child; the next formula starts a new one."""
        child, self._child = self._child, None
        if child is not None:
            _stop_child(child)

    def _exchange_line(self, line: bytes) -> bytes:
        """Return the child's answer to one line; a child that died idle is restarted."""
        for is_fresh in (False, True):
            child = self._ensure_child() if not is_fresh else self._start_child()
            self._is_late, self._sent_at = False, time.monotonic()
            try:
                child.stdin.write(line)  # type: ignore[union-attr]  # both are pipes
                child.stdin.flush()  # type: ignore[union-attr]
                answer = child.stdout.readline()  # type: ignore[union-attr]
            except OSError:
                continue  # the child died before it received the formula
            finally:
                self._sent_at = None
            if answer.endswith(b"\n"):
                return answer
            if child.wait() not in EXTERNAL_EXIT_CODES:
                raise TexCostError(TOO_COSTLY)
            if self._is_late:
                break
        raise TexUnavailableError(NO_ANSWER)

    def _ensure_child(self) -> subprocess.Popen[bytes]:
        child = self._child
        return child if child is not None and child.poll() is None else self._start_child()

    def _start_child(self) -> subprocess.Popen[bytes]:
        self.close()
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(SETTINGS_PREFIX)
        }
        try:
            # `-P`: import no module from the working directory.
            self._child = subprocess.Popen(
                [sys.executable, "-P", "-m", "api.markup.tex_child"],
                env=environment | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            raise TexUnavailableError(NO_ANSWER) from error
        threading.Thread(
            target=self._kill_child_when_late, args=(self._child,), daemon=True
        ).start()
        return self._child

    def _kill_child_when_late(self, child: subprocess.Popen[bytes]) -> None:
        """Kill a child that does not answer in time; runs as long as the child lives."""
        while child.poll() is None:
            sent_at = self._sent_at
            if sent_at is not None and time.monotonic() - sent_at > ANSWER_TIMEOUT_SECONDS:
                self._is_late = True
                child.kill()
            time.sleep(WATCH_INTERVAL_SECONDS)


def _stop_child(child: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):
        child.stdin.close()  # type: ignore[union-attr]  # it is a pipe
    try:
        child.wait(STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    child.stdout.close()  # type: ignore[union-attr]  # it is a pipe
