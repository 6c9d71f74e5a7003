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


FORMAT_VERSION: Final = 4
"""Version of the checkpoint format: how questions are chunked and parts are written.

Parts of another version are useless.
"""
MANIFEST_NAME: Final = "manifest.json"
LOCK_NAME: Final = "lock"
TEMPORARY_SUFFIX: Final = ".new"


class CheckpointFolder:
    """The finished parts of one batch in a folder; *resumed*: some existed before this run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.resumed = False

    def discard_parts_unless_current(self, manifest: Mapping[str, object]) -> None:
        """Keep existing parts if they have the same manifest; otherwise delete them."""
        path = self.folder / MANIFEST_NAME
        text = json.dumps(manifest, indent=2, sort_keys=True)
        self.resumed = path.is_file() and path.read_text(encoding="utf-8") == text
        if self.resumed:
            return
        for file in self.folder.iterdir():
            if file.name != LOCK_NAME:
                file.unlink()
        self.write_atomically(MANIFEST_NAME, lambda new: _write_text(new, text))

    def part_path(self, name: str) -> Path:
        """Return the path of a part."""
        return self.folder / name

    def has_part(self, name: str) -> bool:
        """Return whether a part is complete."""
        return self.part_path(name).is_file()

    def write_atomically(self, name: str, fill: Callable[[Path], None]) -> None:
        """Write a part atomically: *fill* writes to a temporary path, which is then renamed."""
        temporary_path = self.part_path(name + TEMPORARY_SUFFIX)
        fill(temporary_path)
        temporary_path.replace(self.part_path(name))

    def read_frame(self, name: str) -> pl.DataFrame | None:
        """Return the columns of a part; None if it is missing or was damaged by a power failure."""
        if not self.has_part(name):
            return None
        try:
            return pl.read_ipc(self.part_path(name))
        except (OSError, pl.exceptions.PolarsError):
            return None

    def write_frame(self, name: str, frame: pl.DataFrame) -> None:
        """Write columns as a part."""
        self.write_atomically(name, frame.write_ipc)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


@contextmanager
def open_checkpoint_folder(path: Path) -> Iterator[CheckpointFolder]:
    """Yield the parts of the output *path*, and remove them once it is written.

    They stay if the run ends otherwise. Raises `FileError` if another process uses them.
    """
    folder = path.with_name(f".{path.name}.parts")
    folder.mkdir(exist_ok=True)
    with (folder / LOCK_NAME).open("w") as lock:
        if fcntl is not None:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise FileError(f"another `grader batch` is writing {path}. Wait for it") from error
        try:
            yield CheckpointFolder(folder)
        except BaseException:
            if not (folder / MANIFEST_NAME).is_file():
                shutil.rmtree(folder)
            raise
    shutil.rmtree(folder)
