"""One event loop for the requests of all tests of a process, in a thread of its own.

A thread that drives a browser runs an event loop already: a test can start none beside it.
"""

import atexit
from contextlib import ExitStack
from functools import cache

from anyio.from_thread import BlockingPortal, start_blocking_portal

__all__ = ["one_loop"]


@cache
def one_loop() -> BlockingPortal:
    """Return what runs coroutines in the event loop, which lasts as long as the process."""
    lasting = ExitStack()
    atexit.register(lasting.close)
    return lasting.enter_context(start_blocking_portal())
