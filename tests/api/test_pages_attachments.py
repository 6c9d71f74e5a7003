"""Tests of the pages of attachments: attached, seen, replaced, submitted, graded, no scripts."""

import pytest
from attachments import WORDS, create_attachment, submit_with_attachment
from images import pdf_of, plot
from pages import Browser

from api.pages.student.components.states import NEW_ATTACHMENT, SUBMITTED_ATTACHMENT
from api.services.attachments import limits, submitted

TEXTAREA = "answer.why"


@pytest.fixture
def posed(world, course):
    [posed] = world.assignment(course, attachments=True)
    return posed


@pytest.fixture
def browser(world, student):
    return Browser(world, student)


def path_of(posed):
    return f"{posed.path}/attachments/why"


def attach_file(browser, posed, data=None, name="loss.png"):
    files = {"file": (name, plot() if data is None else data)}
    return browser.post(path_of(posed), files=files)


def images_of(page):
    return [image["src"] for image in page.all("img")]


def form_of(page):
    return page.one("form", id="answers")


def test_the_draft_is_saved_on_the_way_to_the_page_of_the_attachment(browser, student, posed):
    form = form_of(browser.get(posed.path))
    done = browser.send(form, "save=attach.why", **{TEXTAREA: WORDS})
    assert (done.status, done.location) == (303, path_of(posed))
    assert student.get(posed.path).json()["draft"]["answers"] == {"why": WORDS}
    unknown = browser.send(form_of(browser.get(posed.path)), save="attach.cells")
    assert unknown.location == posed.path


def test_a_file_is_attached_seen_replaced_and_removed(browser, posed):
    page = browser.get(path_of(posed))
    assert images_of(page) == []
    done = attach_file(browser, posed)
    assert done.status == 303
    page = browser.get(done.location)
    [source] = images_of(page)
    assert browser.get(source).headers["content-type"] == "image/png"
    assert "loss.png" in page.one("figcaption").text
    browser.get(attach_file(browser, posed, pdf_of(pages=2), "figures.pdf").location)
    page = browser.get(path_of(posed))
    assert len(images_of(page)) == 2
    assert source not in images_of(page)
    remove = next(form for form in page.all("form") if form["action"].endswith("/remove"))
    browser.send(remove)
    assert images_of(browser.get(path_of(posed))) == []


def test_an_answer_is_submitted_with_what_the_page_shows(browser, student, posed):
    attach_file(browser, posed)
    page = browser.get(posed.path)
    assert NEW_ATTACHMENT in page.text
    done = browser.send(form_of(page), "check=why", **{TEXTAREA: WORDS})
    assert done.status == 303, done.text
    page = browser.get(done.location)
    assert SUBMITTED_ATTACHMENT in page.text
    [submission] = student.get(f"{posed.path}/submissions").json()["items"]
    assert len(submission["attachments"]) == 1
    shown = browser.get(f"/submissions/{submission['id']}")
    assert images_of(shown) == images_of(page)
    digest = submission["attachments"][0]["digest"]
    assert digest in shown.text
    assert digest in browser.get(f"/receipts/{submission['id']}").text


def test_sending_the_form_twice_is_one_submission(browser, student, posed):
    attach_file(browser, posed)
    form = form_of(browser.get(posed.path))
    for _ in range(2):
        browser.send(form, "check=why", **{TEXTAREA: WORDS})
    assert len(student.get(f"{posed.path}/submissions").json()["items"]) == 1


def test_a_page_that_shows_a_replaced_file_submits_nothing(browser, student, posed):
    attach_file(browser, posed)
    form = form_of(browser.get(posed.path))
    attach_file(browser, posed, plot(size=(40, 40)))
    refused = browser.send(form, "check=why", **{TEXTAREA: WORDS})
    assert refused.status == 422
    assert submitted.NOT_CURRENT[1:] in refused.text
    assert WORDS in refused.text
    assert student.get(f"{posed.path}/submissions").json()["items"] == []


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"<svg/>", "plot.svg", limits.SVG_REFUSED),
        (b"GIF89a", "plot.png", limits.DAMAGED_IMAGE),
        (b"", "", "is missing"),
    ],
)
def test_a_refused_file_is_explained(browser, posed, data, name, reason):
    attach_file(browser, posed)
    page = attach_file(browser, posed, data, name)
    assert page.status == 422
    assert reason in page.one(id="error").text
    assert page.one("input", id="file")["aria-invalid"] == "true"
    assert len(images_of(page)) == 1


def test_a_part_without_attachments_has_no_page(world, course, browser, posed):
    [plain] = world.assignment(course)
    assert browser.get(path_of(plain)).status == 404
    assert browser.get(f"{posed.path}/attachments/cells").status == 404
    assert "attach.why" not in browser.get(plain.path).text


def test_a_ta_sees_the_image_beside_the_rubric_without_the_name_if_anonymous(world, course):
    for anonymous in (False, True):
        [posed] = world.assignment(course, attachments=True, anonymous=anonymous)
        student = world.enrol(course)
        ta = world.enrol(course, "Gra Der", role="grader")
        view = create_attachment(student, posed, name="ada lovelace.png")
        submission = submit_with_attachment(student, posed, view).json()["id"]
        answer = ta.get(f"/submissions/{submission}").json()["results"][0]["answer"]
        staff = Browser(world, ta)
        for path in (f"/answers/{answer}/review", f"/submissions/{submission}"):
            page = staff.get(path)
            [source] = images_of(page)
            assert staff.get(source).headers["content-type"] == "image/png"
            assert ("ada lovelace" in page.text) != anonymous
            assert view["digest"] not in page.text or not anonymous


def test_old_images_are_named_as_deleted(world, student, posed):
    view = create_attachment(student, posed)
    submission = submit_with_attachment(student, posed, view).json()["id"]
    world.clock.advance(days=world.service.settings.report_days + 1)
    world.service.expiry_runner.run_once()
    page = Browser(world, student).get(f"/submissions/{submission}")
    assert images_of(page) == []
    assert "deleted" in page.one("figure").text
