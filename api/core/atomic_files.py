"""A file that is put in its place so that a loss of power leaves all of it there, or nothing."""

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["put_in_place"]


def put_in_place(part: Path, file: Path) -> None:
    """Give the whole *part* the name *file*, in the same folder, once it lies on the disk."""
    _flush(part)
    part.replace(file)
    with suppress(OSError):  # some shares cannot
        _flush(file.parent)  # the name is kept by the folder


def _flush(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
