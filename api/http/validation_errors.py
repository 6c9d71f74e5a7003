"""Pydantic's errors in our wording, without any input.

Only the kind of an error, the limits of the schema and the messages of `InvalidValue` are included.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from api.core.errors import FieldError
from api.http.schema import InvalidValue

MAX_PATH_CHARACTERS: Final = 200
PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
# Prefixes by part of the request; the body has none.
PATH_PREFIXES: Final = {
    "query": "query ",
    "path": "path ",
    "header": "header ",
    "cookie": "cookie ",
}

# Messages by pydantic's error type; the names in braces are limits from the schema.
MESSAGES: Final = {
    "missing": "is missing",
    "extra_forbidden": "is not a known field; check the spelling or remove it",
    "string_type": "must be text",
    "string_unicode": "must be text without half surrogate pairs",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "is too large",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "set_type": "must be a list",
    "frozen_set_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "none_required": "must be null",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
    "uuid_type": "must be an id",
    "uuid_parsing": "must be an id",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must have the form {pattern}",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
}

# After one of our validators pydantic reports a text's length limit as one of items.
TEXT_LENGTH_TYPES: Final = {"too_short": "string_too_short", "too_long": "string_too_long"}


def to_field_errors(errors: Iterable[Mapping[str, Any]]) -> tuple[FieldError, ...]:
    """Translate pydantic's *errors* to our wording; plain key names are the only input repeated."""
    return tuple(FieldError(_format_path(error["loc"]), _build_message(error)) for error in errors)


def _format_path(steps: Sequence[int | str]) -> str:
    """Return the path of a field, such as ``answers.side`` or ``query limit``.

    A key may be input; one that does not look like a name is replaced by an ellipsis.
    """
    location, inside = ("", steps) if not steps else (str(steps[0]), steps[1:])
    path = ""
    for step in inside:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            path += f".{step if PLAIN_NAME.fullmatch(step) else '…'}"
    return (PATH_PREFIXES.get(location, "") + path.removeprefix("."))[
        :MAX_PATH_CHARACTERS
    ] or location


def _build_message(error: Mapping[str, Any]) -> str:
    context = error.get("ctx") or {}
    if error["type"] == "value_error":
        cause = context.get("error")
        return str(cause) if isinstance(cause, InvalidValue) else "cannot be used"
    if error["type"] not in MESSAGES:
        return "cannot be used"
    if context.get("min_length") == 1:
        return "must not be empty"
    kind = error["type"]
    if kind in TEXT_LENGTH_TYPES and isinstance(error.get("input"), str):
        kind = TEXT_LENGTH_TYPES[kind]
    return MESSAGES[kind].format_map(context)
