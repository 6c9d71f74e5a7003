"""Course as files: download an archive, or apply one after a dry run."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from os.path import commonpath
from typing import Any, Final
from uuid import UUID

from fastapi import Response

from api.core.errors import ContentTooLarge, InvalidInput, ServiceError, ServiceUnavailable
from api.dependencies import RequestContext
from api.pages.forms.form import FormDep, PostedForm, validate_body
from api.pages.forms.redisplay import FORM_ERRORS
from api.pages.layout import flash
from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.layout.templating import PAGE_HEADERS
from api.pages.router import PageDep, PageRouter
from api.routes.courses import course_files as api
from api.routes.courses import courses
from api.schemas.courses.course_files import Applied, ApplyFilesIn
from grader.errors import ProblemError

router = PageRouter()
CARRIED_FILE_PREFIX: Final = "file."
"""Prefix of the form fields that carry the files from the dry run to the change."""
MAX_FILES: Final = 1_000
MAX_FILE_BYTES: Final = 1_000_000
MAX_TOTAL_BYTES: Final = 4_000_000
ARCHIVE_TIMESTAMP: Final = (1980, 1, 1, 0, 0, 0)
"""Timestamp of every file in an archive, so that equal courses give equal archives."""
COMPRESSION_METHODS: Final = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""Compression methods that can be unpacked in pieces, which bounds memory use.

A few bytes of bzip2 or LZMA can expand to 50 MB, even if the archive states less.
"""
ARCHIVE_ERRORS: Final = (
    zipfile.BadZipFile,  # no zip at all, a directory that is damaged, a wrong checksum
    EOFError,  # packed text that is cut
    OSError,  # an offset before the beginning
    OverflowError,  # an offset beyond what a machine can count
    RuntimeError,  # a password, or a way to pack or encrypt that no Python here can undo
    ValueError,  # a negative offset; the name of a file that is not UTF-8
    zlib.error,  # packed text of deflate that is broken
)
"""Exceptions that unpacking an invalid archive can raise."""
UNREADABLE_ARCHIVE_MESSAGE: Final = "cannot be unpacked; pack it as a plain zip without a password"
MISSING_ARCHIVE_MESSAGE: Final = "Choose the archive with the files of the course."


def pack_files(files: dict[str, str]) -> bytes:
    """Return *files*, texts by path, as a zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(path, ARCHIVE_TIMESTAMP), text, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def unpack_files(body: bytes) -> dict[str, str]:
    """Return the files of a zip archive by path, without a common top-level folder.

    Raises `InvalidInput` if *body* is not an archive of text files, and
    `ContentTooLarge` if it exceeds the limits of a course.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            files = dict(_read_yaml_texts(archive))
    except ARCHIVE_ERRORS:
        raise InvalidInput.for_field("archive", UNREADABLE_ARCHIVE_MESSAGE) from None
    if not files:
        raise InvalidInput.for_field("archive", "has no .yaml file in it")
    return _strip_top_folder(files)


def _read_yaml_texts(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    entries = [one for one in archive.infolist() if one.filename.endswith((".yaml", ".yml"))]
    if len(entries) > MAX_FILES or sum(entry.file_size for entry in entries) > MAX_TOTAL_BYTES:
        raise ContentTooLarge("The archive contains more than the files of a course.")
    if any(entry.compress_type not in COMPRESSION_METHODS for entry in entries):
        raise InvalidInput.for_field("archive", UNREADABLE_ARCHIVE_MESSAGE)
    for entry in entries:
        if entry.file_size > MAX_FILE_BYTES:
            raise ContentTooLarge("A file in the archive is too large to be a course file.")
        with archive.open(entry) as file:
            body = file.read(entry.file_size)
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            raise InvalidInput.for_field(
                "archive", "has a file that is not UTF-8; save it as UTF-8"
            ) from None
        yield entry.filename, text.replace("\r\n", "\n").replace("\r", "\n")


def _strip_top_folder(files: dict[str, str]) -> dict[str, str]:
    """Return *files* with paths relative to the course folder.

    That folder contains ``course.yaml``, ``assignments`` and ``problems``.
    """
    folders = {path.rpartition("/")[0] for path in files}
    if "" in folders or len({path.partition("/")[0] for path in files}) > 1:
        return files
    top = commonpath(files).partition("/")[0]
    if top in {"assignments", "problems"}:
        return files
    return {path.removeprefix(f"{top}/"): text for path, text in files.items()}


@router.get("/courses/{course}/export")
def show_course_files(course: UUID, context: PageDep, saved: flash.SavedQuery = "") -> Response:
    """Return the list of the files of the course, and the form that applies an archive."""
    return _render_course_files(course, context, message=flash.flash_message(saved))


def _render_course_files(
    course: UUID,
    context: RequestContext,
    *,
    message: str = "",
    dry_run_result: Applied | None = None,
    body: ApplyFilesIn | None = None,
    error: ServiceError | None = None,
) -> Response:
    files = api.get_course_files(course, context).files
    view = courses.get_course(course, context, Response())
    return render_page(
        context,
        "staff/course_files.html",
        title="Course as files",
        crumbs=[
            Breadcrumb(view.title, f"/courses/{course}"),
            Breadcrumb("Settings", f"/courses/{course}/settings"),
        ],
        tab="settings",
        status=error.status if error else 200,
        course=view,
        files={path: len(text.encode()) for path, text in sorted(files.items())},
        trial=dry_run_result,
        upload=body,
        done=message,
        error=error,
    )


@router.get("/courses/{course}/export/archive")
def download_archive(course: UUID, context: PageDep) -> Response:
    """Return the files of the course as a zip archive."""
    body = pack_files(api.get_course_files(course, context).files)
    slug = courses.get_course(course, context, Response()).slug
    headers = {**PAGE_HEADERS, "Content-Disposition": f'attachment; filename="{slug}.zip"'}
    return Response(body, media_type="application/zip", headers=headers)


@router.post("/courses/{course}/apply")
def apply_course_files(course: UUID, form: FormDep, context: PageDep) -> Response:
    """Dry-run the changes of an archive; once confirmed, apply them."""
    is_dry_run, body = form.text("act") != "apply", None
    try:
        body = validate_body(ApplyFilesIn, _posted_files_to_body(form))
        applied = api.apply_course_files(course, body, context, dry_run=is_dry_run)
    except ProblemError as error:
        refused = InvalidInput(str(error), code="invalid_problem")
        return _render_course_files(course, context, body=body, error=refused)
    except (*FORM_ERRORS, ContentTooLarge, ServiceUnavailable) as error:
        return _render_course_files(course, context, body=body, error=error)
    if is_dry_run:
        return _render_course_files(course, context, dry_run_result=applied, body=body)
    return flash.redirect_with_flash(f"/courses/{course}/export", applied.effect)


def _posted_files_to_body(form: PostedForm) -> dict[str, Any]:
    """Return the uploaded files, or those that the form carries since the dry run."""
    carried_files = {
        path: values[0] for path, values in form.with_prefix(CARRIED_FILE_PREFIX).items()
    }
    uploaded = [one.body for one in form.files.get("archive", ()) if one.body]
    if not uploaded and not carried_files:
        raise InvalidInput(MISSING_ARCHIVE_MESSAGE)
    files = unpack_files(uploaded[0]) if uploaded else carried_files
    return {"files": files, "prune": form.has("prune")}
