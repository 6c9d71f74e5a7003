"""Examples of responses in the OpenAPI document, and shared descriptions of errors."""

from collections.abc import Iterator
from typing import Any, Final

from fastapi.encoders import jsonable_encoder

from api.http.problem_details import MEDIA_TYPE
from api.http.schema import Schema

SCHEMA_REF_PREFIX: Final = "#/components/schemas/"
JsonObject = dict[str, Any]


def restore_nulls_in_examples(schemas: JsonObject) -> None:
    """Restore the null values in the examples of *schemas*, which FastAPI leaves out."""
    for model in _iter_subclasses(Schema):
        known = schemas.get(model.__name__, {})
        extra = model.model_config.get("json_schema_extra")
        whole = extra.get("examples") if isinstance(extra, dict) else None
        if whole and known.get("examples") == jsonable_encoder(whole, exclude_none=True):
            known["examples"] = whole


def _iter_subclasses(model: type[Schema]) -> Iterator[type[Schema]]:
    for subclass in model.__subclasses__():
        yield subclass
        yield from _iter_subclasses(subclass)


def add_examples(operation: JsonObject, schemas: JsonObject) -> None:
    """Add examples to each response of *operation*, one for each schema that it may have."""
    for response in operation["responses"].values():
        for media, content in response.get("content", {}).items():
            if media != MEDIA_TYPE and not content.keys() & {"example", "examples"}:
                named_examples = dict(_iter_examples(content.get("schema", {}), schemas))
                content.update({"examples": named_examples} if named_examples else {})


def _iter_examples(schema: JsonObject, schemas: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    for option in schema.get("anyOf", [schema]):
        value = _find_example(option, schemas)
        if value is not None:
            name = option.get("$ref", "").removeprefix(SCHEMA_REF_PREFIX) or "example"
            yield name, {"value": value}


def _find_example(schema: JsonObject, schemas: JsonObject) -> Any:
    """Return an example of *schema*, or None if nothing in it has one."""
    if "$ref" in schema:
        return _find_example(schemas[schema["$ref"].removeprefix(SCHEMA_REF_PREFIX)], schemas)
    if "examples" in schema:
        return schema["examples"][0]
    if "anyOf" in schema:
        return _find_example(schema["anyOf"][0], schemas)
    if schema.get("type") == "array":
        item = _find_example(schema["items"], schemas)
        return None if item is None else [item]
    if schema.get("properties", {}).keys() == {"items", "next"}:
        page = _find_example(schema["properties"]["items"], schemas)
        return None if page is None else {"items": page, "next": None}
    return None


def extract_shared_error_responses(paths: JsonObject) -> JsonObject:
    """Move the error responses of all operations to shared components and return these.

    Components are named by status and codes. A response that a route describes differently stays in
    place.
    """
    shared: JsonObject = {}
    for item in paths.values():
        for operation in item.values():
            responses = operation["responses"]
            for status, response in responses.items():
                if MEDIA_TYPE not in response.get("content", {}):
                    continue
                name = "-".join([status, *sorted(response["content"][MEDIA_TYPE]["examples"])])
                if shared.setdefault(name, response) == response:
                    responses[status] = {"$ref": f"#/components/responses/{name}"}
    return dict(sorted(shared.items()))
