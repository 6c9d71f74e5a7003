"""Which fields a place of a problem file may have, by the schema."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, TypeAlias

from grader.definitions.problem import Problem

__all__ = ["fields_at"]

Node: TypeAlias = Mapping[str, Any]


def fields_at(path: tuple[int | str, ...]) -> tuple[str, ...]:
    """Return the fields of what may stand at *path*, of whatever kind it is.

    >>> fields_at(("parts", 0, "accept", 1))
    ('key', 'reason', 'say')
    """
    nodes = [_schema()]
    for piece in path:
        nodes = [below for node in nodes for one in _forms(node) for below in _below(one, piece)]
    forms = (form for node in nodes for form in _forms(node))
    return tuple(dict.fromkeys(field for form in forms for field in form.get("properties", ())))


@cache
def _schema() -> Node:
    return Problem.model_json_schema()


def _forms(node: Node) -> Iterator[Node]:
    """Yield what *node* stands for: the model that it names, or each that it leaves open."""
    if "$ref" in node:
        yield from _forms(_schema()["$defs"][node["$ref"].rpartition("/")[2]])
    elif several := node.get("oneOf") or node.get("anyOf"):
        for one in several:
            yield from _forms(one)
    else:
        yield node


def _below(node: Node, piece: int | str) -> Iterator[Node]:
    """Yield what stands in *node* at *piece*, as far as the schema says."""
    if isinstance(piece, int):
        below = node.get("items")
    else:
        below = node.get("properties", {}).get(piece) or node.get("additionalProperties")
    if isinstance(below, dict):
        yield below
