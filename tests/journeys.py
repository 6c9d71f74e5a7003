"""Counts what a journey through pages costs a person: clicks, fields and keystrokes."""

from dataclasses import dataclass

from playwright.sync_api import Locator, Page


@dataclass
class Journey:
    """A journey on *page*; every action that a person takes goes through it and is counted.

    Fields are reached by Tab, which is not counted.
    """

    page: Page
    clicks: int = 0
    fields: int = 0
    keystrokes: int = 0
    page_loads: int = 0

    def __post_init__(self) -> None:
        self.page.on("domcontentloaded", self._count_page_load)

    def _count_page_load(self, _: Page) -> None:
        self.page_loads += 1

    def click(self, target: Locator) -> None:
        """Click *target*, such as a link, a button or a checkbox."""
        target.click()
        self.clicks += 1

    def fill(self, target: Locator, text: str) -> None:
        """Type *text* into a field."""
        target.fill(text)
        self.fields += 1
        self.keystrokes += len(text)

    def press(self, key: str) -> None:
        """Press a single key."""
        self.page.keyboard.press(key)
        self.keystrokes += 1

    def __str__(self) -> str:
        """Return the counts for people to read."""
        return (
            f"{self.clicks} clicks, {self.fields} fields, {self.keystrokes} keystrokes, "
            f"{self.page_loads} pages"
        )
