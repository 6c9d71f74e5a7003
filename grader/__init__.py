"""The engine: reading, grading, scoring, diagnosis. Values in, values out; no files, no clock."""

from typing import Final

__all__ = ["ENGINE"]

ENGINE: Final = "1"
"""The version of the verdicts: it is raised when any answer may be judged otherwise."""
