"""Generator of the documentation pages that come from the service's code.

`make docs` writes them; tests compare them with the code.
"""

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from api.app import PREFIX, create_app
from api.config.display import settings_page
from api.config.settings import Settings
from api.docs_site.module_pages import architecture_page, modules_page
from api.markup.error_docs import errors_page

__all__ = ["CALLS", "api_document", "api_page", "snapshot", "write_pages"]

CALLS: Final = "<!-- What follows is written by `make docs`. -->\n"
"""Where the table of calls begins in `docs/api.md`."""


def api_document() -> dict[str, Any]:
    """Return the OpenAPI document of the service."""
    app = create_app(Settings(database="sqlite:///unused.db"))
    app.state.service.close()
    return app.openapi()


def snapshot(document: dict[str, Any]) -> str:
    """Return *document* as deterministic JSON, the form stored in the tests."""
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def api_page(page: str, document: dict[str, Any]) -> str:
    """Return *page* (`docs/api.md`) with the table of all calls in *document*.

    Raises `ValueError` if the page has no line for the table.
    """
    words, found, _ = page.partition(CALLS)
    if not found:
        raise ValueError(f"the page has no line {CALLS.strip()}")
    return words + CALLS + "\n" + "\n".join(_calls(document)) + "\n"


def _calls(document: dict[str, Any]) -> Iterator[str]:
    """Yield the table of calls for each area."""
    rows = [
        (operation["tags"][0], f"{method.upper()} {path.removeprefix(PREFIX)}", operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]
    for area, calls in groupby(sorted(rows, key=lambda one: one[0]), lambda one: one[0]):
        yield from (f"### {area.capitalize()}", "", "| call | does |", "|---|---|")
        yield from (f"| `{call}` | {operation['summary']} |" for _, call, operation in calls)
        yield ""


def write_pages(root: Path) -> None:
    """Write the generated pages to the checkout at *root*."""
    document = api_document()
    page = root / "docs" / "api.md"
    page.write_text(api_page(page.read_text(encoding="utf-8"), document), encoding="utf-8")
    architecture = root / "docs" / "architecture.md"
    text = architecture.read_text(encoding="utf-8")
    architecture.write_text(architecture_page(text, root), encoding="utf-8")
    (root / "docs" / "modules.md").write_text(modules_page(root), encoding="utf-8")
    (root / "docs" / "errors.md").write_text(errors_page(), encoding="utf-8")
    (root / "docs" / "settings.md").write_text(settings_page(), encoding="utf-8")
    kept = root / "tests" / "api" / "openapi.json"
    kept.write_text(snapshot(document), encoding="utf-8")
