"""Failpoints of submission intake: tests kill the process there, as `kill -9` would.

Every process passes them; it dies at one only if `GRADER_FAILPOINT` names it.
"""

import os
from itertools import count
from typing import Final, Literal, TypeAlias, get_args

Failpoint: TypeAlias = Literal["after_judging", "before_commit", "after_commit"]
FAILPOINTS: Final[tuple[Failpoint, ...]] = get_args(Failpoint)
FAILPOINT_PATTERN: Final = rf"^({'|'.join(FAILPOINTS)})(:[1-9][0-9]{{0,6}})?$"
"""Failpoint, with an optional ``:n``: the process dies the nth time (default: first)."""
KILLED_EXIT_CODE: Final = 137
"""Exit code of a process that died at a failpoint; a shell reports it after SIGKILL."""

_armed: dict[str, tuple[int, "count[int]"]] = {}


def arm_failpoint(spec: str | None) -> None:
    """Arm the failpoint in *spec*, which has the form of `FAILPOINT_PATTERN`; None disarms all."""
    _armed.clear()
    if spec:
        name, _, time = spec.partition(":")
        _armed[name] = int(time or 1), count(1)


def reach_failpoint(name: Failpoint) -> None:
    """Pass the failpoint *name*, or end the process at once if it is armed and due."""
    if _armed and name in _armed:
        time, reached = _armed[name]
        if next(reached) == time:
            os._exit(KILLED_EXIT_CODE)
