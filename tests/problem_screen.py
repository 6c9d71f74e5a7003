"""The problem page in a real browser, used as by a student, with and without scripts."""

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect
from screens import Script
from world import ProblemReference

POOLED = {"max": [["9", "7"], ["8", "6"]], "average": [["4.25", "4.25"], ["4.25", "3.5"]]}
"""Key of the bank's problem ``pooling-4x4`` with its original numbers."""
SAVED = "Draft saved"


@dataclass
class ProblemScreen:
    """The page of a problem that a student works on."""

    page: Page
    assigned: ProblemReference
    script: Script = "on"

    def open(self) -> "ProblemScreen":
        self.page.goto(self.assigned.path)
        return self

    def card(self, part: str) -> Locator:
        return self.page.locator(f"#part-{part}")

    def told(self, part: str) -> Locator:
        """Return the feedback on a part."""
        return self.page.locator(f"#told-{part}")

    def cell(self, part: str, index: int = 0) -> Locator:
        """Return a cell of an answer; *index* counts row by row."""
        return self.page.locator(f"[name='cell.{part}']").nth(index)

    def button(self, part: str, name: str = "Check answer") -> Locator:
        return self.card(part).get_by_role("button", name=name)

    def fill(self, part: str, rows: list[list[str]]) -> None:
        """Type an answer cell by cell."""
        for index, text in enumerate([cell for row in rows for cell in row]):
            self.cell(part, index).fill(text)

    def cells(self, part: str) -> list[str]:
        """Return the contents of the cells of an answer."""
        found = self.page.locator(f"[name='cell.{part}']").all()
        return [one.input_value() for one in found]

    def check(self, part: str) -> None:
        """Press the button that checks the answer, and wait for the feedback."""
        self.button(part).click()
        expect(self.told(part)).not_to_be_empty()

    def save(self) -> None:
        """Save the draft with the button of the page without scripts, and wait for it."""
        self.page.get_by_role("button", name="Save draft").click()
        expect(self.page.locator("#saved")).to_contain_text(SAVED)

    def paste(self, part: str, text: str) -> None:
        """Paste an answer into its cells or, without scripts, into the field for pasting."""
        if self.script == "off":
            self.card(part).get_by_text("Paste the whole table").click()
            return self.page.locator(f"#paste-{part}").fill(text)
        self.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.page.evaluate("text => navigator.clipboard.writeText(text)", text)
        self.cell(part).focus()
        self.page.keyboard.press("Control+v")
        return expect(self.card(part).locator(".grid-said")).to_contain_text("Pasted 2 × 2 values.")

    def submissions(self) -> int:
        """Return the number of submissions on the page of submissions."""
        beside = self.page.context.new_page()
        beside.goto(f"{self.assigned.path}/submissions")
        found = beside.get_by_role("heading", name="Submission ").count()
        beside.close()
        return found
