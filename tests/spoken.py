"""What a virtual screen reader speaks on a page: version 0.33.0 of its bundle, MIT license.

`tests/browser/virtual-screen-reader.js` is the browser build of the npm package
``@guidepup/virtual-screen-reader`` without its source map. It follows the specifications of
ARIA and accessible names; no sound is made, and no real screen reader takes part.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from playwright.sync_api import Page

__all__ = ["read_transcripts", "speak", "write_transcripts"]

TRANSCRIPTS = Path(__file__).parents[1] / "docs" / "screen-reader.md"
SECTION = re.compile(r"^## (.+)\n\n```text\n((?:.*\n)*?)```$", re.MULTILINE)
MAX_PHRASES = 1000
READER = re.sub(
    r"export\{[\w$]+ as Virtual,([\w$]+) as virtual\}",
    r"globalThis.virtualScreenReader=\1",
    (Path(__file__).parent / "browser" / "virtual-screen-reader.js").read_text(encoding="utf-8"),
)
READ_ALOUD = """async most => {
    const reader = globalThis.virtualScreenReader;
    await reader.start({container: document.body});
    let phrase = "";
    for (let step = 0; step < most && phrase !== "end of document"; step += 1) {
        await reader.next();
        phrase = await reader.lastSpokenPhrase();
    }
    const phrases = await reader.spokenPhraseLog();
    await reader.stop();
    return phrases;
}"""
RANDOM_SLUG = re.compile(r"\bhw-[0-9a-f]{8}\b")


def speak(page: Page) -> list[str]:
    """Return the phrases that the reader speaks from the start to the end of a page.

    The phrases that announce the end of an element are left out.
    """
    if not page.evaluate("'virtualScreenReader' in globalThis"):
        page.evaluate(f"() => {{ {READER} }}")
    phrases: list[str] = page.evaluate(READ_ALOUD, MAX_PHRASES)
    assert phrases[-1] == "end of document", "the page is too long, or the reader is caught"
    lines = (re.sub(r"\s+", " ", RANDOM_SLUG.sub("hw-1", phrase)).strip() for phrase in phrases)
    return [line for line in lines if not line.startswith("end of ")]


def read_transcripts() -> dict[str, list[str]]:
    """Return the phrases of each page in the documentation, by its title."""
    text = TRANSCRIPTS.read_text(encoding="utf-8")
    return {title: phrases.splitlines() for title, phrases in SECTION.findall(text)}


def write_transcripts(pages: Mapping[str, Sequence[str]]) -> None:
    """Replace the transcripts in the documentation."""
    introduction = TRANSCRIPTS.read_text(encoding="utf-8").partition("\n## ")[0].rstrip()
    sections = (
        f"## {title}\n\n```text\n" + "".join(f"{phrase}\n" for phrase in phrases) + "```"
        for title, phrases in pages.items()
    )
    TRANSCRIPTS.write_text("\n\n".join([introduction, *sections]) + "\n", encoding="utf-8")
