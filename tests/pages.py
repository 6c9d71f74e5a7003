"""A small browser for tests: it requests pages, keeps cookies and parses HTML.

browser = Browser(world, student)
page = browser.get("/courses/...")
assert page.status == 200
assert "Homework 1" in page.text
assert page.one("table", id="gradebook").all("th")[0].text == "Name"
done = browser.send(page.one("form", action="/me/name"), name="Ada")   # as a click would
assert done.location == "/account"
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urljoin

from world import Person, World

VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"}
)
INLINE = frozenset(
    {"a", "abbr", "b", "code", "em", "i", "mi", "mn", "mo", "span", "strong", "time"}
)
UNSEEN = frozenset({"script", "style", "head"})
LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?")
"""Format of a `datetime-local` field, which is empty with any other value."""


@dataclass
class Element:
    """An HTML element with its attributes and its children: text and elements."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Element | str"] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Return the visible text, with runs of whitespace collapsed."""
        return " ".join("".join(self.texts()).split())

    def texts(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            elif child.tag not in UNSEEN:
                yield from child.texts()
                yield "" if child.tag in INLINE else " "

    def __getitem__(self, attribute: str) -> str:
        return self.attributes[attribute]

    def get(self, attribute: str, otherwise: str = "") -> str:
        return self.attributes.get(attribute, otherwise)

    @property
    def classes(self) -> list[str]:
        return self.get("class").split()

    def walk(self) -> Iterator["Element"]:
        """Yield this element and its descendants in document order."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()

    def all(
        self, tag: str = "", *, has: str = "", text: str | None = None, **attributes: str
    ) -> list["Element"]:
        """Return the descendants that match a *tag*, a class (*has*), *text* and attributes.

        ``aria_current="page"`` matches ``aria-current``, and ``for_`` matches ``for``.
        """
        wanted = {name.strip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            one
            for one in self.walk()
            if one is not self
            and (not tag or one.tag == tag)
            and (not has or has in one.classes)
            and (text is None or text in one.text)
            and wanted.items() <= one.attributes.items()
        ]

    def one(self, tag: str = "", **more: Any) -> "Element":
        """Return the only element that `all` finds."""
        found = self.all(tag, **more)
        assert len(found) == 1, f"{len(found)} of <{tag}> {more} in: {self.text[:500]}"
        return found[0]

    def rows(self) -> list[list[str]]:
        """Return the cell texts of each row of a table, the header first."""
        return [
            [cell.text for cell in row.all() if cell.tag in {"th", "td"}] for row in self.all("tr")
        ]


class _Reader(HTMLParser):
    """Parses a page into elements; an unmatched tag is an error of the page."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("document")
        self.open = [self.root]
        self.feed(source)
        self.close()
        assert len(self.open) == 1, f"never closed: {[one.tag for one in self.open[1:]]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open[-1].tag == tag, f"</{tag}> ends <{self.open[-1].tag}>"
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


@dataclass
class Page(Element):
    """A response: a root element with *status*, *headers*, *source* and *path*."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    path: str = ""

    @property
    def location(self) -> str:
        """Return the URL of a redirect, or an empty string."""
        return self.headers.get("location", "")

    @property
    def heading(self) -> str:
        """Return the text of the only h1."""
        return self.one("h1").text


class Browser:
    """A browser, logged in as *person* or anonymous."""

    def __init__(self, world: World, person: Person | None = None) -> None:
        self.world = world
        self.cookies: dict[str, str] = {}
        if person is not None:
            self.cookies["grader"] = world.log_in(person)

    def get(self, path: str, **more: Any) -> Page:
        """Return a page; *more* takes arguments of `httpx`, such as ``params``."""
        return self._ask("GET", path, **more)

    def head(self, path: str) -> Page:
        return self._ask("HEAD", path)

    def post(self, path: str, fields: Mapping[str, Any] | None = None, **more: Any) -> Page:
        """Return the response to a form with *fields*; a list sends its field several times.

        *more* takes arguments of `httpx`, such as ``files``.
        """
        return self._ask("POST", path, data=dict(fields or {}), **more)

    def follow(self, page: Page) -> Page:
        """Return the page to which a response redirects."""
        assert page.location, f"{page.status} leads nowhere: {page.text[:500]}"
        return self.get(page.location.partition("#")[0])

    def send(self, form: Element, button: str = "", **typed: Any) -> Page:
        """Submit a *form* as a browser does, with *typed* in its fields; return the response.

        *button* is ``name=value`` of the button to press. Names keep their ``_``.
        """
        fields = form_fields(form) | typed
        if button:
            name, _, value = button.partition("=")
            assert form.all("button", name=name, value=value), f"no button {button}"
            fields[name] = value
        if form.get("method", "get") == "post":
            return self.post(form["action"], fields)
        return self.get(form["action"], params=fields)

    def _ask(self, method: str, path: str, **more: Any) -> Page:
        headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={one}" for name, one in self.cookies.items())
        headers |= more.pop("headers", {})
        client = self.world.client
        client.cookies.clear()
        answer = client.request(method, path, headers=headers, follow_redirects=False, **more)
        client.cookies.clear()
        self._keep(answer.headers.get_list("set-cookie"))
        return _page(answer, urljoin(path, answer.headers.get("location", "")))

    def _keep(self, told: list[str]) -> None:
        for line in told:
            for name, morsel in SimpleCookie(line).items():
                self.cookies.pop(name, None)
                if morsel.value and morsel["max-age"] != "0":
                    self.cookies[name] = morsel.value


def _page(answer: Any, path: str) -> Page:
    is_html = answer.headers.get("content-type", "").startswith("text/html")
    root = _Reader(answer.text).root if is_html else Element("document", {}, [answer.text])
    return Page(
        "document",
        {},
        root.children,
        status=answer.status_code,
        headers=answer.headers,
        source=answer.text,
        path=path,
    )


def form_fields(form: Element) -> dict[str, Any]:
    """Return the fields that a browser would send for a form, with no button pressed."""
    found: dict[str, list[str]] = {}
    for one in form.walk():
        value = _value(one)
        if value is not None and "name" in one.attributes and "disabled" not in one.attributes:
            found.setdefault(one["name"], []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _value(one: Element) -> str | None:
    """Return the value that a control would send, or None if it sends nothing."""
    if one.tag == "textarea":
        return "".join(str(child) for child in one.children).removeprefix("\n")
    if one.tag == "select":
        options = one.all("option")
        chosen = [each for each in options if "selected" in each.attributes] or options[:1]
        return chosen[0].get("value", chosen[0].text) if chosen else None
    if one.tag != "input" or one.get("type") in {"submit", "button", "file"}:
        return None
    if one.get("type") in {"checkbox", "radio"}:
        return one.get("value", "on") if "checked" in one.attributes else None
    if one.get("type") == "datetime-local" and not LOCAL.fullmatch(one.get("value")):
        return ""
    return one.get("value")
