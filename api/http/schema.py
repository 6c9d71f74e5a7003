"""The base of every value that comes in or goes out over HTTP."""

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema

__all__ = ["Refused", "Schema", "examples"]

# Where pydantic would turn one type into another: true into 1, "63" into 63, 1 into true.
EXACT: Final = frozenset({"bool", "bytes", "float", "int", "str"})

# What a core schema holds that is no schema.
VALUES: Final = frozenset({"config", "default", "metadata"})


class Refused(ValueError):  # noqa: N818  # named as it reads where it is raised
    """Raised by a validator; the caller reads its words, which must not repeat what was sent.

    The words of any other `ValueError` are not shown, since they may.
    """


def examples(*given: Any) -> ConfigDict:
    """Return the ``model_config`` of a schema whose description has these examples."""
    return ConfigDict(json_schema_extra={"examples": [*given]})


def _exact(schema: Any) -> Any:
    """Return a core *schema* in which the types that are `EXACT` are strict."""
    if isinstance(schema, list):
        return [_exact(one) for one in schema]
    if type(schema) is not dict:
        return schema
    kind = schema.get("type")
    # Without a kind it is a table of fields, in which any name may stand.
    kept = VALUES if isinstance(kind, str) else frozenset()
    found = {name: one if name in kept else _exact(one) for name, one in schema.items()}
    return {"strict": True} | found if isinstance(kind, str) and kind in EXACT else found


class Schema(BaseModel):
    """A frozen value without unknown fields, in which no type is taken for another.

    A plain ``int`` refuses ``true``, ``"63"`` and ``63.0``; texts are still read as dates, ids and
    members of an enumeration.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler, /
    ) -> CoreSchema:
        """Return the schema of the model with every plain type of its fields exact."""
        schema: CoreSchema = _exact(handler(source))
        return schema
