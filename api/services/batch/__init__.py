"""Batch grading: a file of answers in, the same rows with their results out.

Rows of one student, problem and seed belong together wherever they are in the file, so that later
parts follow through from earlier ones. A repeated part is a later attempt. No database is used.

The file is read in blocks of columns (`formats.sources`). Each row is reduced to a few integers
(`interning`), from which the distinct questions are derived (`questions`, `carrying`). Each
question is graded once (`grading`, `judging`), in any process (`executors`). The rows are then
written with their results, block by block (`formats.outputs`, `formats.writing`). Finished parts
are kept until the end (`checkpoints`), so that a killed run can resume (`running`).
"""

from typing import Final

__all__ = ["GRADING_MODULE"]

GRADING_MODULE: Final = f"{__name__}.grading_jobs"
"""Name of the grading module; a process that has imported it has loaded the engine."""
