"""Base class of all values that enter or leave over HTTP."""

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema

__all__ = ["Refused", "Schema", "examples"]

# Types that pydantic would coerce: true to 1, "63" to 63, 1 to true.
EXACT: Final = frozenset({"bool", "bytes", "float", "int", "str"})

# Keys of a core schema whose values are not schemas.
VALUES: Final = frozenset({"config", "default", "metadata"})


class Refused(ValueError):  # noqa: N818  # named as it reads where it is raised
    """Error of a validator whose message the caller reads; it must not repeat input.

    Messages of any other `ValueError` are not displayed, because they may.
    """


def examples(*given: Any) -> ConfigDict:
    """Return the ``model_config`` of a schema with these examples in its description."""
    return ConfigDict(json_schema_extra={"examples": [*given]})


def _exact(schema: Any) -> Any:
    """Return a core *schema* in which the types in `EXACT` are strict."""
    if isinstance(schema, list):
        return [_exact(one) for one in schema]
    if type(schema) is not dict:
        return schema
    kind = schema.get("type")
    # Without a type it is a mapping of fields, whose names are arbitrary.
    kept = VALUES if isinstance(kind, str) else frozenset()
    found = {name: one if name in kept else _exact(one) for name, one in schema.items()}
    return {"strict": True} | found if isinstance(kind, str) and kind in EXACT else found


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
        schema: CoreSchema = _exact(handler(source))
        return schema
