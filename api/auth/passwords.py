"""Passwords: hashed with argon2id, verified in constant work, refused if weak."""

import unicodedata
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Final

from pwdlib import PasswordHash
from pwdlib.hashers import HasherProtocol
from pwdlib.hashers.argon2 import Argon2Hasher

from api.auth.common_passwords import extract_word_stem, is_easily_guessed

MIN_PASSWORD_LENGTH: Final = 10
MAX_PASSWORD_LENGTH: Final = 200
MAX_INPUT_LENGTH: Final = 4 * MAX_PASSWORD_LENGTH
"""Maximum number of characters of an input that is normalized.

Combining accents count twice. Longer inputs would cost time.
"""
MIN_DISTINCT_CHARACTERS: Final = 4


@dataclass(frozen=True, slots=True)
class HashCost:
    """Cost of one hash: passes over the memory, the memory in KiB, and threads."""

    passes: int
    memory: int
    threads: int


DEFAULT_HASH_COST: Final = HashCost(passes=2, memory=19 * 1024, threads=1)
"""First recommendation of OWASP's password storage cheat sheet for saving memory.

Forty simultaneous logins, the maximum that the service's threads allow, take at most
760 MiB.
"""


class PasswordHasher:
    """Hashes and verifies passwords; safe to share between threads.

    *cost* is the cost of a hash; *hasher* replaces argon2id in a test that counts its calls.
    """

    def __init__(
        self, cost: HashCost = DEFAULT_HASH_COST, *, hasher: HasherProtocol | None = None
    ) -> None:
        chosen = hasher or Argon2Hasher(cost.passes, cost.memory, cost.threads)
        self._hasher = PasswordHash((chosen,))
        self._dummy_hash = self._hasher.hash(token_urlsafe())

    def hash(self, password: str) -> str:
        """Return the hash of *password*, to be stored.

        Raises `ValueError` if `find_password_fault` would refuse its length or its characters.
        """
        text = _normalize_password(password)
        if text is None:
            raise ValueError("a password that cannot be checked later is not hashed")
        return self._hasher.hash(text)

    def verify(self, password: str, stored: str | None) -> bool:
        """Return whether *password* matches the hash *stored*; None stands for an unknown person.

        Exactly one hash is computed in any case, so that the time does not reveal who has an
        account. For an unknown person it is compared with the hash of a random text that nobody
        knows.
        """
        text = _normalize_password(password)
        known = stored if text is not None and _is_hash(stored) else None
        return self._hasher.verify(text or "", known or self._dummy_hash)

    def needs_rehash(self, stored: str) -> bool:
        """Return whether *stored* has another cost; hash again when its owner next logs in."""
        return self._hasher.current_hasher.check_needs_rehash(stored)


def find_password_fault(password: str, *, email: str, name: str) -> str | None:
    """Return the fault of *password* as a sentence for its owner, or None if it is acceptable."""
    text = _compose_unicode(password)
    if len(text) < MIN_PASSWORD_LENGTH:
        return f"The password has {len(text)} characters; use at least {MIN_PASSWORD_LENGTH}."
    if len(text) > MAX_PASSWORD_LENGTH:
        return f"The password is too long; use at most {MAX_PASSWORD_LENGTH} characters."
    if _normalize_password(password) is None:
        return "The password contains a control character, such as a line break. Remove it."
    if len(set(text.casefold())) < MIN_DISTINCT_CHARACTERS:
        return (
            f"The password has fewer than {MIN_DISTINCT_CHARACTERS} different characters. Use more."
        )
    if extract_word_stem(text) in _personal_stems(email, name):
        return "The password is your name or e-mail address. Choose one that does not identify you."
    if is_easily_guessed(text):
        return "This password is too common. Use several unrelated words."
    return None


def _is_hash(stored: str | None) -> bool:
    return stored is not None and Argon2Hasher.identify(stored)


def _compose_unicode(password: str) -> str:
    """Return *password* in NFC, so that it does not matter how accents were typed (RFC 8265)."""
    return unicodedata.normalize("NFC", password[: MAX_INPUT_LENGTH + 1])


def _normalize_password(password: str) -> str | None:
    """Return the text to hash for *password*, or None if no account can have it."""
    if len(password) > MAX_INPUT_LENGTH:
        return None
    text = _compose_unicode(password)
    has_control_characters = any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in text)
    return None if has_control_characters or len(text) > MAX_PASSWORD_LENGTH else text


def _personal_stems(email: str, name: str) -> set[str]:
    """Return the stems of publicly known facts about a person; the name in either order."""
    reversed_name = " ".join(reversed(name.split()))
    forms = (email, email.partition("@")[0], name, reversed_name)
    return {stem for form in forms if (stem := extract_word_stem(_compose_unicode(form)))}
