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

__all__ = ["FILE", "PREFIX", "Given", "SettingsError", "gather", "unknown", "wrong"]

PREFIX: Final = "GRADER_"
FILE: Final = "GRADER_SETTINGS"
"""The variable that names a file of settings."""
IN_FILE: Final = "_FILE"
"""What a variable ends in that names a file with one secret."""
LONGEST: Final = 65_536
"""How many characters a file may have."""
ELSEWHERE: Final = ("GRADER_TEST_", "GRADER_FUZZ_", "GRADER_DURABILITY_")
"""What variables begin with that are read by tests."""


class SettingsError(Exception):
    """Invalid settings; each of *lines* names a source, its value and the reason.

    >>> str(SettingsError(["GRADER_PORT='http': a number is expected"]))
    "GRADER_PORT='http': a number is expected"
    """

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        super().__init__("\n".join(lines))


@dataclass(frozen=True, slots=True)
class Given:
    """Value of a setting, and its source in words."""

    value: object
    where: str


def gather(
    environment: Mapping[str, str], names: Collection[str], *, hidden: Collection[str]
) -> dict[str, Given]:
    """Return the values of the settings *names* that are set; *hidden* ones may be in files.

    Raises `SettingsError` if a file cannot be read.
    """
    found = _from_file(environment.get(FILE, ""))
    for name in names:
        given = _from_variables(environment, name, may_be_file=name in hidden)
        if given is not None:
            found[name] = given
    return found


def unknown(
    environment: Mapping[str, str], names: Collection[str], *, hidden: Collection[str]
) -> list[str]:
    """Return the variables that start with `PREFIX` but are not settings, sorted."""
    ours = {FILE, *(PREFIX + name.upper() for name in names)}
    ours |= {PREFIX + name.upper() + IN_FILE for name in hidden}
    return sorted(
        name
        for name in environment
        if name.startswith(PREFIX) and not name.startswith(ELSEWHERE) and name not in ours
    )


def wrong(
    errors: "Iterable[ErrorDetails]", found: Mapping[str, Given], *, hidden: Collection[str]
) -> Iterator[str]:
    """Yield a line for each error: the source, the value unless *hidden*, and the reason."""
    for one in errors:
        name = str(one["loc"][0]) if one["loc"] else ""
        where = found[name].where if name in found else name or "settings"
        # The input of an error without a field is all settings, including secrets.
        told = "" if not name or name in hidden else f"={one['input']!r}"
        yield f"{where}{told}: {_why(one)}"


def _why(one: "ErrorDetails") -> str:
    if one["type"] == "extra_forbidden":
        return "there is no such setting; `grader settings` lists them"
    return one["msg"].removeprefix("Value error, ")


def _from_variables(
    environment: Mapping[str, str], name: str, *, may_be_file: bool
) -> Given | None:
    variable = PREFIX + name.upper()
    value = environment.get(variable, "")
    path = environment.get(variable + IN_FILE, "") if may_be_file else ""
    if value and path:
        raise SettingsError([f"{variable} and {variable}{IN_FILE} are both set; leave one out"])
    if path:
        where = f"{variable}{IN_FILE}={path}"
        return Given(_secret(path, where), where)
    return Given(_utf8(value, variable), variable) if value else None


def _secret(path: str, where: str) -> str:
    found = _text(path, where).strip("\r\n")
    if not found:
        raise SettingsError([f"{where}: the file is empty"])
    return found


def _utf8(value: str, variable: str) -> str:
    """Return *value*; raise `SettingsError` if it came from bytes that are not UTF-8.

    The environment represents such bytes as lone surrogates.
    """
    try:
        value.encode()
    except UnicodeEncodeError:
        raise SettingsError([f"{variable}: what it is set to is not UTF-8"]) from None
    return value


def _from_file(path: str) -> dict[str, Given]:
    if not path:
        return {}
    where = f"{FILE}={path}"
    try:
        told = tomllib.loads(_text(path, where))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"{where}: this is no TOML: {error}"]) from error
    for name, value in told.items():
        if _is_section(value):
            raise SettingsError(
                [f"{path}: {name}: the file has no sections; write each setting as NAME = VALUE"]
            )
    return {name: Given(value, f"{path}: {name}") for name, value in told.items()}


def _is_section(value: object) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(one, dict) for one in value)
    )


def _text(path: str, where: str) -> str:
    """Return the text of a small file without a byte order mark, which Windows editors add."""
    try:
        with Path(path).open(encoding="utf-8-sig") as file:
            text = file.read(LONGEST + 1)
    except UnicodeDecodeError as error:
        raise SettingsError([f"{where}: the file is not UTF-8"]) from error
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise SettingsError([f"{where}: the file cannot be read: {why}"]) from error
    if len(text) > LONGEST:
        raise SettingsError([f"{where}: the file has more than {LONGEST:,} characters"])
    return text
