"""Secrets that are revealed once: API tokens, sessions, devices, invitations, resets.

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

__all__ = [
    "KINDS",
    "RANDOM_LENGTH",
    "Kind",
    "Presented",
    "Secret",
    "matches",
    "new_secret",
    "parse",
]

Kind = Literal["api", "session", "device", "invite", "reset"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

ALPHABET: Final = string.ascii_letters + string.digits
"""No ``-``, at which a double click would stop, and no ``_``, which stands between the pieces."""
PREFIX_LENGTH: Final = 12
RANDOM_LENGTH: Final = 43
"""43 of 62 characters are 256 bits."""
NOTHING: Final = bytes(sha256().digest_size)

FORM: Final = re.compile(
    rf"gr_({'|'.join(KINDS)})_([0-9A-Za-z]{{{PREFIX_LENGTH}}})_[0-9A-Za-z]{{{RANDOM_LENGTH}}}"
)


@dataclass(frozen=True, slots=True)
class Presented:
    """Secret as a client presents it, without its text; *prefix* identifies the row to compare."""

    kind: Kind
    prefix: str
    digest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Secret:
    """New secret: its owner sees *text* once; *prefix* and *digest* are stored."""

    kind: Kind
    prefix: str
    text: str = field(repr=False)

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the whole text, 32 bytes.

        It needs no salt and no slow hash, because nobody can guess 256 random bits.
        """
        return sha256(self.text.encode()).digest()


def new_secret(kind: Kind) -> Secret:
    """Create an unguessable secret of *kind* from the system's random source."""
    prefix = _letters(PREFIX_LENGTH)
    return Secret(kind, prefix, f"gr_{kind}_{prefix}_{_letters(RANDOM_LENGTH)}")


def parse(text: str) -> Presented | None:
    """Return kind, prefix and digest of a presented secret, or None if *text* has another form.

    The caller must check the kind: a session is no API token.
    """
    match = FORM.fullmatch(text)
    if match is None:
        return None
    kind = KINDS[KINDS.index(match[1])]
    return Presented(kind, match[2], sha256(text.encode()).digest())


def matches(digest: bytes, stored: bytes | None) -> bool:
    """Return whether *digest* equals *stored*, in constant time.

    None stands for a prefix without a row; it is compared too, to take the same time.
    """
    same = hmac.compare_digest(digest, NOTHING if stored is None else stored)
    return same and stored is not None


def _letters(count: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(count))
