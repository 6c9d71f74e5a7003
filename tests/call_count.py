"""Work measured as a number of calls, independent of the machine's load."""

import gc
import sys
from collections.abc import Callable
from types import FrameType

__all__ = ["count_calls"]

CALLS = frozenset({"call", "c_call"})


def count_calls(act: Callable[[], object]) -> int:
    """Return how many functions *act* calls, in Python and in C.

    About 6,000 calls take a millisecond.
    """
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in CALLS

    before = sys.getprofile()
    gc.disable()
    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(before)
        gc.enable()
    return count
