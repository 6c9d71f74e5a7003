"""What is done of a batch, kept beside its output until all is done, so that it can go on.

A part is written under another name and renamed when it is whole. The manifest says what the parts
are of: the file, the engine, the problems, the options. Parts of anything else are thrown away.
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
except ImportError:  # not on Windows, where two runs at once are the user's own affair
    fcntl = None  # type: ignore[assignment]

__all__ = ["FORM", "Parts", "parts_beside"]

FORM: Final = 4
"""How questions are cut into chunks and parts are written; parts in another form are of no use."""
MANIFEST: Final = "manifest.json"
LOCK: Final = "lock"
NEW: Final = ".new"


class Parts:
    """The parts of one batch in a folder; *resumed* says that some were there before."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.resumed = False

    def begin(self, manifest: Mapping[str, object]) -> None:
        """Keep the parts that are there if they are of the same batch, else throw them away."""
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
        """Return where a part is."""
        return self.folder / name

    def has(self, name: str) -> bool:
        """Tell whether a part is whole."""
        return self.path(name).is_file()

    def write(self, name: str, fill: Callable[[Path], None]) -> None:
        """Make a part, which *fill* writes to the path that it is given."""
        new = self.path(name + NEW)
        fill(new)
        new.replace(self.path(name))

    def frame(self, name: str, make: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """Return the columns of a part, made where it is not there."""
        found = self.read(name)
        if found is None:
            found = make()
            self.keep(name, found)
        return found

    def read(self, name: str) -> pl.DataFrame | None:
        """Return the columns of a part, None where it is not there, or torn by a loss of power."""
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
    """Yield the parts of what becomes *path*, which are removed when that is written.

    They stay where it ends otherwise. `FileError` where another process is at work on them.
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
