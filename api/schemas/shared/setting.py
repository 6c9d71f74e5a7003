"""Declarations of settings: what a field's type does not say about its form and its effects.

A setting is declared once, as a field of a schema with a `Setting` in its annotation. REST bodies,
rows, the audit log, course files, copies and page forms derive from that field.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from pydantic import BaseModel


def _to_column_value(value: Any) -> Any:
    """Return *value* as a column stores it: models as JSON data, tuples as lists."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, tuple):
        return [_to_column_value(item) for item in value]
    return value


def _return_unchanged(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class ColumnConverter:
    """The conversion between a setting's value and its database column.

    *store* turns a validated value into the column's; *load* turns the column's into JSON data.
    """

    store: Callable[[Any], Any] = _to_column_value
    load: Callable[[Any], Any] = _return_unchanged


PLAIN_CONVERTER: Final = ColumnConverter()


@dataclass(frozen=True, slots=True, eq=False)  # hashed by identity: annotations are hashed
class Setting:
    """The declaration of one setting.

    *label* names it, *caption* replaces the label at the form field where that needs more words,
    *hint* explains it. *choices* are the labels of a literal's values; *choices_from* names a list
    that only the page knows, such as the course's categories. *section* groups fields in the form;
    *attributes* go to the HTML element. A change of a setting with *affects_grades* recomputes
    grades. A copied course keeps settings with *is_copied*.
    """

    label: str
    hint: str = ""
    caption: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    choices_from: str = ""
    section: str = "more"
    attributes: Mapping[str, object] = field(default_factory=dict)
    affects_grades: bool = False
    is_copied: bool = True
    column: ColumnConverter = PLAIN_CONVERTER


@cache
def collect_declared_settings(model: type[BaseModel]) -> Mapping[str, Setting]:
    """Return the settings that *model* declares, by field name, in field order."""
    settings = {}
    for name, info in model.model_fields.items():
        declared = [item for item in info.metadata if isinstance(item, Setting)]
        if declared:
            settings[name] = declared[-1]
    return settings


@cache
def list_grade_affecting_settings(model: type[BaseModel]) -> frozenset[str]:
    """Return the names of the settings whose change recomputes grades."""
    return frozenset(
        name for name, item in collect_declared_settings(model).items() if item.affects_grades
    )
