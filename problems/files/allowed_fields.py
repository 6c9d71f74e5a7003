"""Fields that the schema allows at each path of a problem file."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, TypeAlias

from grader.definitions.problem import Problem

SchemaNode: TypeAlias = Mapping[str, Any]


def list_allowed_fields(path: tuple[int | str, ...]) -> tuple[str, ...]:
    """Return the fields allowed at *path*, for every kind that may stand there.

    >>> list_allowed_fields(("parts", 0, "accept", 1))
    ('key', 'reason', 'say')
    """
    nodes = [_problem_schema()]
    for piece in path:
        nodes = [
            below
            for node in nodes
            for one in _resolve_alternatives(node)
            for below in _find_child_schema(one, piece)
        ]
    forms = (form for node in nodes for form in _resolve_alternatives(node))
    return tuple(dict.fromkeys(field for form in forms for field in form.get("properties", ())))


@cache
def _problem_schema() -> SchemaNode:
    return Problem.model_json_schema()


def _resolve_alternatives(node: SchemaNode) -> Iterator[SchemaNode]:
    """Yield the schemas that *node* resolves to: its reference, or each alternative."""
    if "$ref" in node:
        yield from _resolve_alternatives(
            _problem_schema()["$defs"][node["$ref"].rpartition("/")[2]]
        )
    elif alternatives := node.get("oneOf") or node.get("anyOf"):
        for alternative in alternatives:
            yield from _resolve_alternatives(alternative)
    else:
        yield node


def _find_child_schema(node: SchemaNode, piece: int | str) -> Iterator[SchemaNode]:
    """Yield the schema of the child *piece* of *node*, if there is one."""
    if isinstance(piece, int):
        child = node.get("items")
    else:
        child = node.get("properties", {}).get(piece) or node.get("additionalProperties")
    if isinstance(child, dict):
        yield child
