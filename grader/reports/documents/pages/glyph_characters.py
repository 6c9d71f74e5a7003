"""Characters of glyphs in the spelling of typed text: ligatures, minus signs, brackets."""

import unicodedata
from typing import Final

from grader.reports.documents.pages.page_glyphs import Glyph, Piece

UNKNOWN_CHARACTER: Final = "the PDF does not say which character this is"
REPLACEMENT: Final = "\ufffd"
SPELLINGS: Final = {
    **dict.fromkeys("\u2212\u2010\u2011\ufffe\u00ad\ufe63", "-"),
    **dict.fromkeys("\u22c5\u2219\u2022\u00b7", "·"),
    "\u2044": "/",
    "\u2215": "/",
    "\u2217": "*",
    "\u2223": "|",
}
BULLET: Final = "\u2022"
# Bracket pieces: those of Unicode, and those that fonts of symbols have in the private area.
BRACKET_PIECES: Final = {
    **dict.fromkeys("⎡⎢⎣\uf8ee\uf8ef\uf8f0", "["),
    **dict.fromkeys("⎤⎥⎦\uf8f9\uf8fa\uf8fb", "]"),
    **dict.fromkeys("⎛⎜⎝\uf8eb\uf8ec\uf8ed", "("),
    **dict.fromkeys("⎞⎟⎠\uf8f6\uf8f7\uf8f8", ")"),
}
# Extensible brackets by their codes in the OMX encoding, which the font CMEX and its kin use.
EXTENSION_FONTS: Final = ("cmex", "lmmathextension", "lmex", "extension")
EXTENSION_CODES: Final = {
    **dict.fromkeys(map(chr, (0x00, 0x10, 0x12, 0x20)), "("),
    **dict.fromkeys(map(chr, (0x01, 0x11, 0x13, 0x21)), ")"),
    **dict.fromkeys(map(chr, (0x02, 0x68, 0x14, 0x22)), "["),
    **dict.fromkeys(map(chr, (0x03, 0x69, 0x15, 0x23)), "]"),
    **dict.fromkeys(map(chr, (0x04, 0x6A, 0x16, 0x24)), "⌊"),
    **dict.fromkeys(map(chr, (0x05, 0x6B, 0x17, 0x25)), "⌋"),
    **dict.fromkeys(map(chr, (0x06, 0x6C, 0x18, 0x26)), "⌈"),
    **dict.fromkeys(map(chr, (0x07, 0x6D, 0x19, 0x27)), "⌉"),
    **dict.fromkeys(map(chr, (0x70, 0x71, 0x72, 0x73, 0x74)), "√"),
}
LIGATURES: Final = range(0xFB00, 0xFB07)
MATH_LETTERS: Final = range(0x1D400, 0x1D800)
PRIVATE: Final = (range(0xE000, 0xF900), range(0xF0000, 0x110000))


def to_piece(glyph: Glyph) -> Piece | None:
    """Return a glyph as a piece of text, None for a space."""
    text = _find_text(glyph)
    if text is not None and not text.strip():
        return None
    return Piece(
        REPLACEMENT if text is None else text,
        glyph.left,
        glyph.right,
        glyph.bottom,
        glyph.top,
        glyph.baseline,
        glyph.size,
        UNKNOWN_CHARACTER if text is None else "",
    )


def _find_text(glyph: Glyph) -> str | None:
    """Return the text of a glyph; None if it is not known."""
    text = glyph.text
    if glyph.font.lower().rpartition("+")[2].startswith(EXTENSION_FONTS):
        if text in EXTENSION_CODES:
            return EXTENSION_CODES[text]
        if text in BRACKET_PIECES:
            return BRACKET_PIECES[text]
    if text in BRACKET_PIECES:
        return BRACKET_PIECES[text]
    if text == BULLET:
        return BULLET
    if text in SPELLINGS:
        return SPELLINGS[text]
    code = ord(text[0]) if text else 0
    if code in LIGATURES or code in MATH_LETTERS:
        return unicodedata.normalize("NFKC", text)
    is_private = any(code in codes for codes in PRIVATE)
    is_control = unicodedata.category(chr(code)) in {"Cc", "Cn", "Cs"} and not text.isspace()
    if not glyph.has_code or is_private or is_control or text == REPLACEMENT:
        return None
    return text
