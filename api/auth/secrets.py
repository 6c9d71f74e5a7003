"""Secrets that are revealed once: tokens, sessions, devices, invitations, resets, calendars.

A secret has the form ``gr_<kind>_<prefix>_<random>``. The prefix is public: it identifies the row,
and names the secret in lists. Only the prefix and the SHA-256 of the whole secret are stored.
"""

import hmac
import re
import secrets
import string
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Literal, get_args

SecretKind = Literal["api", "session", "device", "invite", "reset", "code", "calendar"]
SECRET_KINDS: Final[tuple[SecretKind, ...]] = get_args(SecretKind)

ALPHABET: Final = string.ascii_letters + string.digits
"""Characters of a secret: no ``-``, where a double click would end its selection.

``_`` is excluded too, because it separates the pieces.
"""
PREFIX_LENGTH: Final = 12
RANDOM_LENGTH: Final = 43
"""Length of the random piece: 43 characters out of 62 give 256 bits."""
EMPTY_DIGEST: Final = bytes(sha256().digest_size)

SECRET_PATTERN: Final = re.compile(
    rf"gr_({'|'.join(SECRET_KINDS)})_([0-9A-Za-z]{{{PREFIX_LENGTH}}})_[0-9A-Za-z]{{{RANDOM_LENGTH}}}"
)


@dataclass(frozen=True, slots=True)
class ParsedSecret:
    """Secret as a client presents it, without its text; *prefix* identifies the row to compare."""

    kind: SecretKind
    prefix: str
    digest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewSecret:
    """New secret: its owner sees *text* once; *prefix* and *digest* are stored."""

    kind: SecretKind
    prefix: str
    text: str = field(repr=False)

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the whole text, 32 bytes.

        It needs no salt and no slow hash, because nobody can guess 256 random bits.
        """
        return sha256(self.text.encode()).digest()


def new_secret(kind: SecretKind) -> NewSecret:
    """Create an unguessable secret of *kind* from the system's random source."""
    prefix = _random_letters(PREFIX_LENGTH)
    return NewSecret(kind, prefix, f"gr_{kind}_{prefix}_{_random_letters(RANDOM_LENGTH)}")


def parse_secret(text: str) -> ParsedSecret | None:
    """Return kind, prefix and digest of a presented secret, or None if *text* has another form.

    The caller must check the kind: a session is no API token.
    """
    match = SECRET_PATTERN.fullmatch(text)
    if match is None:
        return None
    kind = SECRET_KINDS[SECRET_KINDS.index(match[1])]
    return ParsedSecret(kind, match[2], sha256(text.encode()).digest())


def digests_match(digest: bytes, stored: bytes | None) -> bool:
    """Return whether *digest* equals *stored*, in constant time.

    None stands for a prefix without a row; it is compared too, to take the same time.
    """
    same = hmac.compare_digest(digest, EMPTY_DIGEST if stored is None else stored)
    return same and stored is not None


def _random_letters(count: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(count))
