"""How a change of some fields is described: what is left out stays as it is."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator

from api.http.field_types import Line, Text
from api.http.schema import InvalidValue, Schema
from problems.files.yaml_document import UNPRINTABLE


def _normalize_text(text: str) -> str:
    """Return *text* with plain ends of lines, as a file of the course can hold it."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    if match := UNPRINTABLE.search(plain):
        raise InvalidValue(f"must not contain the invisible character U+{ord(match[0]):04X}")
    return plain


Title: TypeAlias = Annotated[Line, AfterValidator(_normalize_text)]
"""One line that can stand in a file."""

Prose: TypeAlias = Annotated[Text, AfterValidator(_normalize_text)]
"""A text of some lines that can stand in a file."""


def make_patch_schema_editor(example: Mapping[str, Any]) -> Callable[[dict[str, Any]], None]:
    """Return what makes a schema that of a change: without defaults, with an *example*."""

    def describe(schema: dict[str, Any]) -> None:
        for field in schema["properties"].values():
            field.pop("default", None)
        schema["examples"] = [dict(example)]

    return describe


def changed_fields(body: Schema) -> dict[str, Any]:
    """Return the fields that a change names, with their values."""
    return {name: getattr(body, name) for name in body.model_fields_set}
