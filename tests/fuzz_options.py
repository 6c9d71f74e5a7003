"""Command-line options of a long fuzz run: its duration in seconds and its seed."""

import argparse

__all__ = ["fuzz_options"]


def fuzz_options() -> argparse.Namespace:
    """Return `seconds` and `seed` from the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()
