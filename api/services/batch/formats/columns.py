"""Columns of a batch: input fields, result fields, and their names in the file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from api.core.errors import FileError

INPUT_FIELDS: Final = ("student", "problem", "part", "answer", "seed")
RESULT_FIELDS: Final = (
    "status",
    "credit",
    "score",
    "points",
    "read_as",
    "mistakes",
    "feedback",
    "error",
    "current",
)
REQUIRED_FIELDS: Final = INPUT_FIELDS[:4]


def is_batch_output(columns: Sequence[str]) -> bool:
    """Return whether a file with these columns is an output of a batch."""
    return set(RESULT_FIELDS) <= set(columns)


def check_columns(path: Path, columns: Sequence[str], names: Mapping[str, str]) -> None:
    """Raise `FileError` if a column is missing or would clash with the results.

    *names* maps our columns to the file's.
    """
    for column in dict.fromkeys((*REQUIRED_FIELDS, *names)):
        name = names.get(column, column)
        if name not in columns:
            raise FileError(
                f"{path} has no column {name!r}; it has {', '.join(columns)}. "
                f"Name the one to use with --map {column}=..."
            )
    taken = set(columns) & set(RESULT_FIELDS)
    if taken and not is_batch_output(columns):
        raise FileError(
            f"{path} already has a column {min(taken)!r}, which the results would hide. Rename it"
        )


def find_column(field: str, columns: Sequence[str], names: Mapping[str, str]) -> str | None:
    """Return the file's column for one of our fields; None if there is none."""
    column = names.get(field, field)
    return column if column in columns else None
