"""Theme that a viewer has chosen, kept in a cookie: light, dark, or that of their system."""

from typing import Final

from fastapi import Request

THEME_COOKIE: Final = "grader-theme"
THEMES: Final = {"": "System", "light": "Light", "dark": "Dark"}
"""Labels of the themes; the empty one follows the browser."""
THEME_COOKIE_SECONDS: Final = 365 * 24 * 60 * 60


def read_theme(request: Request) -> str:
    """Return the chosen theme, or "" if there is none or an unknown one."""
    theme = request.cookies.get(THEME_COOKIE, "")
    return theme if theme in THEMES else ""
