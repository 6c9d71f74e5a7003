"""Settings for people: the output of `grader settings`, and the page `docs/settings.md`."""

import json
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from api.config.environment import SECRET_SETTINGS
from api.config.settings import ServiceSettings
from api.config.sources import ENV_PREFIX, SettingValue
from api.config.validators import MASK, mask_password

COMMENT_WIDTH: Final = 98
PAGE_HEADER: Final = """\
# Settings

Settings of the service, for its operators. `grader settings` prints what is in force, in the form
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


def render_settings_page() -> str:
    """Return the contents of `docs/settings.md`."""
    return PAGE_HEADER + "".join(
        f"| `{ENV_PREFIX}{name.upper()}` | {_render_default(default)} "
        f"| {_render_description(name, meaning)} |\n"
        for name, default, meaning in ServiceSettings.iter_fields()
    )


def render_settings_file(
    settings: ServiceSettings, setting_values: Mapping[str, SettingValue]
) -> str:
    """Return all *settings* as TOML; defaults and secrets appear as comments.

    The comment of a setting names its source if it is in *setting_values*.
    """
    sources = {name: value.source for name, value in setting_values.items()}
    return "\n".join(
        line
        for name, default, meaning in ServiceSettings.iter_fields()
        for line in _render_entry(
            name, getattr(settings, name), default, meaning, sources.get(name)
        )
    )


def _render_entry(
    name: str, value: object, default: object, meaning: str, source: str | None
) -> Iterator[str]:
    comment = f"{meaning} (set by {source})" if source else meaning
    yield from textwrap.wrap(comment, COMMENT_WIDTH, initial_indent="# ", subsequent_indent="# ")
    rendered = _to_toml(_mask_secret(name, value))
    is_comment = (
        value == default
        or (name in SECRET_SETTINGS and rendered != _to_toml(value))
        or value is None
    )
    yield f"# {name} = {rendered}" if is_comment else f"{name} = {rendered}"
    yield ""


def _mask_secret(name: str, value: object) -> object:
    if name == "database":
        return mask_password(str(value))
    return MASK if name in SECRET_SETTINGS and value is not None else value


def _to_toml(value: object) -> str:
    """Return *value* as a TOML literal; None becomes an empty string."""
    match value:
        case None:
            return '""'
        case bool():
            return str(value).lower()
        case int() | float():
            return f"{value:g}" if isinstance(value, float) else str(value)
        case tuple():
            return "[" + ", ".join(map(_to_toml, value)) + "]"
        case _:
            return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)


def _render_default(default: Any) -> str:
    return "none" if default in (None, ()) else f"`{_to_toml(default).strip(chr(34))}`"


def _render_description(name: str, meaning: str) -> str:
    return f"{meaning}; secret" if name in SECRET_SETTINGS else meaning
