"""Atomic file replacement: after a power loss the file is complete or absent."""

import os
from contextlib import suppress
from pathlib import Path


def replace_file_durably(partial_file: Path, file: Path) -> None:
    """Flush *part* to disk, then rename it to *file* in the same folder.

    The order matters: a rename before the flush could leave an empty file after a power loss.
    """
    _fsync(partial_file)
    partial_file.replace(file)
    with suppress(OSError):  # some network shares do not support it
        _fsync(file.parent)  # makes the rename durable


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
