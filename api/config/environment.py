"""Settings read from the environment and the files that it names."""

from collections.abc import Mapping
from typing import Final

from pydantic import ValidationError

from api.config.settings import ServiceSettings
from api.config.sources import (
    SettingsError,
    SettingValue,
    collect_setting_values,
    describe_setting_errors,
)

SECRET_SETTINGS: Final = frozenset(
    name
    for name, field in ServiceSettings.model_fields.items()
    if isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("secret")
)
"""Settings that hold a secret: each may be read from a file, and is never shown."""


def read_setting_values(environment: Mapping[str, str]) -> dict[str, SettingValue]:
    """Return the settings from *environment* and the file that it names, each with its source."""
    return collect_setting_values(
        environment, ServiceSettings.model_fields, secret_names=SECRET_SETTINGS
    )


def read_settings(environment: Mapping[str, str], **options: str) -> ServiceSettings:
    """Return the settings of *environment*; *options* of a command take precedence.

    Settings in neither place have their default. Raises `SettingsError` with a line for each
    invalid setting.
    """
    setting_values = read_setting_values(environment) | {
        name: SettingValue(value, "--" + name.replace("_", "-"))
        for name, value in options.items()
        if value
    }
    try:
        return ServiceSettings.model_validate(_extract_values_with_public_url(setting_values))
    except ValidationError as error:
        raise SettingsError(
            list(
                describe_setting_errors(
                    error.errors(), setting_values, secret_names=SECRET_SETTINGS
                )
            )
        ) from error


def _extract_values_with_public_url(
    setting_values: Mapping[str, SettingValue],
) -> dict[str, object]:
    values = {name: value.value for name, value in setting_values.items()}
    if "port" in values and "public_url" not in values:
        values["public_url"] = f"http://127.0.0.1:{values['port']}"
    return values
