"""Secrets that are handed out once: tokens of the API, sessions, devices, invitations, resets.

A secret reads ``gr_<kind>_<prefix>_<random>``. The prefix is public: it finds the row and names the
secret in lists. Beside it only the SHA-256 of the whole is stored.
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
    """A secret as somebody presents it, without its text: *prefix* finds the row to compare."""

    kind: Kind
    prefix: str
    digest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Secret:
    """A new secret: *text* is told to its owner once, *prefix* and *digest* are stored."""

    kind: Kind
    prefix: str
    text: str = field(repr=False)

    @property
    def digest(self) -> bytes:
        """Return the SHA-256 of the whole text, 32 bytes.

        No salt and no slow hash: nobody guesses 256 random bits.
        """
        return sha256(self.text.encode()).digest()


def new_secret(kind: Kind) -> Secret:
    """Return a secret of *kind* that nobody can guess, from the system's random source."""
    prefix = _letters(PREFIX_LENGTH)
    return Secret(kind, prefix, f"gr_{kind}_{prefix}_{_letters(RANDOM_LENGTH)}")


def parse(text: str) -> Presented | None:
    """Return kind, prefix and digest of a presented secret, None where *text* has another form.

    The caller asks for the kind that belongs there: a session is no token of the API.
    """
    match = FORM.fullmatch(text)
    if match is None:
        return None
    kind = KINDS[KINDS.index(match[1])]
    return Presented(kind, match[2], sha256(text.encode()).digest())


def matches(digest: bytes, stored: bytes | None) -> bool:
    """Tell whether *digest* is the one *stored*, in the same time wherever they differ.

    None stands for a prefix that no row has; it is compared all the same.
    """
    same = hmac.compare_digest(digest, NOTHING if stored is None else stored)
    return same and stored is not None


def _letters(count: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(count))
