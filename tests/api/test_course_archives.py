"""Tests of course archives: read whole, or refused for any defect."""

import io
import stat
import struct
import tracemalloc
import zipfile
import zlib
from random import Random

import pytest

from api.core.errors import ContentTooLarge, InvalidInput
from api.pages.staff.courses import course_files
from api.pages.staff.courses.course_files import pack_files, unpack_files

COURSE = "slug: other\ntitle: From a file\nzone: UTC\n"


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["top/course.yaml", "top/assignments/a.yaml"], ["assignments/a.yaml", "course.yaml"]),
        (["course.yaml", "assignments/a.yaml"], ["assignments/a.yaml", "course.yaml"]),
        (["assignments/a.yaml"], ["assignments/a.yaml"]),
        (["assignments/a.yaml", "problems/b.yaml"], ["assignments/a.yaml", "problems/b.yaml"]),
        (["top/assignments/a.yaml"], ["assignments/a.yaml"]),
    ],
)
def test_common_top_level_folder_is_stripped(paths, expected):
    assert sorted(unpack_files(pack_files(dict.fromkeys(paths, "a: 1\n")))) == expected


def test_archive_that_unpacks_beyond_the_limit_is_refused(monkeypatch):
    body = pack_files({"assignments/a.yaml": " " * 2_000})
    monkeypatch.setattr(course_files, "MAX_FILE_BYTES", 1_000)
    with pytest.raises(ContentTooLarge):
        unpack_files(body)
    monkeypatch.setattr(course_files, "MAX_TOTAL_BYTES", 1_000)
    with pytest.raises(ContentTooLarge):
        unpack_files(body)


def test_archives_with_non_utf8_text_or_a_password_are_refused():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("course.yaml", b"\xff\xfe")
    with pytest.raises(InvalidInput):
        unpack_files(buffer.getvalue())
    body = bytearray(pack_files({"course.yaml": COURSE}))
    flag = body.index(b"PK\x01\x02") + 8
    body[flag] |= 1
    with pytest.raises(InvalidInput):
        unpack_files(bytes(body))


def repacked(files, method):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        for path, text in files.items():
            made.writestr(path, text)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["STORED", "DEFLATED"])
def test_damaged_archive_is_either_refused_or_read(name):
    files = {f"assignments/{n}.yaml": "title: Shapes\n" * n for n in range(1, 5)}
    whole = repacked(files, getattr(zipfile, f"ZIP_{name}"))
    assert unpack_files(whole) == files
    dice, refused = Random(name), 0  # noqa: S311  # the same damage in every run
    for _ in range(400):
        body = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            body[dice.randrange(len(body))] = dice.randrange(256)
        try:
            unpack_files(bytes(body[: dice.choice([len(body), dice.randrange(len(body))])]))
        except (InvalidInput, ContentTooLarge):
            refused += 1
    assert refused > 200


def understated(method, *, files, size, stated):
    """Return an archive whose directory states a smaller size, with a checksum to match."""
    body = bytearray(repacked({f"problems/a{n}.yaml": " " * size for n in range(files)}, method))
    start = body.find(b"PK\x01\x02")
    while start >= 0:
        body[start + 16 : start + 20] = struct.pack("<L", zlib.crc32(b" " * stated))
        body[start + 24 : start + 28] = struct.pack("<L", stated)
        start = body.find(b"PK\x01\x02", start + 1)
    return bytes(body)


def test_unpacking_stops_at_the_declared_size():
    body = understated(zipfile.ZIP_DEFLATED, files=5, size=20_000_000, stated=900)
    tracemalloc.start()
    try:
        files = unpack_files(body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert {len(text) for text in files.values()} == {900}
    assert peak < 1_000_000


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_archive_compressed_with_bzip2_or_lzma_is_refused(method):
    body = understated(method, files=2, size=20_000_000, stated=900)
    with pytest.raises(InvalidInput, match="cannot be unpacked; pack it as a plain zip"):
        unpack_files(body)


def test_symlink_in_an_archive_is_read_as_text():
    buffer = io.BytesIO()
    link = zipfile.ZipInfo("problems/a.yaml")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr(link, "/etc/passwd")
    assert unpack_files(buffer.getvalue()) == {"problems/a.yaml": "/etc/passwd"}


@pytest.mark.parametrize("method", [93, 97])
def test_archive_with_an_unsupported_compression_method_is_refused(method):
    body = bytearray(pack_files({"course.yaml": COURSE}))
    body[body.index(b"PK\x01\x02") + 10] = method
    with pytest.raises(InvalidInput, match="cannot be unpacked"):
        unpack_files(bytes(body))


@pytest.mark.parametrize("offset", [2**62, 2**63, 2**64 - 1])
def test_archive_entry_with_an_offset_beyond_the_end_is_refused(offset):
    whole = pack_files({"course.yaml": COURSE})
    listed, end = whole.index(b"PK\x01\x02"), bytearray(whole[whole.index(b"PK\x05\x06") :])
    entry = bytearray(whole[listed : -len(end)])
    large = struct.pack("<HHQ", 1, 8, offset)
    entry[30:32], entry[42:46] = struct.pack("<H", len(large)), b"\xff" * 4
    end[12:16] = struct.pack("<L", len(entry + large))
    with pytest.raises(InvalidInput, match="cannot be unpacked"):
        unpack_files(whole[:listed] + entry + large + end)
