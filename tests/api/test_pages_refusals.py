"""Tests of error pages: they say once what to do; also, HEAD requests for pages."""

import pytest
from pages import Browser

from api.pages.layout.templating import static_url

ID = "01933e3a-0000-7000-8000-000000000001"


@pytest.fixture
def browser(world, student):
    return Browser(world, student)


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/courses/{course}/sections", "/courses/{course}"),
        ("/assignments/{assignment}/problems/{problem}/draft", "{assigned}"),
        ("/assignments/{assignment}/problems/{problem}/variant", "{assigned}"),
        ("/me/tokens", ""),
        ("/view-as", ""),
    ],
)
def test_get_of_form_only_url_links_to_its_page(world, browser, course, path, page):
    [assigned] = world.assignment(course)
    names = {
        "course": course,
        "assignment": assigned.assignment,
        "problem": assigned.slug,
        "assigned": assigned.path,
    }
    found = browser.get(path.format_map(names))
    assert (found.status, found.heading) == (405, "Only a form can open this page")
    assert "Allow" not in found.text
    links = [one["href"] for one in found.one("main").all("a")]
    assert links == [*([page.format_map(names)] if page else []), "/"]
    if page:
        assert browser.get(links[0]).status == 200


def test_api_client_gets_allow_header(world):
    told = world.client.get("/logout", headers={"Accept": "*/*"})
    assert told.status_code == 405
    assert told.json()["code"] == "method_not_allowed"
    assert told.headers["allow"] == "POST"


@pytest.mark.parametrize("path", ["/courses/abc", "/courses/12/gradebook", "/assignments/x/edit"])
def test_page_with_malformed_id_is_not_found(browser, path):
    found = browser.get(path)
    assert (found.status, found.heading) == (404, "Not found")
    assert "There is nothing at this address" in found.text
    assert "must be an id" not in found.text


def test_api_reports_malformed_id_by_field(student):
    told = student.get("/courses/abc")
    assert told.status_code == 422
    assert told.json()["errors"] == [{"field": "path course", "message": "must be an id"}]


@pytest.mark.parametrize(
    ("query", "listed"),
    [("below=x", []), ("below=x&limit=7", ["limit must be '', '50', '100', '200' or 'all'"])],
)
def test_error_page_shows_each_message_once(world, teacher, course, query, listed):
    found = Browser(world, teacher).get(f"/courses/{course}/gradebook?{query}")
    assert found.status == 422
    assert found.text.count("below must be a whole number") == 1
    assert [one.text for one in found.one("main").all("li")] == listed


def test_oversized_input_error_differs_for_browsers_and_programs(world, browser, course, student):
    [assigned] = world.assignment(course)
    pasted = "9" * 300_000
    found = browser.post(assigned.path, {"answer.cells": pasted})
    assert (found.status, found.heading) == (413, "Too long")
    assert "Shorten the longest text, such as an answer" in found.text
    assert "KiB" not in found.text
    told = student.post(f"{assigned.path}/submissions", {"answers": {"cells": pasted}})
    assert told.status_code == 413
    assert told.json()["detail"] == "The body has more than 256 KiB. Send less at a time."


def test_oversized_upload_error_states_size_limit(browser):
    found = browser.post("/me", files={"file": ("a.csv", b"9" * 300_000)})
    assert (found.status, found.heading) == (413, "Too large")
    assert "The body has more than 256 KiB." in found.text


@pytest.mark.parametrize("path", ["/login", "/docs/errors", "/account", "/courses/{course}"])
def test_head_of_page_matches_get_headers(browser, course, path):
    path = path.format(course=course)
    whole, head = browser.get(path), browser.head(path)
    assert (head.status, head.headers["content-type"]) == (200, whole.headers["content-type"])
    assert head.headers["content-length"] == whole.headers["content-length"]


def test_head_serves_static_files_and_redirects_anonymous_to_login(world):
    head = world.client.head(static_url("app.css"))
    assert (head.status_code, head.headers["content-type"]) == (200, "text/css; charset=utf-8")
    stranger = Browser(world).head("/account")
    assert (stranger.status, stranger.location) == (303, "/login?next=%2Faccount")


def test_form_only_urls_and_api_reject_head(world):
    assert world.client.head("/logout").status_code == 405
    assert world.client.head("/api/v1/me").status_code == 405
