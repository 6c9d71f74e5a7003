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

Settings of the service, for its operators. `grader settings` prints the current values in the
format of a settings file.

- An environment variable sets one setting: `GRADER_PORT=80`.
- `GRADER_SETTINGS` is the path of a TOML file with any of them: `port = 80`. A variable takes
  precedence over the file.
- A secret can be in a file of its own. Add `_FILE` to the name of the variable:
  `GRADER_METRICS_TOKEN_FILE=/run/secrets/metrics_token`.
- Invalid settings are reported with their source, and the service does not start. The log warns of
  a variable that begins with `GRADER_` but is not a setting, and of a database password that is
  not used.

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
    return "none" if default in (None, (), "") else f"`{_to_toml(default).strip(chr(34))}`"


def _render_description(name: str, meaning: str) -> str:
    return f"{meaning}; secret" if name in SECRET_SETTINGS else meaning
