"""A course as files: downloaded as one archive, and applied from one after a look at it."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from os.path import commonpath
from typing import Any, Final
from uuid import UUID

from fastapi import Response

from api.core.errors import Invalid, ServiceError, TooLarge, Unavailable
from api.dependencies import Here
from api.pages.forms.form import Form, FormDep, validated
from api.pages.forms.redisplay import REFUSALS
from api.pages.layout import flash
from api.pages.layout.frame import Crumb, page
from api.pages.layout.templating import PAGE_HEADERS
from api.pages.router import PageDep, PageRouter
from api.routes.courses import course_files as api
from api.routes.courses import courses
from api.schemas.courses.course_files import Applied, ApplyFilesIn
from grader.errors import ProblemError

__all__ = ["packed", "router", "unpacked"]

router = PageRouter()
KEPT: Final = "file."
"""What the names of fields begin with that hold a file between the look and the change."""
MOST: Final = 1_000
LARGEST: Final = 1_000_000
IN_ALL: Final = 4_000_000
LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
"""The time of every file in an archive, so that the same course gives the same archive."""
METHODS: Final = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""The ways to pack that are unpacked piece by piece, so that no more is unpacked than is read. A
few bytes of bzip2 or LZMA become 50 MB at once, whatever size the archive states."""
NO_ARCHIVE: Final = (
    zipfile.BadZipFile,  # no zip at all, a directory that is damaged, a wrong checksum
    EOFError,  # packed text that is cut
    OSError,  # an offset before the beginning
    OverflowError,  # an offset beyond what a machine can count
    RuntimeError,  # a password, or a way to pack or encrypt that no Python here can undo
    ValueError,  # a negative offset; the name of a file that is not UTF-8
    zlib.error,  # packed text of deflate that is broken
)
"""What unpacking raises, by what is wrong with the archive."""
NOT_UNPACKED: Final = "cannot be unpacked; pack it as a plain zip without a password"
NO_FILE: Final = "Choose the archive with the files of the course."


def packed(files: dict[str, str]) -> bytes:
    """Return files by their paths as one archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(path, LONG_AGO), text, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def unpacked(body: bytes) -> dict[str, str]:
    """Return the files of an archive by their paths, without a folder that all of them are in.

    Raises `Invalid` for what is no archive of texts, `TooLarge` for more than a course can have.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            found = dict(_texts(archive))
    except NO_ARCHIVE:
        raise Invalid.of("archive", NOT_UNPACKED) from None
    if not found:
        raise Invalid.of("archive", "has no .yaml file in it")
    return _without_folder(found)


def _texts(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    listed = [one for one in archive.infolist() if one.filename.endswith((".yaml", ".yml"))]
    if len(listed) > MOST or sum(one.file_size for one in listed) > IN_ALL:
        raise TooLarge("The archive holds more than the files of a course.")
    if any(one.compress_type not in METHODS for one in listed):
        raise Invalid.of("archive", NOT_UNPACKED)
    for one in listed:
        if one.file_size > LARGEST:
            raise TooLarge("A file of the archive is too large for one of a course.")
        with archive.open(one) as file:
            body = file.read(one.file_size)
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            raise Invalid.of("archive", "has a file that is not UTF-8; save it as UTF-8") from None
        yield one.filename, text.replace("\r\n", "\n").replace("\r", "\n")


def _without_folder(files: dict[str, str]) -> dict[str, str]:
    """Return *files* from where ``course.yaml``, ``assignments`` and ``problems`` stand."""
    folders = {path.rpartition("/")[0] for path in files}
    if "" in folders or len({path.partition("/")[0] for path in files}) > 1:
        return files
    top = commonpath(files).partition("/")[0]
    if top in {"assignments", "problems"}:
        return files
    return {path.removeprefix(f"{top}/"): text for path, text in files.items()}


@router.get("/courses/{course}/export")
def export(course: UUID, here: PageDep, saved: flash.Saved = "") -> Response:
    """Return what the course is as files, and the form that applies some."""
    return _export(course, here, done=flash.told(saved))


def _export(
    course: UUID,
    here: Here,
    *,
    done: str = "",
    trial: Applied | None = None,
    given: ApplyFilesIn | None = None,
    error: ServiceError | None = None,
) -> Response:
    files = api.get_export(course, here).files
    view = courses.get_course(course, here, Response())
    return page(
        here,
        "staff/course_files.html",
        title="Course as files",
        crumbs=[
            Crumb(view.title, f"/courses/{course}"),
            Crumb("Settings", f"/courses/{course}/settings"),
        ],
        tab="settings",
        status=error.status if error else 200,
        course=view,
        files={path: len(text.encode()) for path, text in sorted(files.items())},
        trial=trial,
        given=given,
        done=done,
        error=error,
    )


@router.get("/courses/{course}/export/archive")
def archive(course: UUID, here: PageDep) -> Response:
    """Return the files of the course as one archive."""
    body = packed(api.get_export(course, here).files)
    slug = courses.get_course(course, here, Response()).slug
    headers = {**PAGE_HEADERS, "Content-Disposition": f'attachment; filename="{slug}.zip"'}
    return Response(body, media_type="application/zip", headers=headers)


@router.post("/courses/{course}/apply")
def apply(course: UUID, form: FormDep, here: PageDep) -> Response:
    """Show what the files of an archive would change; apply them where that was confirmed."""
    is_trial, given = form.text("act") != "apply", None
    try:
        given = validated(ApplyFilesIn, _given(form))
        told = api.post_apply(course, given, here, dry_run=is_trial)
    except ProblemError as error:
        refused = Invalid(str(error), code="invalid_problem")
        return _export(course, here, given=given, error=refused)
    except (*REFUSALS, TooLarge, Unavailable) as error:
        return _export(course, here, given=given, error=error)
    if is_trial:
        return _export(course, here, trial=told, given=given)
    return flash.onwards(f"/courses/{course}/export", told.effect)


def _given(form: Form) -> dict[str, Any]:
    """Return the files that were uploaded, or that were kept since the look at them."""
    kept = {path: values[0] for path, values in form.below(KEPT).items()}
    uploaded = [one.body for one in form.files.get("archive", ()) if one.body]
    if not uploaded and not kept:
        raise Invalid(NO_FILE)
    files = unpacked(uploaded[0]) if uploaded else kept
    return {"files": files, "prune": form.has("prune")}
