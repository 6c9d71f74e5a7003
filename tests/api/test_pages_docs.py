"""Tests of the documentation pages: each is a Markdown file, and no link in it is broken."""

import re
from pathlib import Path

import pytest
from pages import Browser, Page
from world import World

from api.docs_site import checker
from api.markup import docs_files, docs_pages, docs_search
from api.markup.docs_files import list_pages, load_navigation, page_address
from api.markup.docs_pages import render_page
from api.pages.layout import formatting
from api.pages.layout.templating import CSP
from grader.kinds import KINDS

ROOT = Path(__file__).parents[2]
PAGES = sorted(list_pages())
MOST = 320 * 1024
"""Maximum size of a page in bytes. A reference is one page, which browsers cache."""
TO_HELP = re.compile(r'href="(/docs[^"{]*)"')
TEMPLATES = ROOT / "api" / "web" / "templates"


@pytest.fixture(scope="module")
def service(shared_database_url):
    world = World(shared_database_url)
    yield world
    world.close()


@pytest.fixture
def anybody(service):
    return Browser(service)


def ids(page: Page) -> list[str]:
    return [one["id"] for one in page.walk() if one.get("id")]


ANCHORS: dict[str, frozenset[str] | None] = {}
"""The anchors of each page that a link led to, None if it is no page."""


def leads(anybody: Browser, page: Page, target: str) -> bool:
    """Return whether *target*, linked from *page*, is a page that has the anchor."""
    path, _, anchor = target.partition("#")
    if not path:
        return anchor in ids(page)
    if path not in ANCHORS:
        found = anybody.get(path)
        ANCHORS[path] = frozenset(ids(found)) if found.status == 200 else None
    anchors = ANCHORS[path]
    return anchors is not None and (not anchor or anchor in anchors)


def test_docs_home_links_every_navigation_page(anybody):
    links = {one["href"] for one in anybody.get("/docs").all("a")}
    listed = {address for part in load_navigation() for address in part.pages}
    assert len(listed) > 25
    assert listed | {"/api"} <= links
    assert [part.title for part in load_navigation()] == [
        "Tutorials",
        "How-to guides",
        "Reference",
        "Explanation",
        "Project",
    ]


@pytest.mark.parametrize("name", PAGES)
def test_docs_page_renders_its_file_without_login(anybody, name):
    source = (ROOT / list_pages()[name]).read_text(encoding="utf-8")
    page = anybody.get(page_address(name))
    plain = re.sub(r"^(```+).*?^\1$", "", source, flags=re.MULTILINE | re.DOTALL)
    assert page.status == 200
    assert page.heading == source.partition("\n")[0].removeprefix("# ").replace("`", "")
    assert len(page.all("h2")) == len(re.findall(r"^## ", plain, re.MULTILINE))
    assert len(page.all("table")) == len(re.findall(r"^ *\|[-:|]*-[-:|]*\|$", plain, re.MULTILINE))
    assert page.headers["content-security-policy"] == CSP
    assert len(page.source.encode()) <= MOST


@pytest.mark.parametrize("name", PAGES)
def test_navigation_expands_section_of_current_page(anybody, name):
    page = anybody.get(page_address(name))
    current = [one.text for one in page.all("a") if one.get("aria-current") == "page"]
    parts = [part for part in load_navigation() if page_address(name) in part.pages]
    assert current == [part.pages[page_address(name)] for part in parts]
    assert page.source.count("<details open>") == len(parts)


def test_docs_build_without_warnings():
    assert checker.find_warnings() == []


@pytest.mark.parametrize(
    ("planted", "warning"),
    [
        ("[a](#nowhere)", "leads to no heading"),
        ("![a](pictures/none.png)", "does not exist"),
        ("![a](../Makefile)", "is not in docs/pictures"),
        ("[a](nowhere.md)", "does not exist"),
        ("![](pictures/problem.png)", "has no description"),
        ("## B\n\n## C", ""),
    ],
)
def test_docs_checker_warns_about_page_faults(monkeypatch, planted, warning):
    for module in (docs_pages, checker):
        monkeypatch.setattr(module, "read_page_source", lambda _: f"# T\n\n{planted}\n")
    found = [*checker._find_page_warnings("rights")]  # noqa: SLF001
    assert [warning in one for one in found] == [True] * bool(warning)


def test_docs_page_missing_from_navigation_is_a_warning(monkeypatch):
    more = dict(list_pages()) | {"lonely": "docs/lonely.md"}
    monkeypatch.setattr(checker, "list_pages", lambda: more)
    assert [*checker._find_navigation_warnings()] == [  # noqa: SLF001
        "docs/lonely.md: no entry of index.md leads to this page"
    ]


@pytest.mark.parametrize("name", PAGES)
def test_docs_pages_have_no_broken_links(anybody, name):
    page = anybody.get(page_address(name))
    links = {one["href"] for one in page.all("a")} - {"/"}
    inside = [one for one in sorted(links) if not one.startswith(("https://", "/api"))]
    assert inside
    assert [one for one in inside if not leads(anybody, page, one)] == []
    assert len(ids(page)) == len({*ids(page)})


