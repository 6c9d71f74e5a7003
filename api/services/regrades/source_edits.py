"""Edits of a problem file that change one thing in a part and preserve the rest of the text."""

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final, TypeAlias

import yaml
from yaml.nodes import MappingNode, Node, SequenceNode

from api.core.errors import FieldError, InvalidInput
from grader.values import Tensor, Value
from problems.files.yaml_document import PARSER

PartFieldValue: TypeAlias = (
    "str | int | Fraction | Mapping[str, PartFieldValue] | Sequence[PartFieldValue]"
)
"""New value of a field of a part."""
ANCHOR_FIELD: Final = "kind"
"""Field on one line of every part, after which new fields are inserted."""


def set_part_fields(source: str, part: str, settings: Mapping[str, PartFieldValue]) -> str:
    """Return the file with new values for some fields of a part."""
    for name, value in settings.items():
        node = _find_part(source, part)
        pair = _find_field(node, name)
        if pair is None:
            source = _add_field(source, node, name, _format_flow_yaml(value))
        else:
            source = _replace_span(
                source,
                pair.start_mark.index,
                _find_value_end(source, pair),
                _format_flow_yaml(value),
            )
    return source


def insert_list_entry(
    source: str, part: str, name: str, entry: Mapping[str, PartFieldValue]
) -> str:
    """Return the file with a new first entry in a list of a part."""
    node, text = _find_part(source, part), _format_flow_yaml(entry)
    entries = _find_field(node, name)
    if entries is None:
        return _add_field(source, node, name, f"[{text}]")
    start = entries.start_mark.index
    if not isinstance(entries, SequenceNode):
        return _replace_span(source, start, _find_value_end(source, entries), f" [{text}]")
    if entries.flow_style:
        return _replace_span(source, start + 1, start + 1, f"{text}, " if entries.value else text)
    indent = " " * entries.start_mark.column
    return _replace_span(source, start, start, f"- {text}\n{indent}")


def remove_examples(source: str, indices: Sequence[int]) -> str:
    """Return the file without the author's examples at the indices *indices*, counted from 0."""
    for index in sorted(set(indices), reverse=True):
        root = yaml.compose(source, Loader=PARSER)
        examples = _find_field(root, "examples") if isinstance(root, MappingNode) else None
        if not isinstance(examples, SequenceNode) or index >= len(examples.value):
            raise InvalidInput.for_field(
                "version.drop_examples", f"names example {index}, which does not exist"
            )
        source = _remove_item(source, examples, index)
    return source


def _remove_item(source: str, sequence: SequenceNode, index: int) -> str:
    """Return the file without one item of a list; an empty list becomes empty brackets."""
    start = sequence.start_mark.index
    if len(sequence.value) == 1:
        return _replace_span(source, start, _find_value_end(source, sequence), " []")
    item = sequence.value[index]
    if not sequence.flow_style:
        line = source.rfind("\n", 0, item.start_mark.index) + 1
        end = source.find("\n", _find_value_end(source, item))
        return _replace_span(source, line, len(source) if end < 0 else end + 1, "")
    if index + 1 < len(sequence.value):
        return _replace_span(
            source, item.start_mark.index, sequence.value[index + 1].start_mark.index, ""
        )
    return _replace_span(
        source,
        _find_value_end(source, sequence.value[index - 1]),
        _find_value_end(source, item),
        "",
    )


def format_expression(value: Value | None) -> str | None:
    """Return a value as an expression of the problem language; None if it has none.

    >>> format_expression((64, 32)), format_expression(Fraction(7, 2))
    ('(64, 32)', '7/2')
    """
    match value:
        case bool() | None:
            return None
        case int() | Fraction():
            return str(value)
        case tuple():
            items = [format_expression(item) for item in value]
            return None if None in items or len(items) < 2 else f"({', '.join(map(str, items))})"  # noqa: PLR2004
        case Tensor():
            return _format_nested_list(list(value.cells), value.shape)
        case _:
            return None


def _format_nested_list(cells: Sequence[object], shape: Sequence[int]) -> str:
    if not shape:
        return str(cells[0])
    width = len(cells) // shape[0]
    rows = (cells[index * width : (index + 1) * width] for index in range(shape[0]))
    return f"[{', '.join(_format_nested_list(row, shape[1:]) for row in rows)}]"


def _find_part(source: str, part: str) -> MappingNode:
    root = yaml.compose(source, Loader=PARSER)
    parts = _find_field(root, "parts") if isinstance(root, MappingNode) else None
    for node in parts.value if isinstance(parts, SequenceNode) else ():
        id_node = _find_field(node, "id") if isinstance(node, MappingNode) else None
        if id_node is not None and id_node.value == part:
            return node  # type: ignore[no-any-return]  # a mapping, as checked above
    raise InvalidInput(
        f"The problem has no part {part[:80]}.",
        errors=(FieldError("part", "is not one of its parts"),),
    )


def _find_field(node: MappingNode, name: str) -> Node | None:
    return next((value for key, value in node.value if key.value == name), None)


def _add_field(source: str, node: MappingNode, name: str, text: str) -> str:
    """Return the file with a new field in a mapping."""
    if node.flow_style:
        end = node.end_mark.index - 1
        comma = "" if source[:end].rstrip().endswith(",") else ", "
        return _replace_span(source, end, end, f"{comma}{name}: {text}")
    anchor = _find_field(node, ANCHOR_FIELD) or node.value[0][1]
    end = source.find("\n", anchor.end_mark.index)
    end = len(source) if end < 0 else end
    indent = " " * node.start_mark.column
    return _replace_span(source, end, end, f"\n{indent}{name}: {text}")


def _find_value_end(source: str, node: Node) -> int:
    """Return the end of a value in the text: a YAML block's end mark is that of the next token."""
    if isinstance(node, MappingNode | SequenceNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _find_value_end(source, last[1] if isinstance(last, tuple) else last)
    start, end = node.start_mark.index, node.end_mark.index
    return int(start + len(source[start:end].rstrip()))


def _replace_span(source: str, start: int, end: int, text: str) -> str:
    return f"{source[:start]}{text}{source[end:]}"


def _format_flow_yaml(value: Any) -> str:
    match value:
        case Mapping():
            entries = (f"{name}: {_format_flow_yaml(one)}" for name, one in value.items())
            return f"{{{', '.join(entries)}}}"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case int():
            return str(value)
        case Fraction():
            return str(value.numerator) if value.denominator == 1 else f'"{value}"'
        case _:
            return f"[{', '.join(map(_format_flow_yaml, value))}]"
