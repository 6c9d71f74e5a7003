"""Generator of `docs/errors.md`, which explains every error code."""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from api.core.error_codes import ERROR_CODES

HEADER: Final = """\
# Errors

`make docs` generates this page from the code.

Every error is a body of the type `application/problem+json` ([RFC
9457](https://www.rfc-editor.org/rfc/rfc9457)); [the API](api.md#errors) shows an example. Write
programs against `code`, whose status and meaning never change; `detail` is for people. Errors never
echo the values of a request. A running service shows this page at `/docs/errors`.
"""


def render_errors_page() -> str:
    """Return the contents of `docs/errors.md`: a section per status, with a subsection per code."""
    return "\n".join([HEADER, *_render_sections()]).rstrip() + "\n"


def _render_sections() -> Iterator[str]:
    for status, codes in groupby(ERROR_CODES.items(), lambda item: item[1].status):
        yield from (f"## {status}", "")
        for code, error_code in codes:
            yield from (f"### `{code}`", "", f"*{error_code.title}*", "", error_code.meaning, "")
