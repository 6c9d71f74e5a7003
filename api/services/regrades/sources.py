"""Edits of a problem file that change one thing in a part and preserve the rest of the text."""

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final, TypeAlias

import yaml
from yaml.nodes import MappingNode, Node, SequenceNode

from api.core.errors import FieldError, Invalid
from grader.values import Tensor, Value
from problems.documents import PARSER

__all__ = ["Setting", "expression", "with_entry", "with_settings", "without_examples"]

Setting: TypeAlias = "str | int | Fraction | Mapping[str, Setting] | Sequence[Setting]"
"""What a field of a part is set to."""
ANCHOR: Final = "kind"
"""A field that every part has, in one line: new ones are written below it."""


def with_settings(source: str, part: str, settings: Mapping[str, Setting]) -> str:
    """Return the file with new values for some fields of a part."""
    for name, value in settings.items():
        node = _part(source, part)
        pair = _field(node, name)
        if pair is None:
            source = _added(source, node, name, _flow(value))
        else:
            source = _put(source, pair.start_mark.index, _end(source, pair), _flow(value))
    return source


def with_entry(source: str, part: str, name: str, entry: Mapping[str, Setting]) -> str:
    """Return the file with a new first entry in a list of a part."""
    node, told = _part(source, part), _flow(entry)
    found = _field(node, name)
    if found is None:
        return _added(source, node, name, f"[{told}]")
    start = found.start_mark.index
    if not isinstance(found, SequenceNode):
        return _put(source, start, _end(source, found), f" [{told}]")
    if found.flow_style:
        return _put(source, start + 1, start + 1, f"{told}, " if found.value else told)
    indent = " " * found.start_mark.column
    return _put(source, start, start, f"- {told}\n{indent}")


def without_examples(source: str, places: Sequence[int]) -> str:
    """Return the file without the author's examples at the indices *places*, counted from 0."""
    for at in sorted(set(places), reverse=True):
        root = yaml.compose(source, Loader=PARSER)
        listed = _field(root, "examples") if isinstance(root, MappingNode) else None
        if not isinstance(listed, SequenceNode) or at >= len(listed.value):
            raise Invalid.of("version.drop_examples", f"names example {at}, which there is not")
        source = _without(source, listed, at)
    return source


def _without(source: str, listed: SequenceNode, at: int) -> str:
    """Return the file without one item of a list; an empty list becomes empty brackets."""
    start = listed.start_mark.index
    if len(listed.value) == 1:
        return _put(source, start, _end(source, listed), " []")
    item = listed.value[at]
    if not listed.flow_style:
        line = source.rfind("\n", 0, item.start_mark.index) + 1
        end = source.find("\n", _end(source, item))
        return _put(source, line, len(source) if end < 0 else end + 1, "")
    if at + 1 < len(listed.value):
        return _put(source, item.start_mark.index, listed.value[at + 1].start_mark.index, "")
    return _put(source, _end(source, listed.value[at - 1]), _end(source, item), "")


def expression(value: Value | None) -> str | None:
    """Return a value as an expression of the problem language; None if it has none.

    >>> expression((64, 32)), expression(Fraction(7, 2))
    ('(64, 32)', '7/2')
    """
    match value:
        case bool() | None:
            return None
        case int() | Fraction():
            return str(value)
        case tuple():
            told = [expression(item) for item in value]
            return None if None in told or len(told) < 2 else f"({', '.join(map(str, told))})"  # noqa: PLR2004
        case Tensor():
            return _nested(list(value.cells), value.shape)
        case _:
            return None


def _nested(cells: Sequence[object], shape: Sequence[int]) -> str:
    if not shape:
        return str(cells[0])
    width = len(cells) // shape[0]
    rows = (cells[at * width : (at + 1) * width] for at in range(shape[0]))
    return f"[{', '.join(_nested(row, shape[1:]) for row in rows)}]"


def _part(source: str, part: str) -> MappingNode:
    root = yaml.compose(source, Loader=PARSER)
    parts = _field(root, "parts") if isinstance(root, MappingNode) else None
    for node in parts.value if isinstance(parts, SequenceNode) else ():
        found = _field(node, "id") if isinstance(node, MappingNode) else None
        if found is not None and found.value == part:
            return node  # type: ignore[no-any-return]  # a mapping, as checked above
    raise Invalid(
        f"The problem has no part {part[:80]}.", errors=(FieldError("part", "is no part of it"),)
    )


def _field(node: MappingNode, name: str) -> Node | None:
    return next((value for key, value in node.value if key.value == name), None)


def _added(source: str, node: MappingNode, name: str, told: str) -> str:
    """Return the file with a new field in a mapping."""
    if node.flow_style:
        end = node.end_mark.index - 1
        comma = "" if source[:end].rstrip().endswith(",") else ", "
        return _put(source, end, end, f"{comma}{name}: {told}")
    anchor = _field(node, ANCHOR) or node.value[0][1]
    end = source.find("\n", anchor.end_mark.index)
    end = len(source) if end < 0 else end
    indent = " " * node.start_mark.column
    return _put(source, end, end, f"\n{indent}{name}: {told}")


def _end(source: str, node: Node) -> int:
    """Return the end of a value in the text: a YAML block's end mark is that of the next token."""
    if isinstance(node, MappingNode | SequenceNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(source, last[1] if isinstance(last, tuple) else last)
    start, end = node.start_mark.index, node.end_mark.index
    return int(start + len(source[start:end].rstrip()))


def _put(source: str, start: int, end: int, told: str) -> str:
    return f"{source[:start]}{told}{source[end:]}"


def _flow(value: Any) -> str:
    match value:
        case Mapping():
            return f"{{{', '.join(f'{name}: {_flow(one)}' for name, one in value.items())}}}"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case int():
            return str(value)
        case Fraction():
            return str(value.numerator) if value.denominator == 1 else f'"{value}"'
        case _:
            return f"[{', '.join(map(_flow, value))}]"
