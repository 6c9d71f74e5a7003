"""Codes that a person carries from a program to the browser, such as ``BDFK-XTRW`` (RFC 8628).

Twenty consonants, so that no code is a word and no two characters look alike. Eight of them are 34
bits: enough for a code that lives ten minutes and can be tried a few times a minute.
"""

import secrets
from hashlib import sha256
from typing import Final

USER_CODE_ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"
USER_CODE_LENGTH: Final = 8
GROUP_LENGTH: Final = 4


def new_user_code() -> str:
    """Create a random code, in two groups of four letters."""
    letters = "".join(secrets.choice(USER_CODE_ALPHABET) for _ in range(USER_CODE_LENGTH))
    return f"{letters[:GROUP_LENGTH]}-{letters[GROUP_LENGTH:]}"


def normalize_user_code(text: str) -> str:
    """Return *text* as the program shows it, or "" if it has another form.

    >>> normalize_user_code(" bdfk xtrw"), normalize_user_code("BDFK-XTRA")
    ('BDFK-XTRW', '')
    """
    letters = "".join(sign for sign in text.upper() if sign not in " -\t\u2010\u2011\u2013")
    if len(letters) != USER_CODE_LENGTH or not set(letters) <= set(USER_CODE_ALPHABET):
        return ""
    return f"{letters[:GROUP_LENGTH]}-{letters[GROUP_LENGTH:]}"


def user_code_digest(code: str) -> bytes:
    """Return the SHA-256 of a normalized code."""
    return sha256(code.encode()).digest()
