"""Entries of archives that are the same bytes whenever they are written."""

from typing import Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

EPOCH: Final = (1980, 1, 1, 0, 0, 0)
FILE_MODE: Final = 0o100644
PROGRAM_MODE: Final = 0o100755
UNIX: Final = 3
PACKED_SUFFIX: Final = ".whl"
"""Files with this ending are compressed already."""


def add_entry(
    archive: ZipFile, path: str, content: bytes, *, mode: int = FILE_MODE, compress: bool = True
) -> None:
    """Add a file to *archive*, with a fixed time and the permissions *mode*.

    Compressed bytes depend on the version of zlib; those of other entries depend on nothing.
    """
    entry = ZipInfo(path, EPOCH)
    entry.create_system = UNIX
    entry.external_attr = mode << 16
    entry.compress_type = (
        ZIP_DEFLATED if compress and not path.endswith(PACKED_SUFFIX) else ZIP_STORED
    )
    archive.writestr(entry, content)
