"""An instructor with a browser, a course with an assignment, and its forms."""

from collections.abc import Mapping
from typing import Any

from pages import Browser, Element, Page, form_fields
from world import TEXT_PROBLEM, World


class StaffCourse:
    """A course whose only assignment has *problems*, by default only the text problem."""

    def __init__(
        self, world: World, *problems: str, timeline_spec: Mapping[str, Any] | None = None
    ) -> None:
        self.world = world
        self.course = world.course(zone="Europe/Berlin")
        self.assigned, *_ = world.assignment(
            self.course, *(problems or (TEXT_PROBLEM,)), timeline_spec=timeline_spec
        )
        self.staff = world.enrol(self.course, "Ina Instructor", role="instructor")
        self.student = world.enrol(self.course, "Stu Dent")
        self.browser = Browser(world, self.staff)

    @property
    def home(self) -> str:
        """The path of the course."""
        return f"/courses/{self.course}"

    @property
    def path(self) -> str:
        """The path of the assignment."""
        return f"/assignments/{self.assigned.assignment}"

    def editor(self) -> Page:
        """Return the page that edits the assignment."""
        found = self.browser.get(f"{self.path}/edit")
        assert found.status == 200, found.text
        return found

    def press(self, editor: Page, label: str, **typed: str) -> Page:
        """Press a button outside the settings form that submits it; return the response.

        *label* is the label of the button, or its name and value as ``up=why-small-kernels``;
        *typed* are the new values of settings.
        """
        buttons = editor.all("button", form="settings")
        [button] = [
            one for one in buttons if label in {one.text, f"{one.get('name')}={one.get('value')}"}
        ]
        form = settings_form(editor)
        pressed = {button["name"]: button["value"]} if button.get("name") else {}
        fields = form_fields(form) | typed | pressed
        return self.browser.post(button.get("formaction", form["action"]), fields)


def settings_form(page: Page) -> Element:
    return page.one("form", id="settings")
