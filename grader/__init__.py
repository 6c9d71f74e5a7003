"""The engine: reading, grading, scoring, diagnosis. Values in, values out; no files, no clock."""

from typing import Final

__all__ = ["ENGINE"]

ENGINE: Final = "1"
"""Version of the verdicts, raised whenever any answer may be graded differently."""