@pytest.mark.parametrize("name", sorted(one.name for one in (ROOT / "docs/pictures").iterdir()))
def test_docs_picture_is_served_with_etag(service, name):
    answer = service.client.get(f"/docs/pictures/{name}")
    assert answer.headers["content-type"] == "image/png"
    assert answer.content == (ROOT / "docs" / "pictures" / name).read_bytes()
    again = service.client.get(
        f"/docs/pictures/{name}", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_templates_have_no_broken_docs_links(anybody, path):
    targets = TO_HELP.findall(path.read_text(encoding="utf-8"))
    assert [one for one in targets if not leads(anybody, Page("none"), one.rstrip("/"))] == []


@pytest.mark.parametrize(
    ("template", "guides"),
    [
        ("base.html", [""]),
        ("staff/problem_check.html", ["/write-a-problem", "/solvers", "/mistakes", "/answers"]),
        ("staff/exports.html", ["/gradebook#files", "/gradebook#the-score-sheet"]),
        ("staff/score_sheet.html", ["/gradebook#the-score-sheet"]),
        ("course.html", ["/late-days"]),
        ("student/grades.html", ["/late-days", "/how-grades-are-calculated"]),
        ("student/my_requests.html", ["/request-a-regrade"]),
        ("student/submission.html", ["/request-a-regrade"]),
        ("account.html", ["/api", "/rights#scopes-of-a-token"]),
    ],
)
def test_templates_link_to_their_guides(template, guides):
    source = (TEMPLATES / template).read_text(encoding="utf-8")
    assert TO_HELP.findall(source) == [f"/docs{one}" for one in guides]


@pytest.mark.parametrize("kind", KINDS)
def test_answer_guide_has_a_section_for_each_kind(anybody, kind):
    address = formatting.link_answer_guide([kind, kind])
    assert leads(anybody, Page("none"), address)
    assert kind in address.partition("#")[2].split("-")
    links = [one["href"] for one in anybody.get(formatting.ANSWER_GUIDE).one("main").all("a")]
    assert address.removeprefix(formatting.ANSWER_GUIDE) in links


@pytest.mark.parametrize("path", ["student/problem", "student/practice"])
def test_problem_pages_link_the_section_of_their_kind(path):
    source = (TEMPLATES / f"{path}.html").read_text(encoding="utf-8")
    assert source.count('map(attribute="kind") | answer_guide') == 1


def test_topic_labels_have_american_spelling():
    assert formatting.label_topic("normalisation") == "normalization"


def test_answer_guide_of_mixed_kinds_has_no_anchor():
    assert formatting.link_answer_guide(["integer", "text"]) == formatting.ANSWER_GUIDE


@pytest.mark.parametrize("template", ["staff/problem_check", "student/problem", "student/practice"])
def test_guides_open_in_a_new_tab_from_forms(template):
    source = (TEMPLATES / f"{template}.html").read_text(encoding="utf-8")
    guides = source.count('href="/docs') + source.count("| answer_guide }}")
    assert guides == source.count('" target="_blank">') > 0
    assert "in a new tab" in source.lower()


@pytest.mark.parametrize(
    "name",
    ["nothing", "errors.md", "..%2Fanswers", "answers.md", "examples/report", "pictures/none.png"],
)
def test_unknown_docs_page_is_not_found(anybody, name):
    assert anybody.get(f"/docs/{name}").status == 404


def test_cached_docs_page_returns_304(world):
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
        ("[*a* b](../Makefile) [c](#d)", '<em>a</em> b <a href="#d">c</a>'),
        ("[a](javascript:alert(1))", "[a](javascript:alert(1))"),
        (
            "[a](https://example.org)",
            '<a href="https://example.org" rel="external noreferrer">a</a>',
        ),
        ("[a](http://example.org)", "a"),
        ("[a](../README.md)", '<a href="/docs">a</a>'),
        (
            "![a](pictures/problem.png)b",
            '<img src="/docs/pictures/problem.png" alt="a" loading="lazy" />b',
        ),
        ("![a](https://example.org/x.png)b", "b"),
        ("a <b>c</b>", "a &lt;b&gt;c&lt;/b&gt;"),
        ("a <!-- b --> c", "a  c"),
    ],
)
def test_docs_page_rewrites_relative_links_and_escapes_html(monkeypatch, written, shown):
    monkeypatch.setattr(docs_pages, "read_page_source", lambda _: f"# T\n\n{written}\n")
    assert render_page("rights").text.strip() == f"<p>{shown}</p>"


def test_heading_ids_match_github(monkeypatch):
    text = "# T\n\n## A `b`: c\n\n### A *d*\n\n## a b c\n\n- [x](#y)\n"
    monkeypatch.setattr(docs_pages, "read_page_source", lambda _: text)
    found = render_page("rights")
    assert re.findall(r'id="([^"]*)"', found.text) == ["a-b-c", "a-d", "a-b-c-1"]
    assert [(one.id, one.heading) for one in found.sections] == [
        ("a-b-c", "A <code>b</code>: c"),
        ("a-b-c-1", "a b c"),
    ]


