"""Base class of all values that enter or leave over HTTP."""

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema

# Types that pydantic would coerce: true to 1, "63" to 63, 1 to true.
STRICT_TYPES: Final = frozenset({"bool", "bytes", "float", "int", "str"})

# Keys of a core schema whose values are not schemas.
NON_SCHEMA_KEYS: Final = frozenset({"config", "default", "metadata"})


class InvalidValue(ValueError):  # noqa: N818  # named as it reads where it is raised
    """Error of a validator whose message the caller reads; it must not repeat input.

    Messages of any other `ValueError` are not displayed, because they may.
    """


def with_examples(*values: Any) -> ConfigDict:
    """Return the ``model_config`` of a schema with these examples in its description."""
    return ConfigDict(json_schema_extra={"examples": [*values]})


def _make_strict(schema: Any) -> Any:
    """Return a core *schema* in which the types in `STRICT_TYPES` are strict."""
    if isinstance(schema, list):
        return [_make_strict(one) for one in schema]
    if type(schema) is not dict:
        return schema
    kind = schema.get("type")
    # Without a type it is a mapping of fields, whose names are arbitrary.
    unchanged_keys = NON_SCHEMA_KEYS if isinstance(kind, str) else frozenset()
    strict_schema = {
        name: one if name in unchanged_keys else _make_strict(one) for name, one in schema.items()
    }
    return (
        {"strict": True} | strict_schema
        if isinstance(kind, str) and kind in STRICT_TYPES
        else strict_schema
    )


class Schema(BaseModel):
    """Frozen value without unknown fields and without coercion between plain types.

    A plain ``int`` refuses ``true``, ``"63"`` and ``63.0``; texts are still parsed as dates, ids
    and members of an enumeration.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler, /
    ) -> CoreSchema:
        """Return the core schema of the model, with every plain type strict."""
        schema: CoreSchema = _make_strict(handler(source))
        return schema
