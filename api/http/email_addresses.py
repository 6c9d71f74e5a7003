"""E-mail addresses in one spelling, under which accounts are stored and found."""

import unicodedata
from collections.abc import Sequence
from typing import Final

ASCII_DOMAIN: Final = (
    "must have an ASCII domain; write an international one in Punycode, such as "
    "ann@xn--bcher-kva.example"
)


def normalize_email(text: str) -> str:
    """Return an address in lower case and NFC.

    Case folding would make two addresses one: it replaces ``ß`` by ``ss``.

    >>> normalize_email("Ann@Example.edu"), normalize_email("Groß@example.edu")
    ('ann@example.edu', 'groß@example.edu')
    """
    return unicodedata.normalize("NFC", text.lower())


def has_ascii_domain(text: str) -> bool:
    """Return whether the domain of an address is ASCII; *text* is not normalized yet.

    Other domains can look like an ASCII one, and normalization can turn them into it.

    >>> has_ascii_domain("groß@example.edu"), has_ascii_domain("ann@bücher.example")
    (True, False)
    """
    return text.rpartition("@")[2].isascii()


def list_stored_spellings(email: str) -> Sequence[str]:
    """Return the spellings under which the account of a normalized address may be stored.

    The address itself comes first. Older versions folded the case. The folded spelling can be the
    address of somebody else: it needs another proof that the account is the same.
    """
    return tuple(dict.fromkeys((email, email.casefold())))
