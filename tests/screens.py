"""Pages in a real browser, and checks for faults of accessibility and layout."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import axe_playwright_python
from pages import Browser as Requests
from playwright.sync_api import Browser, BrowserContext, Page, Request
from world import Person, World

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCREENSHOTS = os.environ.get("GRADER_TEST_SCREENSHOTS", "")
"""Folder for a picture of each page that is checked; empty for none."""
OF_COLOURS = ["color-contrast", "link-in-text-block"]
"""Axe rules about color."""
NARROWEST = 320
HEIGHT = 900
PHONE = 390
SIDEWAYS = """Array.from(document.querySelectorAll(".scroll:has(.table)"))
    .filter(place => place.scrollWidth > place.clientWidth + 1 && place.checkVisibility())
    .map(place => place.getAttribute("aria-label") || place.className)"""
MISNAMED = """Array.from(document.querySelectorAll(":is(a, button, summary)[aria-label]"))
    .filter(control => control.checkVisibility())
    .filter(control => !control.ariaLabel.toLowerCase().includes(
        control.innerText.trim().toLowerCase()))
    .map(control => control.ariaLabel)"""
WIDE = ("Gradebook", "Table", "Answers")
"""Tables that scroll sideways on a phone, such as those whose columns are compared."""
AXE_RUN = """rules => axe.run(document, {runOnly: rules, resultTypes: ["violations"]})
    .then(found => found.violations)"""
ITSELF = ("data:", "blob:", "about:")
"""Prefixes of URLs that no server is asked for."""

Scheme = Literal["light", "dark"]
Script = Literal["on", "off"]
LOOKS: tuple[tuple[int, Scheme], ...] = (
    (1280, "light"),
    (1280, "dark"),
    (390, "light"),
    (390, "dark"),
)


@dataclass
class Screens:
    """Opens pages of the service at *address* in *browser*, without the login page.

    *said* holds the console messages since it was last cleared, *elsewhere* all
    requests to other servers.
    """

    browser: Browser
    world: World
    address: str
    contexts: list[BrowserContext] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def open(
        self,
        person: Person | None = None,
        *,
        width: int = 1280,
        scheme: Scheme = "light",
        script: Script = "on",
        motion: Literal["reduce", "no-preference"] = "reduce",
    ) -> Page:
        """Return an empty page, logged in as *person* or anonymous."""
        context = self.browser.new_context(
            base_url=self.address,
            viewport={"width": width, "height": HEIGHT},
            color_scheme=scheme,
            java_script_enabled=script == "on",
            accept_downloads=True,
            reduced_motion=motion,
        )
        context.set_default_timeout(15_000)
        self.contexts.append(context)
        if person is not None:
            self.log_in(context, person)
        return self.watched(context.new_page())

    def log_in(self, context: BrowserContext, person: Person) -> None:
        """Add the session cookie of *person* to a browser context."""
        cookies = Requests(self.world, person).cookies
        context.add_cookies(
            [{"name": name, "value": told, "url": self.address} for name, told in cookies.items()]
        )

    def watched(self, page: Page) -> Page:
        """Record the console messages, errors and requests of a page, and return it."""
        page.on("console", lambda line: self.said.append(f"{line.type}: {line.text}"))
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        page.on("request", self._asks)
        return page

    def _asks(self, request: Request) -> None:
        if not request.url.startswith((self.address, *ITSELF)):
            self.elsewhere.append(request.url)

    def close(self) -> None:
        """Close all browser contexts."""
        for context in self.contexts:
            context.close()
        self.contexts.clear()


def look(page: Page, *, width: int, scheme: Scheme) -> None:
    """Set the width and the color scheme of a page, without reloading it."""
    page.set_viewport_size({"width": width, "height": HEIGHT})
    page.emulate_media(color_scheme=scheme)


def faults(page: Page) -> Iterator[str]:
    """Yield the faults of a page at each width, in light and dark."""
    for width, scheme in LOOKS:
        look(page, width=width, scheme=scheme)
        rules = RULES if scheme == "light" else OF_COLOURS  # in the dark all else is the same
        yield from (f"{width} {scheme}: {one}" for one in violations(page, rules))
        if scheme == "light":
            yield from _overflows(page, width)
            yield from (f"misnamed: {name}" for name in page.evaluate(MISNAMED))
        if width == PHONE and scheme == "light":
            yield from _hidden_columns(page)
        _take_picture(page, f"{width}-{scheme}")
    look(page, width=NARROWEST, scheme="light")
    yield from _overflows(page, NARROWEST)


def _hidden_columns(page: Page) -> list[str]:
    """Return the tables of which a phone shows only some columns."""
    names: list[str] = page.evaluate(SIDEWAYS)
    return [f"hides columns: {name}" for name in names if not name.startswith(WIDE)]


def _take_picture(page: Page, look: str) -> None:
    if SCREENSHOTS:
        name = re.sub(r"\W+", "-", page.url.partition("://")[2].partition("/")[2]).strip("-")
        page.screenshot(path=Path(SCREENSHOTS) / f"{name or 'home'}.{look}.png", full_page=True)


def _overflows(page: Page, width: int) -> list[str]:
    return [f"wider than {width}"] if overflow(page) > 0 else []


def violations(page: Page, rules: Sequence[str] = RULES) -> list[str]:
    """Return axe's findings on the current page: each rule with its first elements."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found: list[Mapping[str, Any]] = page.evaluate(AXE_RUN, list(rules))
    return [f"{one['id']}: {[node['html'][:160] for node in one['nodes'][:3]]}" for one in found]


def overflow(page: Page) -> int:
    """Return the number of pixels by which a page is wider than the window."""
    wide: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return wide
