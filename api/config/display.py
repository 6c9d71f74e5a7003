"""Settings for people: the output of `grader settings`, and the page `docs/settings.md`."""

import json
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from api.config.settings import HIDDEN, PREFIX, Settings
from api.config.sources import Given
from api.config.validators import MASK, without_password

__all__ = ["settings_file", "settings_page"]

WIDTH: Final = 98
HEAD: Final = """\
# Settings

What can be set, by whoever runs the service. `grader settings` prints what is in force, in the form
of a file.

- A variable of the environment sets one: `GRADER_PORT=80`.
- `GRADER_SETTINGS` names a file in TOML with any of them by name: `port = 80`. A variable wins over
  the file.
- What is secret may lie in a file of its own, named by the variable with `_FILE`:
  `GRADER_METRICS_TOKEN_FILE=/run/secrets/metrics_token`.
- What cannot be is named with its place, and nothing starts. A variable that begins with `GRADER_`
  and is no setting is named in the log, and so is a password that has no place in the address of
  the database.

| variable | default | |
|---|---|---|
"""


def settings_page() -> str:
    """Return the contents of `docs/settings.md`."""
    return HEAD + "".join(
        f"| `{PREFIX}{name.upper()}` | {_default(default)} | {_meaning(name, meaning)} |\n"
        for name, default, meaning in Settings.table()
    )


def settings_file(settings: Settings, given: Mapping[str, Given]) -> str:
    """Return all *settings* as TOML; defaults and secrets appear as comments.

    The comment of a setting names its source if it is in *given*.
    """
    places = {name: one.where for name, one in given.items()}
    return "\n".join(
        line
        for name, default, meaning in Settings.table()
        for line in _entry(name, getattr(settings, name), default, meaning, places.get(name))
    )


def _entry(
    name: str, value: object, default: object, meaning: str, place: str | None
) -> Iterator[str]:
    told = f"{meaning} (set by {place})" if place else meaning
    yield from textwrap.wrap(told, WIDTH, initial_indent="# ", subsequent_indent="# ")
    shown = _toml(_masked(name, value))
    is_comment = value == default or (name in HIDDEN and shown != _toml(value)) or value is None
    yield f"# {name} = {shown}" if is_comment else f"{name} = {shown}"
    yield ""


def _masked(name: str, value: object) -> object:
    if name == "database":
        return without_password(str(value))
    return MASK if name in HIDDEN and value is not None else value


def _toml(value: object) -> str:
    """Return *value* as a TOML literal; None becomes an empty string."""
    match value:
        case None:
            return '""'
        case bool():
            return str(value).lower()
        case int() | float():
            return f"{value:g}" if isinstance(value, float) else str(value)
        case tuple():
            return "[" + ", ".join(map(_toml, value)) + "]"
        case _:
            return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)


def _default(default: Any) -> str:
    return "none" if default in (None, ()) else f"`{_toml(default).strip(chr(34))}`"


def _meaning(name: str, meaning: str) -> str:
    return f"{meaning}; secret" if name in HIDDEN else meaning
