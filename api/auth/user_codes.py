"""Codes that people type: of a program that logs in (RFC 8628), and of a course that they join.

Twenty consonants, so that no code is a word and no two characters look alike. The eight of a
program's code, such as ``BDFK-XTRW``, are 34 bits: enough for ten minutes and a few tries a minute.
The sixteen of a course's code are 69 bits: it lives for a term, and anybody may try.
"""

import secrets
from hashlib import sha256
from typing import Final

USER_CODE_ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"
USER_CODE_LENGTH: Final = 8
JOIN_CODE_LENGTH: Final = 16
GROUP_LENGTH: Final = 4


def new_user_code() -> str:
    """Create a random code for the login of a program, in groups of four letters."""
    return _new_code(USER_CODE_LENGTH)


def new_join_code() -> str:
    """Create a random code for joining a course, in groups of four letters."""
    return _new_code(JOIN_CODE_LENGTH)


def _new_code(length: int) -> str:
    return _insert_hyphens("".join(secrets.choice(USER_CODE_ALPHABET) for _ in range(length)))


def _insert_hyphens(letters: str) -> str:
    return "-".join(
        letters[start : start + GROUP_LENGTH] for start in range(0, len(letters), GROUP_LENGTH)
    )


def normalize_user_code(text: str) -> str:
    """Return *text* as the program shows it, or "" if it has another form.

    >>> normalize_user_code(" bdfk xtrw"), normalize_user_code("BDFK-XTRA")
    ('BDFK-XTRW', '')
    """
    return _normalize_code(text, USER_CODE_LENGTH)


def normalize_join_code(text: str) -> str:
    """Return *text* as the course shows its code, or "" if it has another form.

    >>> normalize_join_code("bdfk xtrw bdfk xtrw"), normalize_join_code("BDFK-XTRW")
    ('BDFK-XTRW-BDFK-XTRW', '')
    """
    return _normalize_code(text, JOIN_CODE_LENGTH)


def _normalize_code(text: str, length: int) -> str:
    letters = "".join(sign for sign in text.upper() if sign not in " -\t\u2010\u2011\u2013")
    if len(letters) != length or not set(letters) <= set(USER_CODE_ALPHABET):
        return ""
    return _insert_hyphens(letters)


def user_code_digest(code: str) -> bytes:
    """Return the SHA-256 of a normalized code."""
    return sha256(code.encode()).digest()
