"""What a form of a page sends: fields as text, and files; bounded before it is read."""

import sys
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends, Request
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser

from api.core.errors import Invalid, TooLarge
from api.http.schema import Schema
from api.http.validation_errors import wrong_fields

__all__ = ["Form", "FormDep", "Uploaded", "read_form", "validated"]

MAX_FIELDS: Final = 5_000
MAX_FILES: Final = 20
MAX_TEXT: Final = 1_000_000
URL_ENCODED: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"

AnySchema = TypeVar("AnySchema", bound=Schema)


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file of a form: the name it had, and its bytes."""

    name: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form in their order, each with all its values, and its files."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: Mapping[str, tuple[Uploaded, ...]] = field(default_factory=dict)

    def text(self, name: str, otherwise: str = "") -> str:
        """Return the first value of a field, without blanks around it."""
        return self.fields.get(name, (otherwise,))[0].strip()

    def exact(self, name: str) -> str:
        """Return the first value of a field as it was typed, blanks and all: a password."""
        return self.fields.get(name, ("",))[0]

    def all(self, name: str) -> tuple[str, ...]:
        """Return all values of a field, such as the boxes that are ticked."""
        return self.fields.get(name, ())

    def has(self, name: str) -> bool:
        """Tell whether a field was sent, such as the button that was pressed."""
        return name in self.fields

    def below(self, prefix: str) -> dict[str, tuple[str, ...]]:
        """Return the fields whose names begin with *prefix*, by the rest of the name."""
        return {
            name.removeprefix(prefix): values
            for name, values in self.fields.items()
            if name.startswith(prefix)
        }

    def given(self, *names: str) -> dict[str, str]:
        """Return those of the fields *names* that say something: what is empty is not sent."""
        return {name: text for name in names if (text := self.text(name))}


class _InMemoryMultiPartParser(MultiPartParser):
    """Keeps files in memory, where the byte budget of the process bounds them, and off `/tmp`."""

    spool_max_size = sys.maxsize


async def read_form(request: Request) -> Form:
    """Return the form in the body of a *request*, an empty one where there is none.

    Raises `Invalid` for what is no form, `TooLarge` for too many fields.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in {URL_ENCODED, MULTIPART}:
        return Form()
    try:
        sent = await _parse(request, media_type)
    except MultiPartException as error:
        raise TooLarge(f"The form cannot be read: {error.message}") from None
    try:
        found = [(name, await _value(one)) for name, one in sent.multi_items()]
    finally:
        await sent.close()
    return _form(found)


async def _parse(request: Request, media_type: str) -> FormData:
    limits = {"max_fields": MAX_FIELDS, "max_part_size": MAX_TEXT}
    async with aclosing(request.stream()) as stream:
        if media_type == MULTIPART:
            parser = _InMemoryMultiPartParser(
                request.headers, stream, max_files=MAX_FILES, **limits
            )
            return await parser.parse()
        return await FormParser(request.headers, stream, **limits).parse()


async def _value(one: str | UploadFile) -> str | Uploaded:
    if isinstance(one, UploadFile):
        return Uploaded(one.filename or "", await one.read())
    return one


def _form(found: list[tuple[str, str | Uploaded]]) -> Form:
    fields: dict[str, list[str]] = {}
    files: dict[str, list[Uploaded]] = {}
    for name, value in found:
        if isinstance(value, Uploaded):
            files.setdefault(name, []).append(value)
        else:
            fields.setdefault(name, []).append(_text(value))
    return Form(
        {name: tuple(values) for name, values in fields.items()},
        {name: tuple(values) for name, values in files.items()},
    )


def _text(value: str) -> str:
    """Return *value* with the line ends that everything else uses."""
    if "\0" in value:
        raise Invalid("A field of the form holds the character U+0000. Leave it out.")
    return value.replace("\r\n", "\n").replace("\r", "\n")


async def _sent(request: Request) -> Form:
    form: Form = request.state.form
    return form


FormDep = Annotated[Form, Depends(_sent)]


def validated(schema: type[AnySchema], values: Mapping[str, Any]) -> AnySchema:
    """Return *values* of a form as what a route of the API takes; `Invalid` names wrong fields."""
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        raise Invalid.named(wrong_fields(map(_inside, error.errors()))) from None


def _inside(error: Mapping[str, Any]) -> dict[str, Any]:
    """Return an error with its place as in a body, so that the whole path is told."""
    return {**error, "loc": ("body", *error["loc"]) if error["loc"] else ()}
