"""Atomic file replacement: after a power loss the file is complete or absent."""

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["put_in_place"]


def put_in_place(part: Path, file: Path) -> None:
    """Flush *part* to disk, then rename it to *file* in the same folder.

    The order matters: a rename before the flush could leave an empty file after a power loss.
    """
    _flush(part)
    part.replace(file)
    with suppress(OSError):  # some network shares do not support it
        _flush(file.parent)  # makes the rename durable


def _flush(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
