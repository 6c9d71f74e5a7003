"""An instructor at a browser: a course with an assignment and a student, and its forms."""

from collections.abc import Mapping
from typing import Any

from pages import Browser, Element, Page
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


def settings_form(page: Page) -> Element:
    """Return the form of a page with the settings."""
    return page.one("form", id="settings")
