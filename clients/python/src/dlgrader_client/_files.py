"""Files that only their owner can read, written atomically."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from dlgrader_client._errors import StorageFailedError


def state_folder() -> Path:
    """Return the folder of tokens and queued answers: ``DLGRADER_HOME``, or one per user."""
    chosen = os.environ.get("DLGRADER_HOME")
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home()) / "dlgrader"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "dlgrader"


def make_private_folder(folder: Path) -> None:
    """Create *folder* for its owner alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def write_private_json(path: Path, value: Any) -> None:
    """Write *value* with mode 600; a process that is killed leaves the old file or the new one.

    Raises `StorageFailedError` if the file cannot be written, as on a full disk.
    """
    try:
        _write_json(path, value)
    except OSError as error:
        raise StorageFailedError(
            f"{path} cannot be written: {error.strerror or error}. Free some space, or set the "
            "environment variable DLGRADER_HOME to a folder that you can write to."
        ) from None


def _write_json(path: Path, value: Any) -> None:
    make_private_folder(path.parent)
    # mkstemp creates the file with mode 600.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(value, file)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def read_json_object(path: Path) -> dict[str, Any]:
    """Return the object in a file, {} if there is no file or nothing that can be used."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _sync_folder(folder: Path) -> None:
    """Make a rename durable, where the system and the file system can.

    The file is written already: an error here must not report that it is not.
    """
    if sys.platform == "win32":
        return
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
