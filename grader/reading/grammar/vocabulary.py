"""Vocabulary of answers: signs, TeX commands and characters, with their meanings."""

import unicodedata
from collections.abc import Collection
from fractions import Fraction
from functools import lru_cache
from typing import Final

from grader.lazy_regex import lazy_regex

THIN_SPACE: Final = "\u2009"
"""The thin space, to which every space that may group digits is normalized."""

SYMBOLS: Final[dict[str, str]] = {
    **{sign: sign for sign in "+-*/()[]{},;|%×·⌊⌋⌈⌉:."},
    "//": "//",
    **dict.fromkeys(("**", "^"), "**"),
    **dict.fromkeys(("=", "==", ":=", "≈", "≃", "≅", "≡", "←", "⟵"), "="),
    **dict.fromkeys(("⇒", "→", "∴", "=>", "->", "-->", "==>"), "⇒"),
    **dict.fromkeys(("$", "`", '"', "&", "~"), ""),
}
"""Meanings of the signs; an empty meaning yields no token."""

COMMANDS: Final[dict[str, str]] = {
    "times": "×",
    "ast": "*",
    "div": "/",
    "%": "percent",
    "colon": ":",
    **dict.fromkeys(("cdot", "bullet"), "·"),
    **dict.fromkeys(("mod", "bmod"), "mod"),
    **dict.fromkeys(("frac", "dfrac", "tfrac"), "frac"),
    **dict(zip(("lfloor", "rfloor", "lceil", "rceil"), "⌊⌋⌈⌉", strict=True)),
    **dict(zip(("{", "}", "lbrace", "rbrace"), "{}{}", strict=True)),
    **dict.fromkeys(("lvert", "rvert", "vert"), "|"),
    **dict.fromkeys(("approx", "simeq", "cong", "equiv", "leftarrow", "gets"), "="),
    **dict.fromkeys(("Rightarrow", "Longrightarrow", "implies", "iff", "Leftrightarrow"), "⇒"),
    **dict.fromkeys(("rightarrow", "longrightarrow", "to", "mapsto", "therefore"), "⇒"),
    **dict.fromkeys(("left", "right", "middle", "big", "Big", "bigg", "Bigg"), ""),
    **dict.fromkeys(("bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "Biggl", "Biggr"), ""),
    **dict.fromkeys(("displaystyle", "textstyle", "quad", "qquad", "boxed", "sim"), ""),
    **dict.fromkeys(("underline", "fbox"), ""),
    **dict.fromkeys(("text", "textbf", "textit", "textrm", "mbox", "hbox", "operatorname"), ""),
    **dict.fromkeys(("mathrm", "mathbf", "mathit", "mathsf", "boldsymbol", "bm"), ""),
    **dict.fromkeys((",", ";", ":", "!", " ", "\\", "(", ")", "[", "]", "$", "&"), ""),
}
"""Meanings of the TeX commands, without the backslash."""
SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
VULGAR_FRACTIONS: Final = {
    sign: Fraction(unicodedata.normalize("NFKC", sign).replace("\u2044", "/"))
    for sign in map(chr, (*range(0xBC, 0xBF), *range(0x2150, 0x215F)))
}
"""Fractions of one character, such as ``½``."""
LOGARITHMS: Final = {"": "ln", "2": "log2", "₂": "log2", "10": "log10", "₁₀": "log10"}
"""Logarithms by base; only Python has one without a base."""
WORD: Final = lazy_regex(r"(?<![\w\\])[^\W\d_]\w*|[^\W\d_]+")
LETTER: Final = lazy_regex(r"[^\W\d_]")
LETTERS: Final = lazy_regex(r"[^\W\d_]+")
STEM_LETTERS: Final = 4
"""Number of first letters by which a word of an answer is found in the question."""
NOTATION: Final = lazy_regex(
    r"(?:(?<=[1-9])|(?<=[0-9]{2}))\s*[xX]\s*(?=[1-9])"
    r"|\\(?:times|cdot|left|right)(?![A-Za-z])"
    r"|\\(?:begin|end)\{[pbvBV]?(?:small)?matrix\}"
    r"|(?<![\w.])(?:(?:np|numpy|torch)\.)?(?:array|tensor)(?=\()"
)
"""``x`` between sizes, signs and matrices in TeX, and the calls that NumPy and PyTorch print."""


def has_words(text: str, names: Collection[str] = ()) -> bool:
    """Return whether *text* has letters besides those of `NOTATION` and of *names*.

    >>> has_words("3 x 32 x 32"), has_words("np.array([[1, 2]])"), has_words("3 maps")
    (False, False, True)
    >>> has_words("H*W + 2", names=("H", "W"))
    False
    """
    if not LETTER.search(text):
        return False
    rest = NOTATION.sub("", text)
    if not names:
        return LETTER.search(rest) is not None
    return not all(word in names for word in WORD.findall(rest))


@lru_cache(maxsize=4096)
def find_word_stems(text: str, *, min_letters: int = 2) -> frozenset[str]:
    """Return the first letters of the words in *text* that have at least *min_letters*.

    >>> sorted(find_word_stems("Number of Parameters"))
    ['numb', 'of', 'para']
    """
    words = LETTERS.findall(text)
    return frozenset(word.lower()[:STEM_LETTERS] for word in words if len(word) >= min_letters)
