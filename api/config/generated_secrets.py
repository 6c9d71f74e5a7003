"""Secrets that a machine makes for itself, each in a file of its own."""

import os
from pathlib import Path
from secrets import token_urlsafe

from api.core.atomic_files import put_in_place
from api.core.errors import FileError

__all__ = ["make_secret"]

BYTES = 32
OWN = 0o400
SHARED = 0o444


def make_secret(file: Path, *, shared: bool) -> bool:
    """Write a new secret into *file* and return True; one that is there stays, which is False.

    Its owner may read it, or everybody on the machine where it is *shared*.
    """
    try:
        if file.exists():
            if not file.read_text(encoding="utf-8").strip():
                raise FileError(f"{file} is empty; delete it, and a new secret is made")
            return False
        part = file.with_name(f"{file.name}.part")
        part.unlink(missing_ok=True)
        opened = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWN)
        with os.fdopen(opened, "w", encoding="utf-8") as written:
            written.write(token_urlsafe(BYTES))
        part.chmod(SHARED if shared else OWN)
        put_in_place(part, file)
    except OSError as error:
        raise FileError(f"{file} cannot be written: {(error.strerror or '').lower()}") from error
    return True
