"""Batch grading: a file of answers in, the same rows with their results out.

Rows of one student, problem and seed belong together wherever they stand, so that later parts
follow through from earlier ones. A repeated part is a later attempt. No database is touched.

The file is read in blocks, as columns (`sources`). Every row becomes a few small numbers
(`interning`), from which the different questions are told (`questions`, `carrying`); each of these
is judged once (`asking`, `judging`), in any process (`executors`). Then the rows are written with
their results, block by block (`outputs`, `writing`). What is judged and written is kept in parts
until all is done (`parts`), so that a run that was killed goes on (`running`).
"""

from typing import Final

__all__ = ["JUDGING"]

JUDGING: Final = f"{__name__}.judging"
"""The module that judges; a process that has loaded it has loaded the engine."""
