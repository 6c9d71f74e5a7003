"""What `make docker-test` says while it runs, and how it ends where something does not hold."""

import sys
import time

__all__ = ["check", "say"]

BEGAN = time.monotonic()


def say(words: str) -> None:
    """Print a line at once, with the time since the start."""
    sys.stdout.write(f"docker-test {time.monotonic() - BEGAN:5.0f} s: {words}\n")
    sys.stdout.flush()


def check(holds: bool, words: str) -> None:  # noqa: FBT001  # a condition, and what it says
    """Say that something *holds*, or end."""
    say(words if holds else f"FAILED: {words}")
    if not holds:
        raise SystemExit(1)
