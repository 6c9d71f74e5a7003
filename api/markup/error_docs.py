"""Generator of `docs/errors.md`, which explains every error code."""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from api.core.error_codes import ERROR_CODES

HEADER: Final = """\
# Errors

Written by `make docs` from the code.

Every error is a body of the type `application/problem+json` ([RFC
9457](https://www.rfc-editor.org/rfc/rfc9457)); [the API](api.md#errors) shows one. Programs decide
by `code`, which never changes its status or its sense; `detail` is for people. What was sent is
never repeated. A running service shows this page at `/docs/errors`.
"""


def render_errors_page() -> str:
    """Return the contents of `docs/errors.md`: a section per status, with a subsection per code."""
    return "\n".join([HEADER, *_render_sections()]).rstrip() + "\n"


def _render_sections() -> Iterator[str]:
    for status, codes in groupby(ERROR_CODES.items(), lambda item: item[1].status):
        yield from (f"## {status}", "")
        for code, error_code in codes:
            yield from (f"### `{code}`", "", f"*{error_code.title}*", "", error_code.meaning, "")
