"""Points of the intake at which a process dies as `kill -9` ends it, so that tests hit each window.

A service reaches them all the time; it dies at one only where `GRADER_FAILPOINT` names it.
"""

import os
from itertools import count
from typing import Final, Literal, TypeAlias, get_args

__all__ = ["FAILPOINTS", "KILLED", "PATTERN", "Failpoint", "arm", "reach"]

Failpoint: TypeAlias = Literal["after_judging", "before_commit", "after_commit"]
FAILPOINTS: Final[tuple[Failpoint, ...]] = get_args(Failpoint)
PATTERN: Final = rf"^({'|'.join(FAILPOINTS)})(:[1-9][0-9]{{0,6}})?$"
"""A failpoint, and at which time of being reached the process dies, by itself the first."""
KILLED: Final = 137
"""The exit code of a process that ended at a failpoint, as a shell gives it for one killed."""

_armed: dict[str, tuple[int, "count[int]"]] = {}


def arm(given: str | None) -> None:
    """Let this process die at the failpoint that is *given* as `PATTERN` says; at none for None."""
    _armed.clear()
    if given:
        name, _, time = given.partition(":")
        _armed[name] = int(time or 1), count(1)


def reach(name: Failpoint) -> None:
    """Return, unless the process is to die here: then nothing runs any more."""
    if _armed and name in _armed:
        time, reached = _armed[name]
        if next(reached) == time:
            os._exit(KILLED)
