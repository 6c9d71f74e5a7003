"""Generator of the documentation pages that come from the service's code.

`make docs` writes them; tests compare them with the code.
"""

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from api.app import API_PREFIX, create_app
from api.config.display import render_settings_page
from api.config.settings import ServiceSettings
from api.docs_site.module_pages import render_architecture_page, render_modules_page
from api.markup.error_docs import render_errors_page

CALLS_MARKER: Final = "<!-- What follows is written by `make docs`. -->\n"
"""Where the table of calls begins in `docs/api.md`."""

DECISIONS_HEADER: Final = """\
# Decisions

`make docs` generates this list from the titles. Each page describes the context, the decision and
its consequences. [Contributing](../../CONTRIBUTING.md#a-decision) explains how to add one.
"""


def build_openapi_document() -> dict[str, Any]:
    """Return the OpenAPI document of the service."""
    app = create_app(ServiceSettings(database="sqlite:///unused.db"))
    app.state.service.close()
    return app.openapi()


def serialize_document(document: dict[str, Any]) -> str:
    """Return *document* as deterministic JSON, the form stored in the tests."""
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def render_api_page(page: str, document: dict[str, Any]) -> str:
    """Return *page* (`docs/api.md`) with the table of all calls in *document*.

    Raises `ValueError` if the page has no line for the table.
    """
    text, marker, _ = page.partition(CALLS_MARKER)
    if not marker:
        raise ValueError(f"the page has no line {CALLS_MARKER.strip()}")
    return text + CALLS_MARKER + "\n" + "\n".join(_render_call_tables(document)) + "\n"


def _render_call_tables(document: dict[str, Any]) -> Iterator[str]:
    """Yield the table of calls for each area."""
    rows = [
        (operation["tags"][0], f"{method.upper()} {path.removeprefix(API_PREFIX)}", operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]
    for area, calls in groupby(sorted(rows, key=lambda item: item[0]), lambda item: item[0]):
        yield from (f"### {area.capitalize()}", "", "| call | does |", "|---|---|")
        yield from (f"| `{call}` | {operation['summary']} |" for _, call, operation in calls)
        yield ""


def render_decisions_page(root: Path) -> str:
    """Return `docs/decisions/index.md`: the list of all decisions, by number."""
    paths = sorted((root / "docs" / "decisions").glob("[0-9]*.md"))
    titles = [path.read_text(encoding="utf-8").partition("\n")[0] for path in paths]
    rows = [
        f"- [{title.removeprefix('# ')}]({path.name})"
        for path, title in zip(paths, titles, strict=True)
    ]
    return "\n".join((DECISIONS_HEADER, *rows)) + "\n"


def write_pages(root: Path) -> None:
    """Write the generated pages to the checkout at *root*."""
    decisions = root / "docs" / "decisions" / "index.md"
    decisions.write_text(render_decisions_page(root), encoding="utf-8")
    document = build_openapi_document()
    page = root / "docs" / "api.md"
    page.write_text(render_api_page(page.read_text(encoding="utf-8"), document), encoding="utf-8")
    architecture = root / "docs" / "architecture.md"
    text = architecture.read_text(encoding="utf-8")
    architecture.write_text(render_architecture_page(text, root), encoding="utf-8")
    (root / "docs" / "modules.md").write_text(render_modules_page(root), encoding="utf-8")
    (root / "docs" / "errors.md").write_text(render_errors_page(), encoding="utf-8")
    (root / "docs" / "settings.md").write_text(render_settings_page(), encoding="utf-8")
    openapi_file = root / "tests" / "api" / "openapi.json"
    openapi_file.write_text(serialize_document(document), encoding="utf-8")
