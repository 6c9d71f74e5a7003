"""An instructor at a browser: a course with an assignment and a student, and its forms."""

from collections.abc import Mapping
from typing import Any

from pages import Browser, Element, Page, form_fields
from world import TEXT_PROBLEM, World


class StaffScene:
    """A course whose one assignment has *problems*, by default the text problem alone."""

    def __init__(
        self, world: World, *problems: str, timeline_spec: Mapping[str, Any] | None = None
    ) -> None:
        self.world = world
        self.course = world.course(zone="Europe/Berlin")
        self.posed, *_ = world.assignment(
            self.course, *(problems or (TEXT_PROBLEM,)), timeline_spec=timeline_spec
        )
        self.staff = world.enrol(self.course, "Ina Instructor", role="instructor")
        self.student = world.enrol(self.course, "Stu Dent")
        self.browser = Browser(world, self.staff)

    @property
    def home(self) -> str:
        """The address of the course."""
        return f"/courses/{self.course}"

    @property
    def path(self) -> str:
        """The address of the assignment."""
        return f"/assignments/{self.posed.assignment}"

    def editor(self) -> Page:
        """Return the page on which the assignment is edited."""
        found = self.browser.get(f"{self.path}/edit")
        assert found.status == 200, found.text
        return found

    def press(self, editor: Page, label: str, **typed: str) -> Page:
        """Return the answer to a button outside the settings that sends them, as they stand.

        *label* is what it is called, *typed* what was typed into the settings before.
        """
        buttons = editor.all("button", form="settings")
        [button] = [one for one in buttons if label in {one.text, one.get("aria-label")}]
        form = settings_form(editor)
        pressed = {button["name"]: button["value"]} if button.get("name") else {}
        fields = form_fields(form) | typed | pressed
        return self.browser.post(button.get("formaction", form["action"]), fields)


def settings_form(page: Page) -> Element:
    """Return the form of a page with the settings."""
    return page.one("form", id="settings")
