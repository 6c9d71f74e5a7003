"""Examples of responses in the OpenAPI document, and shared descriptions of errors."""

from collections.abc import Iterator
from typing import Any, Final

from fastapi.encoders import jsonable_encoder

from api.http.problem_details import MEDIA_TYPE
from api.http.schema import Schema

__all__ = ["add_examples", "restore_examples", "share_errors"]

REFERENCE: Final = "#/components/schemas/"
Values = dict[str, Any]


def restore_examples(schemas: Values) -> None:
    """Restore the null values in the examples of *schemas*, which FastAPI leaves out."""
    for model in _below(Schema):
        known = schemas.get(model.__name__, {})
        extra = model.model_config.get("json_schema_extra")
        whole = extra.get("examples") if isinstance(extra, dict) else None
        if whole and known.get("examples") == jsonable_encoder(whole, exclude_none=True):
            known["examples"] = whole


def _below(model: type[Schema]) -> Iterator[type[Schema]]:
    for one in model.__subclasses__():
        yield one
        yield from _below(one)


def add_examples(operation: Values, schemas: Values) -> None:
    """Add examples to each response of *operation*, one for each schema that it may have."""
    for answer in operation["responses"].values():
        for media, content in answer.get("content", {}).items():
            if media != MEDIA_TYPE and not content.keys() & {"example", "examples"}:
                named = dict(_named(content.get("schema", {}), schemas))
                content.update({"examples": named} if named else {})


def _named(schema: Values, schemas: Values) -> Iterator[tuple[str, Values]]:
    for one in schema.get("anyOf", [schema]):
        value = _example(one, schemas)
        if value is not None:
            name = one.get("$ref", "").removeprefix(REFERENCE) or "example"
            yield name, {"value": value}


def _example(schema: Values, schemas: Values) -> Any:
    """Return an example of *schema*, or None if nothing in it has one."""
    if "$ref" in schema:
        return _example(schemas[schema["$ref"].removeprefix(REFERENCE)], schemas)
    if "examples" in schema:
        return schema["examples"][0]
    if "anyOf" in schema:
        return _example(schema["anyOf"][0], schemas)
    if schema.get("type") == "array":
        found = _example(schema["items"], schemas)
        return None if found is None else [found]
    if schema.get("properties", {}).keys() == {"items", "next"}:
        page = _example(schema["properties"]["items"], schemas)
        return None if page is None else {"items": page, "next": None}
    return None


def share_errors(paths: Values) -> Values:
    """Move the error responses of all operations to shared components and return these.

    Components are named by status and codes. A response that a route describes differently stays in
    place.
    """
    shared: Values = {}
    for item in paths.values():
        for operation in item.values():
            answers = operation["responses"]
            for status, answer in answers.items():
                if MEDIA_TYPE not in answer.get("content", {}):
                    continue
                name = "-".join([status, *sorted(answer["content"][MEDIA_TYPE]["examples"])])
                if shared.setdefault(name, answer) == answer:
                    answers[status] = {"$ref": f"#/components/responses/{name}"}
    return dict(sorted(shared.items()))
