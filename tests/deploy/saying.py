"""Output of `make docker-test`, and its exit when a check fails."""

import sys
import time

__all__ = ["check", "say"]

BEGAN = time.monotonic()


def say(words: str) -> None:
    """Print a line immediately, with the time since the start."""
    sys.stdout.write(f"docker-test {time.monotonic() - BEGAN:5.0f} s: {words}\n")
    sys.stdout.flush()


def check(holds: bool, words: str) -> None:  # noqa: FBT001  # a condition, and what it says
    """Print the check, and exit with status 1 unless it *holds*."""
    say(words if holds else f"FAILED: {words}")
    if not holds:
        raise SystemExit(1)
