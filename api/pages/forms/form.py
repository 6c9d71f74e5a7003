"""Posted forms: text fields and files, limited in number and size."""

import sys
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends, Request
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser

from api.core.errors import ContentTooLarge, InvalidInput
from api.http.schema import Schema
from api.http.validation_errors import to_field_errors

MAX_FIELDS: Final = 5_000
MAX_FILES: Final = 20
MAX_TEXT_BYTES: Final = 1_000_000
URL_ENCODED: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"

AnySchema = TypeVar("AnySchema", bound=Schema)


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """An uploaded file: its original name and its content."""

    name: str
    body: bytes


@dataclass(frozen=True, slots=True)
class PostedForm:
    """A posted form: its fields in order, each with all its values, and its files."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: Mapping[str, tuple[UploadedFile, ...]] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """Return the first value of a field, stripped of whitespace."""
        return self.fields.get(name, (default,))[0].strip()

    def raw_text(self, name: str) -> str:
        """Return the first value of a field as typed, with whitespace, such as a password."""
        return self.fields.get(name, ("",))[0]

    def get_all(self, name: str) -> tuple[str, ...]:
        """Return all values of a field, such as the checked boxes."""
        return self.fields.get(name, ())

    def has(self, name: str) -> bool:
        """Return whether a field was sent, such as the button that was pressed."""
        return name in self.fields

    def with_prefix(self, prefix: str) -> dict[str, tuple[str, ...]]:
        """Return the fields whose names start with *prefix*, by the rest of the name."""
        return {
            name.removeprefix(prefix): values
            for name, values in self.fields.items()
            if name.startswith(prefix)
        }

    def non_empty_texts(self, *names: str) -> dict[str, str]:
        """Return the texts of the fields *names* that are not empty."""
        return {name: text for name in names if (text := self.text(name))}


class _InMemoryMultiPartParser(MultiPartParser):
    """Keeps uploads in memory, within the process's byte budget, instead of in `/tmp`."""

    spool_max_size = sys.maxsize


async def read_form(request: Request) -> PostedForm:
    """Parse the form in the body of *request*; a body of another type gives an empty form.

    Raises `ContentTooLarge` if the form is malformed or exceeds a limit, `InvalidInput`
    if a field contains U+0000.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in {URL_ENCODED, MULTIPART}:
        return PostedForm()
    try:
        form_data = await _parse_body(request, media_type)
    except MultiPartException as error:
        raise ContentTooLarge(f"The form cannot be read: {error.message}") from None
    try:
        items = [(name, await _read_value(one)) for name, one in form_data.multi_items()]
    finally:
        await form_data.close()
    return _build_form(items)


async def _parse_body(request: Request, media_type: str) -> FormData:
    limits = {"max_fields": MAX_FIELDS, "max_part_size": MAX_TEXT_BYTES}
    async with aclosing(request.stream()) as stream:
        if media_type == MULTIPART:
            parser = _InMemoryMultiPartParser(
                request.headers, stream, max_files=MAX_FILES, **limits
            )
            return await parser.parse()
        return await FormParser(request.headers, stream, **limits).parse()


async def _read_value(item: str | UploadFile) -> str | UploadedFile:
    if isinstance(item, UploadFile):
        return UploadedFile(item.filename or "", await item.read())
    return item


def _build_form(items: list[tuple[str, str | UploadedFile]]) -> PostedForm:
    fields: dict[str, list[str]] = {}
    files: dict[str, list[UploadedFile]] = {}
    for name, value in items:
        if isinstance(value, UploadedFile):
            files.setdefault(name, []).append(value)
        else:
            fields.setdefault(name, []).append(_normalize_text(value))
    return PostedForm(
        {name: tuple(values) for name, values in fields.items()},
        {name: tuple(values) for name, values in files.items()},
    )


def _normalize_text(value: str) -> str:
    """Return *value* with LF line endings.

    Raises `InvalidInput` if it contains U+0000.
    """
    if "\0" in value:
        raise InvalidInput("A field of the form holds the character U+0000. Remove it.")
    return value.replace("\r\n", "\n").replace("\r", "\n")


async def _get_form(request: Request) -> PostedForm:
    form: PostedForm = request.state.form
    return form


FormDep = Annotated[PostedForm, Depends(_get_form)]


def validate_body(schema: type[AnySchema], values: Mapping[str, Any]) -> AnySchema:
    """Validate *values* of a form against the *schema* of a request body.

    Raises `InvalidInput` that names the invalid fields.
    """
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        raise InvalidInput.for_fields(
            to_field_errors(map(_locate_in_body, error.errors()))
        ) from None


def _locate_in_body(error: Mapping[str, Any]) -> dict[str, Any]:
    """Return an error located in the request body, so that its full path is reported."""
    return {**error, "loc": ("body", *error["loc"]) if error["loc"] else ()}
