"""Wheels as bytes: the files of a distribution with their record, always in the same form."""

import base64
import hashlib
import io
from collections.abc import Iterable
from zipfile import ZipFile

from api.services.files.zip_entries import add_entry


def build_wheel(
    files: Iterable[tuple[str, bytes]], *, dist_info_folder: str, compress: bool = True
) -> bytes:
    """Return a wheel of *files*, pairs of a path and its content, with a ``RECORD`` in *info*.

    The same files give the same bytes; without *compress* also with every version of zlib.
    """
    buffer, record = io.BytesIO(), []
    with ZipFile(buffer, "w") as wheel:
        for path, content in sorted(files):
            add_entry(wheel, path, content, compress=compress)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
            record.append(f"{path},sha256={digest.decode()},{len(content)}\n")
        listed = f"{''.join(record)}{dist_info_folder}/RECORD,,\n".encode()
        add_entry(wheel, f"{dist_info_folder}/RECORD", listed, compress=compress)
    return buffer.getvalue()
