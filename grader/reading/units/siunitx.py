r"""Numbers of the LaTeX package siunitx: ``\num{3640}``, ``\SI{588}{\kibi\byte}``."""

import re
from typing import Final

from grader.lazy_regex import lazy_regex

_NUMBER: Final = r"\{\s*([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)\s*\}"
CALL: Final = lazy_regex(
    rf"\\(?:num|(?:SI|qty)(?=\s*\{{[^{{}}]*\}}\s*\{{([^{{}}]*)\}}))\s*{_NUMBER}(?(1)\s*\{{[^{{}}]*\}})"
)
MACRO: Final = lazy_regex(r"\\([A-Za-z]+)\s*")
PREFIXES: Final = {
    **dict(zip(("kibi", "mebi", "gibi", "tebi"), ("Ki", "Mi", "Gi", "Ti"), strict=True)),
    **dict(zip(("kilo", "mega", "giga", "tera"), "KMGT", strict=True)),
    **dict(zip(("milli", "micro", "nano"), "mµn", strict=True)),
}
UNITS: Final = {"byte": "B", "bit": "bit", "second": "s", "minute": "min", "hour": "h"}


def expand_siunitx(text: str) -> str:
    r"""Return *text* with siunitx numbers as plain ones, in the same positions.

    A number with a comma, or with an unknown unit, stays as it is.

    >>> expand_siunitx(r"\num{3.5e2} and \SI{15.1}{\milli\second}")
    ' 3.5e2      and  15.1 ms                '
    """
    return CALL.sub(_replace_call, text) if "\\" in text else text


def _replace_call(call: re.Match[str]) -> str:
    unit = _parse_unit_macros(call[1] or "")
    if unit is None:
        return call[0]
    return f" {call[2]} {unit}".ljust(len(call[0]))


def _parse_unit_macros(typed: str) -> str | None:
    r"""Return the symbol of a unit such as ``\kibi\byte``; text without commands is one already."""
    if "\\" not in typed:
        return typed.strip()
    names = MACRO.findall(typed)
    if MACRO.sub("", typed).strip():
        return None
    match names:
        case ["percent"]:
            return "%"
        case [unit] if unit in UNITS:
            return UNITS[unit]
        case ["kilo", "bit"]:
            return "kbit"
        case [prefix, unit] if prefix in PREFIXES and unit in UNITS:
            return PREFIXES[prefix] + UNITS[unit]
        case _:
            return None
