"""Tests of the help: each guide is a file in docs/, and no link in it is broken."""

import re
from pathlib import Path

import pytest
from pages import Browser, Page

from api.markup.guides import GUIDES, render_guide
from api.pages.layout.templating import CSP

ROOT = Path(__file__).parents[2]
HELP = ["/docs", "/docs/errors", *(f"/docs/{name}" for name in GUIDES)]
MOST = 256 * 1024
"""Maximum size of a guide in bytes. A reference is one page, which browsers cache."""
TO_HELP = re.compile(r'href="(/docs[^"{]*)"')
TEMPLATES = ROOT / "api" / "web" / "templates"


@pytest.fixture
def anybody(world):
    return Browser(world)


def ids(page: Page) -> list[str]:
    return [one["id"] for one in page.walk() if one.get("id")]


def leads(anybody: Browser, page: Page, target: str) -> bool:
    """Return whether *target*, linked from *page*, is a page that has the anchor."""
    path, _, anchor = target.partition("#")
    found = anybody.get(path) if path else page
    return found.status == 200 and (not anchor or anchor in ids(found))


def test_the_help_lists_every_guide_with_its_title(anybody):
    links = {one["href"]: one.text for one in anybody.get("/docs").one("dl").all("a")}
    for name in GUIDES:
        assert links[f"/docs/{name}"] == anybody.get(f"/docs/{name}").heading
    assert {"/docs/errors", "/api/v1/openapi.json"} <= links.keys()


@pytest.mark.parametrize("name", GUIDES)
def test_a_guide_says_what_its_file_says_to_everybody(anybody, name):
    source = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    page = anybody.get(f"/docs/{name}")
    assert page.status == 200
    assert page.heading == source.partition("\n")[0].removeprefix("# ")
    assert len(page.all("h2")) == len(re.findall(r"^## ", source, re.MULTILINE))
    assert len(page.all("table")) == len(re.findall(r"^\|[-|]+\|$", source, re.MULTILINE))
    assert page.headers["content-security-policy"] == CSP
    assert len(page.source.encode()) <= MOST


@pytest.mark.parametrize("path", HELP)
def test_every_link_of_the_help_leads_somewhere(anybody, path):
    page = anybody.get(path)
    links = {one["href"] for one in page.all("a")} - {"/"}
    assert links
    assert [one for one in sorted(links) if not leads(anybody, page, one)] == []
    assert len(ids(page)) == len({*ids(page)})


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_every_link_to_the_help_leads_somewhere(anybody, path):
    targets = TO_HELP.findall(path.read_text(encoding="utf-8"))
    assert [one for one in targets if not leads(anybody, Page("none"), one.rstrip("/"))] == []


@pytest.mark.parametrize(
    ("template", "guides"),
    [
        ("base.html", [""]),
        ("staff/problem_check.html", ["/write-a-problem", "/solvers", "/mistakes", "/answers"]),
        ("staff/exports.html", ["/gradebook#files", "/gradebook#the-score-sheet"]),
        ("staff/score_sheet.html", ["/gradebook#the-score-sheet"]),
        ("student/problem.html", ["/answers"]),
        ("student/practice.html", ["/answers"]),
        ("account.html", ["/api", "/rights#scopes-of-a-token"]),
    ],
)
def test_a_page_leads_to_the_guide_that_is_needed_there(template, guides):
    source = (TEMPLATES / template).read_text(encoding="utf-8")
    assert TO_HELP.findall(source) == [f"/docs{one}" for one in guides]


@pytest.mark.parametrize("template", ["staff/problem_check", "student/problem", "student/practice"])
def test_what_is_typed_stays_while_a_guide_is_read(template):
    source = (TEMPLATES / f"{template}.html").read_text(encoding="utf-8")
    assert source.count('href="/docs') == source.count('" target="_blank">') > 0
    assert "in a new tab" in source.lower()


@pytest.mark.parametrize("name", ["operate", "security", "errors.md", "..%2Fanswers", "answers.md"])
def test_what_is_no_guide_is_not_found(anybody, name):
    assert anybody.get(f"/docs/{name}").status == 404


def test_a_guide_that_the_browser_has_is_not_sent_again(world):
    first = world.client.get("/docs/rights")
    assert first.headers["cache-control"] == "public, no-cache"
    tag = first.headers["etag"]
    again = world.client.get("/docs/rights", headers={"If-None-Match": f'"x", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert world.client.get("/docs/rights", headers={"If-None-Match": '"x"'}).status_code == 200


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("[a](answers.md#limits)", '<a href="/docs/answers#limits">a</a>'),
        ("[a](errors.md)", '<a href="/docs/errors">a</a>'),
        ("[a](#b)", '<a href="#b">a</a>'),
        ("[*a* b](operate.md#sizes) [c](#d)", '<em>a</em> b <a href="#d">c</a>'),
        ("[a](javascript:alert(1))", "[a](javascript:alert(1))"),
        ("[a](https://example.org)", "a"),
        ("![a](pictures/problem.png)b", "b"),
        ("a <b>c</b>", "a &lt;b&gt;c&lt;/b&gt;"),
        ("a <!-- b --> c", "a  c"),
    ],
)
def test_a_guide_brings_links_to_pages_and_no_markup_of_its_own(monkeypatch, written, shown):
    monkeypatch.setattr("api.markup.guides._read_source", lambda _: f"# T\n\n{written}\n")
    assert render_guide("t").text.strip() == f"<p>{shown}</p>"


def test_headings_have_the_ids_that_github_gives_them(monkeypatch):
    text = "# T\n\n## A `b`: c\n\n### A *d*\n\n## a b c\n\n- [x](#y)\n"
    monkeypatch.setattr("api.markup.guides._read_source", lambda _: text)
    found = render_guide("t")
    assert re.findall(r'id="([^"]*)"', found.text) == ["a-b-c", "a-d", "a-b-c-1"]
    assert [(one.id, one.heading) for one in found.sections] == [
        ("a-b-c", "A <code>b</code>: c"),
        ("a-b-c-1", "a b c"),
    ]
