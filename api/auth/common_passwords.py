"""Common passwords: words and keyboard rows that people surround with digits.

The data is zxcvbn's: 30,000 passwords by frequency, English words, names, and the ways in which
people change and join them.
"""

import string
from threading import Lock
from typing import Final

__all__ = ["is_common", "stem_of"]

OF_THIS_TRADE: Final = """
    administrator assignment calculus changeme deeplearning exam grader grading helloworld homework
    instructor letmein machinelearning neuralnetwork passphrase professor student teacher tensorflow
    university
"""
MOST_USED: Final = 3_000
"""So many of each of zxcvbn's lists are refused with any digits and signs around them."""
SHORTEST_WORD: Final = 4
GUESSES: Final = 10_000_000
"""What somebody who knows how people choose finds with fewer guesses is refused."""
LOOKED_AT: Final = 20
"""No common password is longer; the time of zxcvbn grows with the square of the length."""
MOST_SIGNS: Final = 3
"""Nor has one more different signs, each of which could stand for letters: that takes time too."""
ONE_AT_A_TIME: Final = Lock()
"""The dictionaries of zxcvbn are shared by all its calls, and each of them changes one."""


def is_common(password: str) -> bool:
    """Return whether *password* is easily guessed."""
    # Imported lazily: it takes 15 MB, which most processes do not need.
    from zxcvbn import zxcvbn  # noqa: PLC0415
    from zxcvbn.matching import RANKED_DICTIONARIES  # noqa: PLC0415

    stem, start = stem_of(password), password[:LOOKED_AT]
    if stem in OF_THIS_TRADE.split():
        return True
    with ONE_AT_A_TIME:
        if len(stem) >= SHORTEST_WORD and any(
            stem in ranks and ranks[stem] <= MOST_USED for ranks in RANKED_DICTIONARIES.values()
        ):
            return True
        signs = {letter for letter in start if not letter.isalnum()}
        return len(signs) <= MOST_SIGNS and zxcvbn(start)["guesses"] < GUESSES


def stem_of(text: str) -> str:
    """Return the letters and digits of *text*, in lower case, without the digits at both ends.

    >>> stem_of("2026 Deep-Learning!")
    'deeplearning'
    """
    letters = "".join(letter for letter in text.casefold() if letter.isalnum())
    return letters.strip(string.digits)
