"""Checkpoints of a batch: finished parts beside the output, so that a run can resume.

A part is written under a temporary name and renamed when it is complete. The manifest identifies
the file, the engine, the problems and the options. Parts with another manifest are deleted.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import polars as pl

from api.core.errors import FileError

try:
    import fcntl
except ImportError:  # Windows: concurrent runs are not detected there
    fcntl = None  # type: ignore[assignment]

__all__ = ["FORM", "Parts", "parts_beside"]

FORM: Final = 4
"""How questions are cut into chunks and parts are written; parts in another form are of no use."""
MANIFEST: Final = "manifest.json"
LOCK: Final = "lock"
NEW: Final = ".new"


class Parts:
    """The finished parts of one batch in a folder; *resumed*: some existed before this run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.resumed = False

    def begin(self, manifest: Mapping[str, object]) -> None:
        """Keep existing parts if they have the same manifest; otherwise delete them."""
        path = self.folder / MANIFEST
        told = json.dumps(manifest, indent=2, sort_keys=True)
        self.resumed = path.is_file() and path.read_text(encoding="utf-8") == told
        if self.resumed:
            return
        for one in self.folder.iterdir():
            if one.name != LOCK:
                one.unlink()
        self.write(MANIFEST, lambda new: _write_text(new, told))

    def path(self, name: str) -> Path:
        """Return the path of a part."""
        return self.folder / name

    def has(self, name: str) -> bool:
        """Return whether a part is complete."""
        return self.path(name).is_file()

    def write(self, name: str, fill: Callable[[Path], None]) -> None:
        """Write a part atomically: *fill* writes to a temporary path, which is then renamed."""
        new = self.path(name + NEW)
        fill(new)
        new.replace(self.path(name))

    def read(self, name: str) -> pl.DataFrame | None:
        """Return the columns of a part; None if it is missing or was damaged by a power failure."""
        if not self.has(name):
            return None
        try:
            return pl.read_ipc(self.path(name))
        except (OSError, pl.exceptions.PolarsError):
            return None

    def keep(self, name: str, frame: pl.DataFrame) -> None:
        """Write columns as a part."""
        self.write(name, frame.write_ipc)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


@contextmanager
def parts_beside(path: Path) -> Iterator[Parts]:
    """Yield the parts of the output *path*, and remove them once it is written.

    They stay if the run ends otherwise. Raises `FileError` if another process uses them.
    """
    folder = path.with_name(f".{path.name}.parts")
    folder.mkdir(exist_ok=True)
    with (folder / LOCK).open("w") as lock:
        if fcntl is not None:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise FileError(f"another `grader batch` is writing {path}; wait for it") from error
        try:
            yield Parts(folder)
        except BaseException:
            if not (folder / MANIFEST).is_file():
                shutil.rmtree(folder)
            raise
    shutil.rmtree(folder)
