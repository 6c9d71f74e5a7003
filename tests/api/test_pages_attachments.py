"""Tests of the pages of attachments: attached, seen, replaced, submitted, graded, no scripts."""

import pytest
from attachments import WORDS, create_attachment, submit_with_attachment
from images import pdf_of, plot
from pages import Browser
from uploads import create_report, report_path

from api.pages.student import reports
from api.pages.student.components.states import NEW_ATTACHMENT, SUBMITTED_ATTACHMENT
from api.services.attachments import limits, submitted

TEXTAREA = "answer.why"


@pytest.fixture
def assigned(world, course):
    [assigned] = world.assignment(course, attachments=True)
    return assigned


@pytest.fixture
def browser(world, student):
    return Browser(world, student)


def path_of(assigned):
    return f"{assigned.path}/attachments/why"


def attach_file(browser, assigned, data=None, name="loss.png"):
    files = {"file": (name, plot() if data is None else data)}
    return browser.post(path_of(assigned), files=files)


def images_of(page):
    return [image["src"] for image in page.all("img")]


def form_of(page):
    return page.one("form", id="answers")


def test_opening_attachment_page_saves_draft(browser, student, assigned):
    form = form_of(browser.get(assigned.path))
    done = browser.send(form, "save=attach.why", **{TEXTAREA: WORDS})
    assert (done.status, done.location) == (303, path_of(assigned))
    assert student.get(assigned.path).json()["draft"]["answers"] == {"why": WORDS}
    unknown = browser.send(form_of(browser.get(assigned.path)), save="attach.cells")
    assert unknown.location == assigned.path


def test_file_is_attached_displayed_replaced_and_removed(browser, assigned):
    page = browser.get(path_of(assigned))
    assert images_of(page) == []
    done = attach_file(browser, assigned)
    assert done.status == 303
    page = browser.get(done.location)
    [source] = images_of(page)
    assert browser.get(source).headers["content-type"] == "image/png"
    assert "loss.png" in page.one("figcaption").text
    browser.get(attach_file(browser, assigned, pdf_of(pages=2), "figures.pdf").location)
    page = browser.get(path_of(assigned))
    assert len(images_of(page)) == 2
    assert source not in images_of(page)
    remove = next(form for form in page.all("form") if form["action"].endswith("/remove"))
    browser.send(remove)
    assert images_of(browser.get(path_of(assigned))) == []


def test_answer_is_submitted_with_displayed_attachment(browser, student, assigned):
    attach_file(browser, assigned)
    page = browser.get(assigned.path)
    assert NEW_ATTACHMENT in page.text
    done = browser.send(form_of(page), "check=why", **{TEXTAREA: WORDS})
    assert done.status == 303, done.text
    page = browser.get(done.location)
    assert SUBMITTED_ATTACHMENT in page.text
    [submission] = student.get(f"{assigned.path}/submissions").json()["items"]
    assert len(submission["attachments"]) == 1
    shown = browser.get(f"/submissions/{submission['id']}")
    assert images_of(shown) == images_of(page)
    digest = submission["attachments"][0]["digest"]
    assert digest in shown.text
    assert digest in browser.get(f"/receipts/{submission['id']}").text


def test_sending_form_twice_creates_one_submission(browser, student, assigned):
    attach_file(browser, assigned)
    form = form_of(browser.get(assigned.path))
    for _ in range(2):
        browser.send(form, "check=why", **{TEXTAREA: WORDS})
    assert len(student.get(f"{assigned.path}/submissions").json()["items"]) == 1


def test_page_with_replaced_attachment_cannot_submit(browser, student, assigned):
    attach_file(browser, assigned)
    form = form_of(browser.get(assigned.path))
    attach_file(browser, assigned, plot(size=(40, 40)))
    refused = browser.send(form, "check=why", **{TEXTAREA: WORDS})
    assert refused.status == 422
    assert submitted.NOT_CURRENT[1:] in refused.text
    assert WORDS in refused.text
    assert student.get(f"{assigned.path}/submissions").json()["items"] == []


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"<svg/>", "plot.svg", limits.SVG_REFUSED),
        (b"GIF89a", "plot.png", limits.DAMAGED_IMAGE),
        (b"", "", "is missing"),
    ],
)
def test_rejected_file_shows_reason_and_keeps_previous_file(browser, assigned, data, name, reason):
    attach_file(browser, assigned)
    page = attach_file(browser, assigned, data, name)
    assert page.status == 422
    assert reason in page.one(id="error").text
    assert page.one("input", id="file")["aria-invalid"] == "true"
    assert len(images_of(page)) == 1


