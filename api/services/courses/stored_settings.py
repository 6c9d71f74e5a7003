"""Settings in database rows, read, written and copied as their schemas declare."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from api.db.models.base import Base
from api.schemas.shared.setting import collect_declared_settings


def read_settings(model: type[BaseModel], row: Base) -> dict[str, Any]:
    """Return the settings that *model* declares, as JSON data, from their columns in *row*."""
    return {
        name: setting.column.load(getattr(row, name))
        for name, setting in collect_declared_settings(model).items()
    }


def dump_settings(model: type[BaseModel], values: BaseModel) -> dict[str, Any]:
    """Return the settings in *values* in the form that `read_settings` returns."""
    return {
        name: setting.column.load(setting.column.store(getattr(values, name)))
        for name, setting in collect_declared_settings(model).items()
    }


def write_settings(model: type[BaseModel], row: Base, values: Mapping[str, Any]) -> None:
    """Write those of *values* that are settings of *model* to their columns in *row*."""
    for name, setting in collect_declared_settings(model).items():
        if name in values:
            setattr(row, name, setting.column.store(values[name]))


def list_copied_columns(model: type[BaseModel], row: Base) -> dict[str, Any]:
    """Return the columns of *row* that a copy keeps, by setting."""
    return {
        name: getattr(row, name)
        for name, setting in collect_declared_settings(model).items()
        if setting.is_copied
    }
