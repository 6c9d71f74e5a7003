"""Failpoints of submission intake: tests kill the process there, as `kill -9` would.

Every process passes them; it dies at one only if `GRADER_FAILPOINT` names it.
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
    """Arm the failpoint in *given*, which has the form of `PATTERN`; None disarms all."""
    _armed.clear()
    if given:
        name, _, time = given.partition(":")
        _armed[name] = int(time or 1), count(1)


def reach(name: Failpoint) -> None:
    """Pass the failpoint *name*, or end the process at once if it is armed and due."""
    if _armed and name in _armed:
        time, reached = _armed[name]
        if next(reached) == time:
            os._exit(KILLED)
