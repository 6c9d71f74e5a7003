"""The service: REST routes, pages, command line, database. Everything that touches the world.

A process that loads any part of it looks for garbage seldom from then on. It is set here, for a
process that another starts loads this first, and most of what it makes before it runs.
"""

import gc
from typing import Final

__all__ = ["GC_THRESHOLDS"]

GC_THRESHOLDS: Final = (50_000, 20, 20)
"""The thresholds of the garbage collector; Python's own are 700, 10, 10.

What modules make while they are loaded stays: to look through it over and over took a fifth of the
time that the service needs to start. What a request makes goes with its last reference.
"""
gc.set_threshold(*GC_THRESHOLDS)
