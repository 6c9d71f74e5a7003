"""Allowlist of harmless elements and attributes for the texts of problems on pages."""

import re
from html.parser import HTMLParser
from typing import Final

__all__ = ["unexpected_markup"]

WORD: Final = re.compile(r"[a-z0-6-]+")
MARKDOWN: Final = """
p em strong code pre ul ol li blockquote h1 h2 h3 h4 h5 h6 hr br
div span table thead tbody tr th td
"""
MATHML: Final = """
math mi mn mo ms mtext mspace mrow mfrac msqrt mroot mstyle merror mpadded mphantom
msub msup msubsup munder mover munderover mmultiscripts mprescripts none
mtable mtr mtd semantics annotation menclose
"""
VOID: Final = frozenset({"br", "hr"})
ELEMENTS: Final = frozenset(WORD.findall(MARKDOWN + MATHML))
ATTRIBUTES: Final = frozenset(
    WORD.findall("""
class start tabindex role aria-label display displaystyle scriptlevel dir notation
mathvariant mathcolor mathbackground mathsize stretchy symmetric form fence separator
lspace rspace minsize maxsize largeop movablelimits accent accentunder
width height depth voffset linethickness columnspan rowspan
columnalign columnspacing rowspacing columnlines rowlines
""")
)
"""Attributes that run no script, load no URL and set no style or id."""


class _Reader(HTMLParser):
    """Parses HTML as browsers do, and records markup that is not allowed."""

    def __init__(self) -> None:
        super().__init__()
        self.unexpected: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ELEMENTS:
            self.unexpected.append(f"<{tag}>")
        self.unexpected += [f"{tag} {name}" for name, _ in attrs if name not in ATTRIBUTES]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unexpected.append(f"</{tag}>")

    def handle_comment(self, data: str) -> None:
        self.unexpected.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.unexpected.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.unexpected.append(f"<?{data}>")

    def unknown_decl(self, data: str) -> None:
        self.unexpected.append(f"<![{data}>")


def unexpected_markup(html: str) -> list[str]:
    """Return the markup in *html* that no text may have, and the unpaired tags."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.unexpected + [f"<{tag}> is not closed" for tag in reader.open]
