"""Masks of a student's name, address and number in texts that TAs grade without names.

A word of a name may be a word of the subject, such as Adam or Max, so single words are masked in
author lines only.
"""

import re
import unicodedata
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
MIN_JOINED_CHARACTERS: Final = 6
"""Length from which a name without spaces is masked: Al So would mask "also"."""
MIN_NUMBER_CHARACTERS: Final = 6
"""Length from which a student number is masked: a shorter one could be an answer."""
MAX_NAME_FORMS: Final = 6
AUTHOR_LINE: Final = re.compile(
    r"(?<!\w)((?:(?:submitted|written) by|(?:authors?|students?(?: name)?|names?)[*_ \t]{0,4}[:=])"
    r"[*_ \t]{0,4})(\S.{0,60})",
    re.IGNORECASE,
)
WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class IdentityMask:
    """The *pattern* of a name, address and number, None without any, and name *words*."""

    pattern: re.Pattern[str] | None = None
    words: frozenset[str] = frozenset()

    def apply(self, text: str) -> str:
        """Return *text* in NFC with `MASK` in place of the name, the address and the number."""
        if self.pattern is None and not self.words:
            return text
        text = unicodedata.normalize("NFC", text)
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


def build_identity_mask(name: str, email: str | None, number: str = "") -> IdentityMask:
    """Return the mask of a person.

    >>> build_identity_mask("Zoe Quist", "zq@uni.edu").apply("Zoe Quist <zq@uni.edu>: 9")
    '[hidden] <[hidden]>: 9'
    >>> build_identity_mask("Adam Ng", None).apply("Name: Adam")
    'Name: [hidden]'
    >>> build_identity_mask("Adam Ng", None).apply("Adam has two moments.")
    'Adam has two moments.'
    """
    name = unicodedata.normalize("NFC", name)
    words = name.split()
    forms = [re.escape(unicodedata.normalize("NFC", email))] if email else []
    if len(number) >= MIN_NUMBER_CHARACTERS:
        forms.append(re.escape(unicodedata.normalize("NFC", number)))
    if len(words) > 1:
        forms += _list_name_forms(words)
    elif name and not name.isascii():
        forms.append(re.escape(name.strip()))
    pattern = rf"(?<!\w)(?:{'|'.join(forms)})(?!\w)"
    return IdentityMask(
        re.compile(pattern, re.IGNORECASE) if forms else None,
        frozenset(
            word.casefold() for word in WORD.findall(name) if len(word) >= MIN_WORD_CHARACTERS
        ),
    )


def _list_name_forms(words: Sequence[str]) -> list[str]:
    """Return the patterns of a name, longest first.

    They match the name in full and without its first words, first and last name, the last name
    first, and an initial with the last name.
    """
    first, last = words[0], words[-1]
    ends = [words[start:] for start in range(min(len(words) - 1, MAX_NAME_FORMS))]
    orders = [ends[0], (last, *words[:-1]), *ends[1:], (first, last), (last, first)]
    return [*map(_build_name_form, orders), rf"{re.escape(first[0])}\.\s{{0,3}}{re.escape(last)}"]


def _build_name_form(words: Sequence[str]) -> str:
    separated = SEPARATOR.join(map(re.escape, words))
    joined = "".join(words)
    return separated if len(joined) < MIN_JOINED_CHARACTERS else f"{separated}|{re.escape(joined)}"


def load_identity_masks(session: Session, students: Iterable[UUID]) -> Mapping[UUID, IdentityMask]:
    """Return the mask of each student by id."""
    query = select(User.id, User.name, User.email, User.student_number)
    rows = session.execute(query.where(User.id.in_({*students})))
    return {user: build_identity_mask(name, email, number) for user, name, email, number in rows}
