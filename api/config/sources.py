"""Sources of settings: environment variables, files with one secret, and a settings file.

A variable takes precedence over the settings file. Every value keeps its source, so that an error
message can name it.
"""

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # the health check needs only the standard library
    from pydantic_core import ErrorDetails


ENV_PREFIX: Final = "GRADER_"
FILE_VARIABLE: Final = "GRADER_SETTINGS"
"""Environment variable that names a settings file."""
SECRET_FILE_SUFFIX: Final = "_FILE"  # noqa: S105  # not a secret
"""Suffix of an environment variable that names a file with one secret."""
MAX_FILE_CHARACTERS: Final = 65_536
"""Maximum number of characters in a settings or secret file."""
TEST_PREFIXES: Final = ("GRADER_TEST_", "GRADER_FUZZ_", "GRADER_DURABILITY_")
"""Prefixes of environment variables that tests read."""


class SettingsError(Exception):
    """Invalid settings; each of *lines* names a source, its value and the reason.

    >>> str(SettingsError(["GRADER_PORT='http': a number is expected"]))
    "GRADER_PORT='http': a number is expected"
    """

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        super().__init__("\n".join(lines))


@dataclass(frozen=True, slots=True)
class SettingValue:
    """Value of a setting, and its source in words."""

    value: object
    source: str


def collect_setting_values(
    environment: Mapping[str, str], names: Collection[str], *, secret_names: Collection[str]
) -> dict[str, SettingValue]:
    """Return the values of the settings *names* that are set; *secret_names* ones may be in files.

    Raises `SettingsError` if a file cannot be read.
    """
    setting_values = _read_settings_file(environment.get(FILE_VARIABLE, ""))
    for name in names:
        setting_value = _read_variable(environment, name, may_be_file=name in secret_names)
        if setting_value is not None:
            setting_values[name] = setting_value
    return setting_values


def find_unknown_variables(
    environment: Mapping[str, str], names: Collection[str], *, secret_names: Collection[str]
) -> list[str]:
    """Return the variables that start with `ENV_PREFIX` but are not settings, sorted."""
    known_variables = {FILE_VARIABLE, *(ENV_PREFIX + name.upper() for name in names)}
    known_variables |= {ENV_PREFIX + name.upper() + SECRET_FILE_SUFFIX for name in secret_names}
    return sorted(
        name
        for name in environment
        if name.startswith(ENV_PREFIX)
        and not name.startswith(TEST_PREFIXES)
        and name not in known_variables
    )


def describe_setting_errors(
    errors: "Iterable[ErrorDetails]",
    setting_values: Mapping[str, SettingValue],
    *,
    secret_names: Collection[str],
) -> Iterator[str]:
    """Yield a line for each error: the source, the value unless *secret_names*, and the reason."""
    for error in errors:
        name = str(error["loc"][0]) if error["loc"] else ""
        source = setting_values[name].source if name in setting_values else name or "settings"
        # The input of an error without a field is all settings, including secrets.
        value_text = "" if not name or name in secret_names else f"={error['input']!r}"
        yield f"{source}{value_text}: {_explain_error(error)}"


def _explain_error(error: "ErrorDetails") -> str:
    if error["type"] == "extra_forbidden":
        return "there is no such setting. `grader settings` lists them"
    return error["msg"].removeprefix("Value error, ")


def _read_variable(
    environment: Mapping[str, str], name: str, *, may_be_file: bool
) -> SettingValue | None:
    variable = ENV_PREFIX + name.upper()
    value = environment.get(variable, "")
    path = environment.get(variable + SECRET_FILE_SUFFIX, "") if may_be_file else ""
    if value and path:
        raise SettingsError(
            [f"{variable} and {variable}{SECRET_FILE_SUFFIX} are both set. Remove one"]
        )
    if path:
        where = f"{variable}{SECRET_FILE_SUFFIX}={path}"
        return SettingValue(_read_secret(path, where), where)
    return SettingValue(_require_utf8(value, variable), variable) if value else None


def _read_secret(path: str, where: str) -> str:
    secret = _read_text(path, where).strip("\r\n")
    if not secret:
        raise SettingsError([f"{where}: the file is empty"])
    return secret


def _require_utf8(value: str, variable: str) -> str:
    """Return *value*; raise `SettingsError` if it came from bytes that are not UTF-8.

    The environment represents such bytes as lone surrogates.
    """
    try:
        value.encode()
    except UnicodeEncodeError:
        raise SettingsError([f"{variable}: the value is not UTF-8"]) from None
    return value


def _read_settings_file(path: str) -> dict[str, SettingValue]:
    if not path:
        return {}
    where = f"{FILE_VARIABLE}={path}"
    try:
        table = tomllib.loads(_read_text(path, where))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"{where}: this is not TOML: {error}"]) from error
    for name, value in table.items():
        if _is_section(value):
            raise SettingsError(
                [
                    (
                        f"{path}: {name}: the file must not have sections. Write each setting as "
                        "NAME = VALUE"
                    )
                ]
            )
    return {name: SettingValue(value, f"{path}: {name}") for name, value in table.items()}


def _is_section(value: object) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(one, dict) for one in value)
    )


def _read_text(path: str, where: str) -> str:
    """Return the text of a small file without a byte order mark, which Windows editors add."""
    try:
        with Path(path).open(encoding="utf-8-sig") as file:
            text = file.read(MAX_FILE_CHARACTERS + 1)
    except UnicodeDecodeError as error:
        raise SettingsError([f"{where}: the file is not UTF-8"]) from error
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise SettingsError([f"{where}: the file cannot be read: {why}"]) from error
    if len(text) > MAX_FILE_CHARACTERS:
        raise SettingsError([f"{where}: the file has more than {MAX_FILE_CHARACTERS:,} characters"])
    return text
