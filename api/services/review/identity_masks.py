"""Masks of a student's name and e-mail address in texts that TAs grade without names.

A word of a name may be a word of the subject, such as Adam or Max, so single words are masked in
author lines only.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db.models import User

MASK: Final = "[hidden]"
SEPARATOR: Final = r"[\s,._-]{1,3}"
MIN_WORD_CHARACTERS: Final = 2
AUTHOR_LINE: Final = re.compile(
    r"(?<!\w)((?:(?:submitted|written) by|(?:authors?|students?(?: name)?|names?)[*_ \t]{0,4}[:=])"
    r"[*_ \t]{0,4})(\S.{0,60})",
    re.IGNORECASE,
)
WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class IdentityMask:
    """The *pattern* of a student's full name and address, None without any, and name *words*."""

    pattern: re.Pattern[str] | None = None
    words: frozenset[str] = frozenset()

    def apply(self, text: str) -> str:
        """Return *text* with `MASK` in place of the name and the address."""
        masked = self.pattern.sub(MASK, text) if self.pattern else text
        return AUTHOR_LINE.sub(self._mask_author, masked) if self.words else masked

    def apply_to_json(self, value: Any) -> Any:
        """Return JSON data with each of its texts masked."""
        if isinstance(value, str):
            return self.apply(value)
        if isinstance(value, Mapping):
            return {key: self.apply_to_json(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self.apply_to_json(item) for item in value)
        return value

    def _mask_author(self, line: re.Match[str]) -> str:
        return line[1] + WORD.sub(self._mask_word, line[2])

    def _mask_word(self, word: re.Match[str]) -> str:
        return MASK if word[0].casefold() in self.words else word[0]


NO_MASK: Final = IdentityMask()


def build_identity_mask(name: str, email: str | None) -> IdentityMask:
    """Return the mask of a person.

    >>> build_identity_mask("Zoe Quist", "zq@uni.edu").apply("Zoe Quist <zq@uni.edu>: 9")
    '[hidden] <[hidden]>: 9'
    >>> build_identity_mask("Adam Ng", None).apply("Name: Adam")
    'Name: [hidden]'
    >>> build_identity_mask("Adam Ng", None).apply("Adam has two moments.")
    'Adam has two moments.'
    """
    words = name.split()
    forms = [re.escape(email)] if email else []
    if len(words) > 1:
        forms += _list_name_forms([re.escape(word) for word in words])
    elif name and not name.isascii():
        forms.append(re.escape(name.strip()))
    pattern = rf"(?<!\w)(?:{'|'.join(forms)})(?!\w)"
    return IdentityMask(
        re.compile(pattern, re.IGNORECASE) if forms else None,
        frozenset(word.casefold() for word in words if len(word) >= MIN_WORD_CHARACTERS),
    )


def _list_name_forms(words: Sequence[str]) -> list[str]:
    """Return the patterns of a name: in full, first and last name in both orders, an initial."""
    first, last = words[0], words[-1]
    pairs = [SEPARATOR.join(pair) for pair in ((first, last), (last, first))]
    return [SEPARATOR.join(words), *pairs, rf"{first[0]}\.\s{{0,3}}{last}"]


def load_identity_masks(session: Session, students: Iterable[UUID]) -> Mapping[UUID, IdentityMask]:
    """Return the mask of each student by id."""
    rows = session.execute(select(User.id, User.name, User.email).where(User.id.in_({*students})))
    return {user: build_identity_mask(name, email) for user, name, email in rows}
