"""Tests of files that are written whole or not at all, and of who can read them."""

import os
import stat
from pathlib import Path

import pytest

from api.core.errors import FileError
from api.gradescope import archive_builder
from api.gradescope.archive_builder import ArchiveOptions, make_archive
from api.services.files.atomic_output import write_file_atomically


@pytest.fixture
def modes(monkeypatch) -> list[tuple[str, int]]:
    """Record the mode of each file that is created, and each mode that is set afterwards.

    The umask hides nothing, so a file has the mode with which it is created.
    """
    recorded = []
    create, change = os.open, os.chmod

    def record_open(path, flags, mode=0o777, **more):
        if flags & os.O_CREAT:
            recorded.append(("create", mode))
        return create(path, flags, mode, **more)

    def record_chmod(path, mode, **more):
        recorded.append(("change", mode))
        change(path, mode, **more)

    monkeypatch.setattr(os, "open", record_open)
    monkeypatch.setattr(os, "chmod", record_chmod)
    before = os.umask(0)
    yield recorded
    os.umask(before)


def read_mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("options", "mode", "expected"),
    [
        ({"owner_only": True}, 0o600, [("create", 0o600)]),
        ({}, 0o644, [("create", 0o600), ("change", 0o644)]),
    ],
)
def test_private_file_is_private_from_creation(tmp_path, modes, options, mode, expected):
    path = tmp_path / "grades.csv"
    for text in ("first", "second"):  # the second replaces a file
        modes.clear()
        write_file_atomically(path, lambda part, text=text: part.write_text(text), **options)
        assert (path.read_text(), read_mode(path)) == (text, mode)
        assert modes == expected


def test_archive_with_secret_is_never_readable_by_others(tmp_path, monkeypatch, modes):
    monkeypatch.setattr(archive_builder, "build_archive", lambda *_: b"the archive")
    path = tmp_path / "autograder.zip"
    options = ArchiveOptions(None, None, None, None, (), 1)
    make_archive(["pooling-purpose"], path, options, warn=pytest.fail)
    assert (path.read_bytes(), read_mode(path)) == (b"the archive", 0o600)
    assert {*modes} == {("create", 0o600)}


def test_failed_write_keeps_old_file_and_leaves_no_temporary_file(tmp_path):
    path = tmp_path / "grades.csv"
    path.write_text("before")

    def fail(part: Path) -> None:
        part.write_text("half of it")
        raise OSError(28, "No space left on device")

    with pytest.raises(FileError, match=r"grades\.csv cannot be written: No space left on device"):
        write_file_atomically(path, fail)
    assert [entry.read_text() for entry in tmp_path.iterdir()] == ["before"]
