"""Tests of the page for a forgotten password."""

import pytest
from pages import Browser
from world import World

from api.services.outbox.queue import NO_MAIL_MESSAGE

MAIL = {"smtp_host": "127.0.0.1", "smtp_tls": "none", "mail_from": "grader@example.edu"}


@pytest.fixture
def mailing(database_url):
    """Return a service with e-mail."""
    world = World(database_url, settings=MAIL)
    yield world
    world.close()


def test_reset_page_answers_the_same_for_unknown_email(mailing):
    mailing.person("Ann", email="ann@example.edu")
    browser = Browser(mailing)
    [link] = browser.get("/login").all("a", text="Get a link by e-mail")
    form = browser.get(link["href"]).one("form", action="/forgot")
    pages = [browser.send(form, email=one) for one in ("ann@example.edu", "nobody@example.edu")]
    assert pages[0].status == pages[1].status == 200
    assert pages[0].text == pages[1].text
    assert "we sent a link to it" in pages[0].text


def test_invalid_email_is_reported_at_its_field(mailing):
    browser = Browser(mailing)
    page = browser.send(browser.get("/forgot").one("form", action="/forgot"), email="at home")
    assert page.status == 422
    assert page.one("input", name="email")["value"] == "at home"
    assert page.one("input", name="email")["aria-invalid"] == "true"


def test_reset_page_has_no_form_without_mail_server(world):
    browser = Browser(world)
    assert "Ask your instructor for a link." in browser.get("/login").text
    page = browser.get("/forgot")
    assert NO_MAIL_MESSAGE.rstrip(".") in page.text
    assert page.all("form") == []
