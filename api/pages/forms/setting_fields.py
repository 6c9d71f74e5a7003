"""Form fields of settings, derived from the schemas that declare the settings."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NamedTuple,
    TypeAlias,
    Union,
    get_args,
    get_origin,
)

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from api.pages.forms.form import PostedForm
from api.pages.forms.rows import flatten_rows, parse_rows, parse_whole_number, read_filled_rows
from api.schemas.assignments.timeline import format_credit
from api.schemas.shared.setting import Setting, collect_declared_settings

Kind: TypeAlias = Literal[
    "checkbox", "choice", "custom", "decimal", "line", "number", "rows", "shares", "text"
]
INPUT_MODES: Final[Mapping[str, str]] = {"number": "numeric", "decimal": "decimal"}


@dataclass(frozen=True, slots=True)
class SettingField:
    """The form field of one setting.

    *kind* picks the HTML control and how its text becomes a value; a page draws and reads *custom*
    fields itself. *is_optional* settings take null for an empty field, others their *default*.
    *columns* are the fields of each row of a list.
    """

    name: str
    kind: Kind
    setting: Setting
    is_optional: bool
    default: Any
    options: tuple[tuple[str, str], ...] = ()
    columns: tuple["SettingField", ...] = ()

    @property
    def caption(self) -> str:
        """The text next to the control."""
        return self.setting.caption or self.setting.label

    @property
    def attributes(self) -> dict[str, object]:
        """The HTML attributes of the control."""
        mode = INPUT_MODES.get(self.kind)
        return {**({"inputmode": mode} if mode else {}), **self.setting.attributes}


def build_fields(
    model: type[BaseModel], choices: Mapping[str, Sequence[str]] | None = None
) -> dict[str, SettingField]:
    """Return the form fields of the settings of *model* by name.

    *choices* holds the lists for settings with `choices_from`, by the name given there.
    """
    return {
        name: _build_field(name, model.model_fields[name], setting, choices or {})
        for name, setting in collect_declared_settings(model).items()
    }


def _build_field(
    name: str, info: FieldInfo, setting: Setting, choices: Mapping[str, Sequence[str]]
) -> SettingField:
    field_type = _unwrap_type(info.annotation)
    kind = _choose_kind(field_type.annotation, setting)
    item = get_args(field_type.annotation)[0] if kind == "rows" else None
    listed = choices.get(setting.choices_from, ())
    options = (("", "None"), *((value, value) for value in listed)) if listed else ()
    return SettingField(
        name=name,
        kind=kind,
        setting=setting,
        is_optional=field_type.is_optional,
        default=None if info.is_required() else info.default,
        options=tuple(setting.choices.items()) or options,
        columns=tuple(build_fields(item).values()) if item is not None else (),
    )


class _FieldType(NamedTuple):
    """Type of a field without null and metadata, and whether the field may be null."""

    annotation: Any
    is_optional: bool


def _unwrap_type(annotation: Any) -> _FieldType:
    """Return the type of a field from its annotation."""
    is_optional = False
    if get_origin(annotation) in {Union, UnionType}:
        is_optional = NoneType in get_args(annotation)
        annotation = next(item for item in get_args(annotation) if item is not NoneType)
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return _FieldType(annotation, is_optional)


def _choose_kind(annotation: Any, setting: Setting) -> Kind:
    if get_origin(annotation) is Literal or setting.choices_from:
        return "choice"
    if get_origin(annotation) is tuple:
        item, _ = _unwrap_type(get_args(annotation)[0])
        return "rows" if isinstance(item, type) and issubclass(item, BaseModel) else "shares"
    if annotation is str:
        return "text" if "rows" in setting.attributes else "line"
    plain: dict[Any, Kind] = {bool: "checkbox", int: "number", Fraction: "decimal"}
    return plain.get(annotation, "custom")


def field_labels(fields: Mapping[str, SettingField]) -> dict[str, str]:
    """Return the labels of settings by name."""
    return {name: field.setting.label for name, field in fields.items()}


def default_texts(fields: Mapping[str, SettingField]) -> dict[str, str]:
    """Return the texts of a form for a new object: the defaults."""
    return {
        name: _format_value(field.default)
        for name, field in fields.items()
        if field.kind not in {"custom", "rows", "shares"}
    }


def settings_to_texts(fields: Mapping[str, SettingField], settings: BaseModel) -> dict[str, str]:
    """Return the stored *settings* as form texts."""
    data = settings.model_dump(mode="json")
    return dict(_format_settings(fields, settings, data))


def _format_settings(
    fields: Mapping[str, SettingField], settings: BaseModel, data: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    for name, field in fields.items():
        if field.kind == "rows":
            yield from flatten_rows(name, data[name], _column_names(field)).items()
        elif field.kind == "shares":
            yield name, ", ".join(map(format_credit, getattr(settings, name)))
        elif field.kind != "custom":
            yield name, _format_value(data[name])


def _format_value(value: object) -> str:
    """Return a value as form text, stripped, since form parsing strips it as well."""
    if isinstance(value, bool):
        return "on" if value else ""
    return "" if value is None else str(value).strip()


def form_to_texts(fields: Mapping[str, SettingField], form: PostedForm) -> dict[str, str]:
    """Return the texts of a posted *form*, without empty rows."""
    texts: dict[str, str] = {}
    for name, field in fields.items():
        if field.kind == "rows":
            texts |= flatten_rows(name, read_filled_rows(form, name), _column_names(field))
        elif field.kind != "custom":
            texts[name] = form.text(name)
    return texts


def texts_to_settings(
    fields: Mapping[str, SettingField], texts: Mapping[str, str]
) -> dict[str, Any]:
    """Return form *texts* as settings for a REST body."""
    return {
        name: _parse_value(field, texts) for name, field in fields.items() if field.kind != "custom"
    }


def _parse_value(field: SettingField, texts: Mapping[str, str]) -> Any:
    if field.kind == "rows":
        integer_columns = {column.name for column in field.columns if column.kind == "number"}
        return list(
            parse_rows(texts, field.name, _column_names(field), integer_columns=integer_columns)
        )
    text = texts[field.name]
    match field.kind:
        case "checkbox":
            return bool(text)
        case "number":
            return parse_whole_number(text, empty=field.default)
        case "shares":
            return [share.strip() for share in text.split(",") if share.strip()]
        case _:
            return None if field.is_optional and not text else text


def _column_names(field: SettingField) -> Collection[str]:
    return [column.name for column in field.columns]
