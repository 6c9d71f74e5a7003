"""Markdown files of the documentation, and the address of each page on the service."""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Final

DOCS_PATH: Final = "/docs"
"""Path prefix of the documentation."""
ROOT_PAGES: Final = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
"""Files outside of `docs/` that are pages too."""
INDEX: Final = "docs/index.md"
"""The first page. Its lists are the navigation of the site."""
PICTURE_FOLDER: Final = "docs/pictures"
EXAMPLE_FOLDER: Final = "docs/examples"
NAVIGATION_LINE: Final = re.compile(r"^- \[(?P<title>[^\]]+)\]\((?P<target>[^)]+)\)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class NavigationPart:
    """Part of the documentation: its *title*, and the titles of its pages by their addresses."""

    title: str
    pages: Mapping[str, str]


def find_docs_root() -> Path:
    """Return the folder that has `docs/`: in the wheel, or the checkout."""
    packaged = Path(str(files("api"))) / "web" / "documents"
    return packaged if packaged.is_dir() else Path(__file__).parents[2]


@cache
def list_pages() -> Mapping[str, str]:
    """Return the source file of each page, relative to the root, by the page's name.

    The name is the address below `/docs`: "" for the first page, `tutorials/write-a-problem`.
    """
    root = find_docs_root()
    docs = (path.relative_to(root).as_posix() for path in sorted((root / "docs").rglob("*.md")))
    pages = {
        derive_page_name(source): source for source in docs if not source.startswith(EXAMPLE_FOLDER)
    }
    pages |= {derive_page_name(source): source for source in ROOT_PAGES if (root / source).exists()}
    return MappingProxyType(pages)


def derive_page_name(source: str) -> str:
    """Return the name of the page of a source file.

    >>> derive_page_name("docs/index.md"), derive_page_name("docs/decisions/index.md")
    ('', 'decisions')
    >>> derive_page_name("SECURITY.md")
    'reporting-vulnerabilities'
    """
    if source == "SECURITY.md":  # docs/security.md has the address that follows from this name
        return "reporting-vulnerabilities"
    name = source.removeprefix("docs/").removesuffix(".md")
    return name.lower().removesuffix("index").removesuffix("/")


def page_address(name: str) -> str:
    """Return the path of the page *name*."""
    return f"{DOCS_PATH}/{name}" if name else DOCS_PATH


def read_page_source(page_name: str) -> str:
    """Return the Markdown of the page *page_name*, one of `list_pages()`."""
    return (find_docs_root() / list_pages()[page_name]).read_text(encoding="utf-8")


def resolve_link(target: str, *, source: str) -> str:
    """Return the address that a link of the file *source* leads to; "" if it is not served.

    >>> resolve_link("answers.md#limits", source="docs/api.md")
    '/docs/answers#limits'
    >>> resolve_link("../pyproject.toml", source="docs/api.md")
    ''
    """
    if target.startswith(("https://", "#")):
        return target
    file, mark, anchor = target.partition("#")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), file))
    if path in {"README.md", "docs"}:
        return DOCS_PATH
    if path == "docs/decisions":
        path = "docs/decisions/index.md"
    if path.startswith(f"{PICTURE_FOLDER}/"):
        return f"/{path}"
    name = derive_page_name(path)
    return page_address(name) + mark + anchor if list_pages().get(name) == path else ""


@cache
def load_navigation() -> tuple[NavigationPart, ...]:
    """Return the parts of the documentation: the second-level sections of the first page."""
    _, *sections = read_page_source("").split("\n## ")
    return tuple(
        NavigationPart(
            section.partition("\n")[0],
            {
                resolve_link(link["target"], source=INDEX): link["title"]
                for link in NAVIGATION_LINE.finditer(section)
            },
        )
        for section in sections
    )
