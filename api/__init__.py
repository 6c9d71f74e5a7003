"""The package that touches the world: the service, its pages, the command line and the database.

Whatever loads a part of it is a process of its own, and looks for garbage seldom from then on.
"""

import gc
from typing import Final

__all__ = ["RARELY"]

RARELY: Final = (50_000, 20, 20)
"""The thresholds of the garbage collector; Python's own are 700, 10, 10.

What modules make while they are loaded stays: to look through it over and over took a fifth of the
time that the service needs to start. What a request makes goes with its last reference.
"""
gc.set_threshold(*RARELY)
