"""Limits of seeds, in a module of its own: it imports nothing, so that command lines start fast."""

from typing import Final

MAX_SEED: Final = 2**53
"""Largest seed: JSON numbers up to it are exact everywhere."""
PUBLISHED_SEEDS: Final = 500
"""Number of seeds of a problem that are published by default."""
