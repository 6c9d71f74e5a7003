"""YAML output in a human style, always the same for the same data; `load_document` reads it."""

from collections.abc import Mapping
from typing import Any, Final

import yaml

from grader.errors import ProblemError
from problems.files.yaml_scalars import parse_scalar

MAX_LINE_WIDTH: Final = 1_000_000
"""Width that prevents line breaks, so that changing one word changes one line."""


class _InlineMapping(dict[str, Any]):
    """Mapping written on one line."""


class _Dumper(yaml.SafeDumper):
    """YAML dumper that quotes strings which YAML would read as another type."""

    def ignore_aliases(self, data: Any) -> bool:
        """Return True, so that repeated values are written out instead of as aliases."""
        del data
        return True


def _represent_text(writer: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None if _is_plain(text) else '"'
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _is_plain(text: str) -> bool:
    try:
        return parse_scalar(text) == text
    except ProblemError:
        return False


def _represent_inline(writer: yaml.SafeDumper, data: _InlineMapping) -> yaml.MappingNode:
    return writer.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=True)


def _represent_list(writer: yaml.SafeDumper, data: list[Any]) -> yaml.SequenceNode:
    short = not any(isinstance(one, dict) for one in data)
    return writer.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=short)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(_InlineMapping, _represent_inline)
_Dumper.add_representer(list, _represent_list)


def dump_yaml(data: Mapping[str, Any]) -> str:
    """Return *data* as YAML with its keys in order and small values on one line.

    >>> print(dump_yaml({"title": "no", "late": [{"days": 1, "credit": "90%"}]}), end="")
    title: "no"
    late:
    - {days: 1, credit: 90%}
    """
    styled = {name: _mark_inline_mappings(value) for name, value in data.items()}
    text: str = yaml.dump(
        styled, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=MAX_LINE_WIDTH
    )
    return text


def _mark_inline_mappings(value: Any) -> Any:
    if isinstance(value, list):
        return [_mark_inline_mappings(one) for one in value]
    if not isinstance(value, dict):
        return value
    styled = {name: _mark_inline_mappings(one) for name, one in value.items()}
    deep = any(
        isinstance(one, list) and any(isinstance(x, dict) for x in one) for one in styled.values()
    )
    return styled if deep else _InlineMapping(styled)
