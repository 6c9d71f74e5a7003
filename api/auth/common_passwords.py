"""Common passwords: words and keyboard rows that people surround with digits.

The data is zxcvbn's: 30,000 passwords by frequency, English words, names, and the ways in which
people change and join them.
"""

import string
from threading import Lock
from typing import Final

DOMAIN_WORDS: Final = """
    administrator assignment calculus changeme deeplearning exam grader grading helloworld homework
    instructor letmein machinelearning neuralnetwork passphrase professor student teacher tensorflow
    university
"""
MAX_COMMON_RANK: Final = 3_000
"""Rank in zxcvbn's lists up to which a word is refused.

Digits and signs around the word do not help.
"""
MIN_WORD_LENGTH: Final = 4
MIN_GUESSES: Final = 10_000_000
"""Minimum number of guesses for an attacker who knows how people choose passwords."""
MAX_CHECKED_LENGTH: Final = 20
"""Number of characters checked: no common password is longer.

The time of zxcvbn grows with the square of the length.
"""
MAX_DISTINCT_SIGNS: Final = 3
"""Maximum number of different signs in a checked password: no common one has more.

zxcvbn tries letters for each sign, which takes time.
"""
ZXCVBN_LOCK: Final = Lock()
"""Lock around zxcvbn: all calls share its dictionaries, and each call modifies one."""


def is_easily_guessed(password: str) -> bool:
    """Return whether *password* is easily guessed."""
    # Imported lazily: it takes 15 MB, which most processes do not need.
    from zxcvbn import zxcvbn  # noqa: PLC0415
    from zxcvbn.matching import RANKED_DICTIONARIES  # noqa: PLC0415

    stem, start = extract_word_stem(password), password[:MAX_CHECKED_LENGTH]
    if stem in DOMAIN_WORDS.split():
        return True
    with ZXCVBN_LOCK:
        if len(stem) >= MIN_WORD_LENGTH and any(
            stem in ranks and ranks[stem] <= MAX_COMMON_RANK
            for ranks in RANKED_DICTIONARIES.values()
        ):
            return True
        signs = {letter for letter in start if not letter.isalnum()}
        return len(signs) <= MAX_DISTINCT_SIGNS and zxcvbn(start)["guesses"] < MIN_GUESSES


def extract_word_stem(text: str) -> str:
    """Return the letters and digits of *text*, in lower case, without the digits at both ends.

    >>> extract_word_stem("2026 Deep-Learning!")
    'deeplearning'
    """
    letters = "".join(letter for letter in text.casefold() if letter.isalnum())
    return letters.strip(string.digits)
