"""Vocabulary of answers: signs, TeX commands and characters, with their meanings."""

import unicodedata
from fractions import Fraction
from typing import Final

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
