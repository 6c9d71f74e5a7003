"""What is looked at in a real browser: pages as somebody has them, and what is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import axe_playwright_python
from pages import Browser as Requests
from playwright.sync_api import Browser, BrowserContext, Page, Request
from world import Person, World

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NARROWEST = 320
HEIGHT = 900
ITSELF = ("data:", "blob:", "about:")
"""What the addresses begin with that nobody is asked for."""

Scheme = Literal["light", "dark"]
Script = Literal["on", "off"]


@dataclass
class Screens:
    """Opens pages of the service at *address* in a *browser*, logged in without the log-in page.

    *said* is what the console said since it was last emptied, *elsewhere* what was ever asked of
    another server.
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
        """Return an empty page of somebody."""
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
        """Give a browser a log-in of somebody."""
        cookies = Requests(self.world, person).cookies
        context.add_cookies(
            [{"name": name, "value": told, "url": self.address} for name, told in cookies.items()]
        )

    def watched(self, page: Page) -> Page:
        """Return a page of which all is kept that no page should do."""
        page.on("console", lambda line: self.said.append(f"{line.type}: {line.text}"))
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        page.on("request", self._asks)
        return page

    def _asks(self, request: Request) -> None:
        if not request.url.startswith((self.address, *ITSELF)):
            self.elsewhere.append(request.url)

    def close(self) -> None:
        """Close all that was opened."""
        for context in self.contexts:
            context.close()
        self.contexts.clear()


def look(page: Page, *, width: int, scheme: Scheme) -> None:
    """Show a page in a window of another width and scheme, without asking for it again."""
    page.set_viewport_size({"width": width, "height": HEIGHT})
    page.emulate_media(color_scheme=scheme)


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong with a page as it stands: the rule and the first elements."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found: list[Mapping[str, Any]] = page.evaluate(
        "rules => axe.run(document, {runOnly: rules}).then(found => found.violations)", RULES
    )
    return [f"{one['id']}: {[node['html'][:160] for node in one['nodes'][:3]]}" for one in found]


def overflow(page: Page) -> int:
    """Return by how many pixels a page is wider than the window."""
    wide: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return wide
