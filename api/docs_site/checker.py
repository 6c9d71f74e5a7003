"""Checks of the documentation site: every link, anchor, picture and place in the navigation."""

import re
import sys
from collections.abc import Iterator
from functools import cache

from api.markup.docs_files import (
    DOCS_PATH,
    PICTURE_FOLDER,
    find_docs_root,
    list_pages,
    load_navigation,
    page_address,
    read_page_source,
)
from api.markup.docs_pages import render_page

ID = re.compile(r'\bid="([^"]*)"')
LINK = re.compile(r'<a href="([^"]*)"')
FILE_LINK = re.compile(r"\[[^\]]*\]\((?!https?:|#)([^)\s#]+)")
PICTURE = re.compile(r'<img src="([^"]*)" alt="([^"]*)"')
UNLISTED_FOLDER = "decisions/"
"""Folder whose own index lists its pages."""


def main() -> None:
    """Render every page and print the warnings; exit with 1 if there are any."""
    warnings = find_warnings()
    sys.stdout.writelines(f"{warning}\n" for warning in warnings)
    sys.stdout.write(f"documentation: {len(list_pages())} pages, {len(warnings)} warnings\n")
    sys.exit(bool(warnings))


def find_warnings() -> list[str]:
    """Return one line for each fault of the site, with the page that has it."""
    return [
        f"{source}: {warning}"
        for name, source in list_pages().items()
        for warning in _find_page_warnings(name)
    ] + [*_find_navigation_warnings()]


def _find_page_warnings(name: str) -> Iterator[str]:
    text = render_page(name).text
    folder = (find_docs_root() / list_pages()[name]).parent
    for target in FILE_LINK.findall(read_page_source(name)):
        if not (folder / target).exists():
            yield f"the file {target} does not exist"
    for target in LINK.findall(text):
        yield from _find_link_warnings(target, name=name)
    for source, description in PICTURE.findall(text):
        if not source:
            yield f"the image of “{description}” is not in {PICTURE_FOLDER}"
        if not description:
            yield f"the picture {source} has no description"
    ids = ID.findall(text)
    for repeated in sorted({id_ for id_ in ids if ids.count(id_) > 1}):
        yield f"two headings have the anchor #{repeated}"


def _find_link_warnings(target: str, *, name: str) -> Iterator[str]:
    if target.startswith("https://"):
        return
    path, _, anchor = target.partition("#")
    linked = path.removeprefix(DOCS_PATH).removeprefix("/") if path else name
    if anchor and anchor not in _page_anchors(linked):
        yield f"the link {target} leads to no heading of that page"


@cache
def _page_anchors(name: str) -> frozenset[str]:
    return frozenset(ID.findall(render_page(name).text))


def _find_navigation_warnings() -> Iterator[str]:
    """Yield a warning for each page that no list leads to, and for each entry without a page."""
    listed = {address for part in load_navigation() for address in part.pages}
    listed |= {*LINK.findall(render_page("decisions").text), page_address("")}
    for name, source in list_pages().items():
        if page_address(name) not in listed:
            index = "docs/decisions/index.md" if name.startswith(UNLISTED_FOLDER) else "index.md"
            yield f"{source}: no entry of {index} leads to this page"
    if "" in listed:
        yield "docs/index.md: an entry of the navigation leads to no page"


if __name__ == "__main__":
    main()
