"""The installed package, which contains the packages of the repository.

Other distributions install packages called `api`, `problems`, `migrations` and `grader`
as well. So the wheel keeps ours in a private directory, and importing `dlgrader` puts
that directory in front of `sys.path`. A checkout has no such directory: there the
packages are siblings of this one (ADR 20).
"""

import os
import sys
from pathlib import Path
from typing import Final

__all__ = ["PACKAGES"]

PACKAGES: Final = Path(__file__).parent / "_packages"
"""The private directory, with `api`, `grader`, `migrations` and `problems` in it."""


def _add_to_import_path(folder: str) -> None:
    if folder not in sys.path:
        sys.path.insert(0, folder)
    # Child processes inherit `sys.path`, but the fork server of Python 3.11 and programs that are
    # started with another command do not.
    inherited = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if folder not in inherited:
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (folder, *inherited)))


if PACKAGES.is_dir():
    _add_to_import_path(str(PACKAGES))
