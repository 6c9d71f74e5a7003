"""Form versions: optimistic locking, so that an edit does not overwrite another one."""

from dataclasses import dataclass
from typing import Final

from api.core.errors import PreconditionFailed
from api.http.etags import IfMatchVersions, format_etag
from api.pages.forms.rows import parse_whole_number

STALE_FORM_MESSAGE: Final = (
    "It was changed since you opened this page. The current values are shown beside your input. "
    "Send it again to replace them."
)


@dataclass(frozen=True, slots=True)
class FormVersion(IfMatchVersions):
    """The version that a form was opened with."""

    def check(self, version: int) -> None:
        """Raise `PreconditionFailed`, with a message for people, unless *version* matches."""
        if self.tags is not None and format_etag(version) not in self.tags:
            raise PreconditionFailed(STALE_FORM_MESSAGE)


def parse_form_version(version: str) -> FormVersion:
    """Parse the *version* field of a form; a missing version matches none."""
    number = parse_whole_number(version)
    return FormVersion(frozenset({format_etag(number)} if isinstance(number, int) else ()))
