"""Takes the pictures of the documentation, of a new demo course: `make pictures`."""

import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from demo_service import Demo, running_demo
from playwright.sync_api import Browser, Page, sync_playwright

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
COURSE = "Deep Learning (demo)"
PROBLEM = "Output shape of a convolution"
SOLVED = "Convolution and pooling by hand"
WORKED = "A convolution by hand, window by window"
CHROMIUM = os.environ.get("GRADER_TEST_CHROMIUM") or shutil.which("chromium") or ""


def main() -> None:
    """Write all pictures to `docs/pictures`."""
    if not CHROMIUM:
        sys.exit("pictures: there is no Chromium; install it, or name it in GRADER_TEST_CHROMIUM")
    with (
        TemporaryDirectory() as folder,
        running_demo(Path(folder)) as demo,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        take_pictures_of_student(browser, demo)
        take_pictures_of_staff(browser, demo)
        browser.close()


def take_pictures_of_student(browser: Browser, demo: Demo) -> None:
    """Take the pictures of a problem, a named mistake, a phone and a solution."""
    page = log_in(browser, demo, "student", width=1100, height=700)
    page.get_by_role("link", name=PROBLEM).click()
    take(page, "problem")
    field = page.get_by_label("Shape as H×W×C").first
    field.fill(demo.example_answers()["incorrect answer"])
    field.press("Enter")
    page.get_by_text("0 of 1 point").first.wait_for()
    take(page, "mistake")
    problem = page.url
    page.goto("/")
    page.get_by_role("link", name=SOLVED).first.click()
    page.get_by_role("link", name=WORKED).first.click()
    page.get_by_role("link", name="Worked solution").click()
    take(page, "solution")
    phone = log_in(browser, demo, "student", width=390, height=844, scheme="dark")
    phone.goto(problem)
    take(phone, "phone")


def take_pictures_of_staff(browser: Browser, demo: Demo) -> None:
    """Take the pictures of the results of an assignment and of the gradebook."""
    page = log_in(browser, demo, "instructor", width=1280, height=900)
    page.get_by_role("link", name=COURSE).click()
    page.get_by_role("link", name=SOLVED, exact=True).first.click()
    take(page, "results")
    page.get_by_role("link", name="Gradebook").first.click()
    take(page, "gradebook")


def log_in(
    browser: Browser, demo: Demo, role: str, *, width: int, height: int, scheme: str = "light"
) -> Page:
    """Return the first page of a person of the demo, in a new window."""
    context = browser.new_context(
        base_url=demo.address,
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.set_default_timeout(120_000)
    email, password = demo.logins()[role]
    page.goto("/login")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in", exact=True).click()
    return page


def take(page: Page, name: str) -> None:
    """Write a picture of what a window shows."""
    page.wait_for_load_state("networkidle")
    page.screenshot(path=PICTURES / f"{name}.png")
    sys.stdout.write(f"docs/pictures/{name}.png\n")


if __name__ == "__main__":
    main()