def results(page: Page) -> list[str]:
    return [one["href"] for one in page.one("ol").all("a")]


def test_docs_search_ranks_heading_matches_first(anybody):
    page = anybody.get("/docs/search", params={"q": "late days"})
    assert page.status == 200
    assert page.headers["content-security-policy"] == CSP
    assert all(leads(anybody, page, one) for one in results(page))
    scored = anybody.get("/docs/search", params={"q": "Score SHEET"})
    assert results(scored)[0] == "/docs/gradebook#the-score-sheet"
    assert "<mark>" in scored.source


@pytest.mark.parametrize("name", PAGES)
def test_docs_search_finds_page_by_title(name):
    title = docs_pages.read_page_title(name)
    found = [one.address for one in docs_search.search(title)]
    assert page_address(name) in [one.partition("#")[0] for one in found]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "Enter one or more words."),
        ("   ", "Enter one or more words."),
        ("zzyzx", "No section contains “zzyzx”."),
        ("<b>zzyzx</b>", "No section contains “<b>zzyzx</b>”."),
        ("((((", "No section contains “((((”."),
    ],
)
def test_docs_search_without_results_shows_message(anybody, query, said):
    page = anybody.get("/docs/search", params={"q": query})
    assert page.status == 200
    assert said in page.one("main").text


def test_docs_search_limits_results_and_escapes_snippets(monkeypatch):
    assert docs_search.search("x" * 100_000) == []
    assert len(docs_search.search("a")) == docs_search.MAX_RESULTS
    index = docs_search.build_index([section("<i>needle</i> & hay")])
    monkeypatch.setattr(docs_search, "_load_index", lambda: index)
    [found] = docs_search.search("need")
    assert found.snippet == "&lt;i&gt;<mark>needle</mark>&lt;/i&gt; &amp; hay"


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("late days", "/docs/late-days"),
        ("late", "/docs/late-days"),
        ("extend deadlines", "/docs/tutorials/first-week-of-a-course#give-an-extension"),
        ("add students", "/docs/tutorials/first-week-of-a-course#add-a-student"),
        ("units", "/docs/answers#numbers-with-a-unit-quantity"),
        ("regrade request", "/docs/request-a-regrade"),
        ("regrade", "/docs/request-a-regrade"),
        ("how is the grade calculated", "/docs/how-grades-are-calculated"),
        ("extension", "/docs/tutorials/first-week-of-a-course#give-an-extension"),
        ("backup", "/docs/operate#backups"),
        ("publish", "/docs/tutorials/your-first-assignment#publish-it"),
        ("e-mail", "/docs/operate#e-mail"),
        ("single sign-on", "/docs/operate#single-sign-on"),
        ("canvas", "/docs/learning-platforms/canvas"),
        ("submit report", "/docs/reports#submit-a-report"),
    ],
)
def test_docs_search_ranks_user_guide_first(query, first):
    assert docs_search.search(query)[0].address == first


@pytest.mark.parametrize("query", ["grade", "student", "padding", "matrix", "invite", "password"])
def test_docs_search_lists_guides_before_other_pages_with_the_word_in_the_text(query):
    parts = {page: part.title for part in load_navigation() for page in part.pages}
    in_text = [
        parts.get(one.address.partition("#")[0]) in {"Tutorials", "How-to guides"}
        for one in docs_search.search(query)
        if query not in (one.heading or one.title).lower()
    ]
    assert in_text == sorted(in_text, reverse=True)


def section(text, *, title="T", heading="", part_weight=0):
    return docs_search.IndexedSection(
        title, heading, "/docs", text, is_first=not heading, part_weight=part_weight
    )


GUIDE, REFERENCE = (docs_search.PART_WEIGHTS[part] for part in ("How-to guides", "Reference"))
FULL = "need " * 9


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (section("need", part_weight=GUIDE), section(FULL, part_weight=REFERENCE)),
        (section("", heading="Need", part_weight=REFERENCE), section(FULL, part_weight=GUIDE)),
        (section("", title="Need"), section(FULL, heading="Needs")),
        (section("", heading="Need", part_weight=GUIDE), section(FULL, title="Need more")),
    ],
)
def test_title_match_outranks_body_and_guide_outranks_reference(monkeypatch, better, worse):
    index = docs_search.build_index([worse, better])
    monkeypatch.setattr(docs_search, "_load_index", lambda: index)
    monkeypatch.setattr(docs_search, "_search_words", docs_search._search_words.__wrapped__)  # noqa: SLF001
    assert [one.title + one.heading for one in docs_search.search("need")] == [
        one.title + one.heading for one in (better, worse)
    ]


def test_docs_search_requires_all_words_and_matches_prefixes(monkeypatch):
    texts = ("padding and strides", "padding", "strides", "unpadding strides")
    index = docs_search.build_index(map(section, texts))
    monkeypatch.setattr(docs_search, "_load_index", lambda: index)
    assert [str(one.snippet).count("<mark>") for one in docs_search.search("stride padd")] == [2]


def test_docs_root_is_the_checkout():
    assert docs_files.find_docs_root() == ROOT
