"""YAML output in a human style, always the same for the same data; `load_document` reads it."""

from collections.abc import Mapping
from typing import Any, Final

import yaml

from grader.errors import ProblemError
from problems.scalars import plain_scalar

__all__ = ["yaml_text"]

UNBROKEN: Final = 1_000_000
"""No line is broken, so that a change of one word changes one line."""


class _Inline(dict[str, Any]):
    """Mapping written on one line."""


class _Writer(yaml.SafeDumper):
    """YAML dumper that quotes strings which YAML would read as another type."""

    def ignore_aliases(self, data: Any) -> bool:
        """Return True, so that repeated values are written out instead of as aliases."""
        del data
        return True


def _text(writer: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None if _is_plain(text) else '"'
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _is_plain(text: str) -> bool:
    try:
        return plain_scalar(text) == text
    except ProblemError:
        return False


def _inline(writer: yaml.SafeDumper, data: _Inline) -> yaml.MappingNode:
    return writer.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=True)


def _list(writer: yaml.SafeDumper, data: list[Any]) -> yaml.SequenceNode:
    short = not any(isinstance(one, dict) for one in data)
    return writer.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=short)


_Writer.add_representer(str, _text)
_Writer.add_representer(_Inline, _inline)
_Writer.add_representer(list, _list)


def yaml_text(data: Mapping[str, Any]) -> str:
    """Return *data* as YAML with its keys in order and small values on one line.

    >>> print(yaml_text({"title": "no", "late": [{"days": 1, "credit": "90%"}]}), end="")
    title: "no"
    late:
    - {days: 1, credit: 90%}
    """
    told = {name: _styled(value) for name, value in data.items()}
    written: str = yaml.dump(
        told, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=UNBROKEN
    )
    return written


def _styled(value: Any) -> Any:
    if isinstance(value, list):
        return [_styled(one) for one in value]
    if not isinstance(value, dict):
        return value
    told = {name: _styled(one) for name, one in value.items()}
    deep = any(
        isinstance(one, list) and any(isinstance(x, dict) for x in one) for one in told.values()
    )
    return told if deep else _Inline(told)
