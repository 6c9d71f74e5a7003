"""Secrets that the service generates for itself, each in its own file."""

import os
from pathlib import Path
from secrets import token_urlsafe

from api.core.atomic_files import replace_file_durably
from api.core.errors import FileError

SECRET_BYTES = 32
OWNER_ONLY_MODE = 0o400
SHARED_MODE = 0o444


def write_secret_if_missing(file: Path, *, shared: bool) -> bool:
    """Write a new secret to *file* and return True; return False if it already holds one.

    Only the owner can read it; with *shared* every user of the machine can. Raises `FileError` if
    an existing file is empty or the file cannot be written.
    """
    try:
        if file.exists():
            if not file.read_text(encoding="utf-8").strip():
                raise FileError(f"{file} is empty. Delete it to create a new secret")
            return False
        part = file.with_name(f"{file.name}.part")
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY_MODE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as secret_file:
            secret_file.write(token_urlsafe(SECRET_BYTES))
        part.chmod(SHARED_MODE if shared else OWNER_ONLY_MODE)
        replace_file_durably(part, file)
    except OSError as error:
        raise FileError(f"{file} cannot be written: {(error.strerror or '').lower()}") from error
    return True