def test_attachment_page_requires_part_with_attachments(world, course, browser, assigned):
    [plain] = world.assignment(course)
    assert browser.get(path_of(plain)).status == 404
    assert browser.get(f"{assigned.path}/attachments/cells").status == 404
    assert "attach.why" not in browser.get(plain.path).text


def test_ta_sees_image_but_no_file_name_in_anonymous_assignment(world, course):
    for anonymous in (False, True):
        [assigned] = world.assignment(course, attachments=True, anonymous=anonymous)
        student = world.enrol(course)
        ta = world.enrol(course, "Gra Der", role="grader")
        view = create_attachment(student, assigned, name="ada lovelace.png")
        submission = submit_with_attachment(student, assigned, view).json()["id"]
        answer = ta.get(f"/submissions/{submission}").json()["results"][0]["answer"]
        staff = Browser(world, ta)
        for path in (f"/answers/{answer}/review", f"/submissions/{submission}"):
            page = staff.get(path)
            [source] = images_of(page)
            assert staff.get(source).headers["content-type"] == "image/png"
            assert ("ada lovelace" in page.text) != anonymous
            assert view["digest"] not in page.text or not anonymous


def test_expired_images_are_shown_as_deleted(world, student, assigned):
    view = create_attachment(student, assigned)
    submission = submit_with_attachment(student, assigned, view).json()["id"]
    world.clock.advance(days=world.service.settings.report_days + 1)
    world.service.expiry_runner.run_once()
    page = Browser(world, student).get(f"/submissions/{submission}")
    assert images_of(page) == []
    assert "deleted" in page.one("figure").text


def test_report_page_shows_what_it_submits_with_an_answer(browser, student, assigned):
    path = report_path(create_report(student, assigned))
    assert not browser.get(path).all("img")
    view = create_attachment(student, assigned)
    page = browser.get(path)
    [image] = images_of(page.one("tr", id="part-2"))
    assert view["id"] in image
    done = browser.send(form_of(page), "act=certain")
    assert done.status == 303
    [submission] = student.get(f"{assigned.path}/submissions").json()["items"]
    assert [file["id"] for file in submission["attachments"]] == [view["id"]]
    assert not browser.get(path).all("input", type="hidden")


@pytest.mark.parametrize("change", ["attach", "replace", "remove"])
def test_report_page_submits_no_attachment_that_it_did_not_show(browser, student, assigned, change):
    path = report_path(create_report(student, assigned))
    if change != "attach":
        create_attachment(student, assigned)
    page = browser.get(path)
    if change == "remove":
        student.delete(f"{assigned.path}/attachments/why")
    else:
        create_attachment(student, assigned, plot(size=(100, 100)))
    refused = browser.send(form_of(page), "act=part-2", **{"typed-2": WORDS})
    assert refused.status == 409
    assert reports.ATTACHMENT_CHANGED in refused.one("div", role="alert").text
    assert refused.one("textarea", id="typed-2").text == WORDS
    assert student.get(f"{assigned.path}/submissions").json()["items"] == []
    assert browser.send(form_of(refused), "act=part-2").status == 303


def test_report_page_submits_no_attachment_if_the_problem_takes_none(
    world, course, browser, student, assigned
):
    path = report_path(create_report(student, assigned))
    create_attachment(student, assigned)
    teacher = world.enrol(course, "Tea Cher", role="instructor")
    changed = teacher.patch(assigned.path, {"attachments": False}, headers={"If-Match": "*"})
    assert changed.status_code == 200, changed.text
    page = browser.get(path)
    assert not page.all("img")
    assert browser.send(form_of(page), "act=certain").status == 303
    [submission] = student.get(f"{assigned.path}/submissions").json()["items"]
    assert submission["attachments"] == []
