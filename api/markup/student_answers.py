"""Free text of students as HTML: Markdown and TeX, rendered in a worker process with a deadline.

A text may be hostile. If rendering takes too long, the page displays the typed text. The process
that serves pages never parses one.
"""

import re
from collections.abc import Iterable, Sequence
from concurrent.futures import BrokenExecutor, CancelledError
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markupsafe import Markup, escape

from api.core.cache import LruCache
from api.core.worker_pool import DeadlineExceeded, WorkerPool
from api.markup.markdown import make_markdown_parser, render_with_parser
from api.markup.tex import TexUnavailableError
from grader.kinds.texts import build_phrase_pattern, find_phrases

RENDER_SECONDS: Final = 2.0
"""Deadline for one text, in a worker that runs already."""
WAIT_SECONDS: Final = 4.0
"""Longest time that a page waits for a text, with the start of a worker."""
MAX_CACHED_ANSWERS: Final = 256
MAX_MARKUP_CHARACTERS: Final = 12_000
"""Maximum length of the rendered text, so that a page stays below 30 KB."""
MARKUP_CHARACTERS: Final = re.compile(r"[$*_`#|\\~]|^[ \t]*(?:[-+>]|\d+[.)])[ \t]", re.MULTILINE)
"""Characters without which a text looks the same whether it is rendered or not.

The serving process searches for them, so the time must be linear in the length of the text: a
blank before a marker never spans lines.
"""
MAX_MARKS: Final = 200
"""Maximum number of highlighted phrases in a piece of text; the rest is displayed without."""
NICENESS: Final = 5


@dataclass(frozen=True, slots=True)
class Highlight:
    """Phrases to highlight in an answer, with the *label* of the rubric item that names them."""

    label: str
    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RenderedAnswer:
    """The HTML of an answer; *is_plain* if it has no more than its words and line breaks."""

    markup: Markup
    is_plain: bool


class AnswerRenderer:
    """Renders texts of students in a worker process; safe to share between threads.

    Without *workers* it renders in this process and without a deadline, for tests.
    """

    def __init__(self, workers: int, *, deadline_seconds: float = RENDER_SECONDS) -> None:
        self._pool: WorkerPool | None = None
        if workers:
            self._pool = WorkerPool(
                1, deadline_seconds=deadline_seconds, niceness=NICENESS, preload=__name__
            )
        self._cache = LruCache[tuple[str, tuple[Highlight, ...]], RenderedAnswer](
            MAX_CACHED_ANSWERS
        )

    def render(self, text: str, highlights: Iterable[Highlight] = ()) -> RenderedAnswer:
        """Return *text* as HTML with *highlights*; as typed if it takes too long to render."""
        key = text.strip(), tuple(highlights)
        if MARKUP_CHARACTERS.search(key[0]) is None:
            return RenderedAnswer(highlight_plain_text(*key), is_plain=True)
        cached = self._cache.find(key)
        if cached is not None:
            return cached
        rendered = self._render_uncached(*key)
        if rendered is None:  # not cached: the next call tries again
            return RenderedAnswer(highlight_plain_text(*key), is_plain=True)
        self._cache.put(key, rendered)
        return rendered

    def _render_uncached(
        self, text: str, highlights: tuple[Highlight, ...]
    ) -> RenderedAnswer | None:
        try:
            if self._pool is None:
                markup = render_student_markdown(text, highlights)
            else:
                call = self._pool.submit(render_student_markdown, text, highlights)
                markup = call.result(WAIT_SECONDS)
        except (DeadlineExceeded, RecursionError):
            # This text is too costly, now and later.
            return RenderedAnswer(highlight_plain_text(text, highlights), is_plain=True)
        except (BrokenExecutor, CancelledError, TexUnavailableError, TimeoutError):
            return None
        if len(markup) > MAX_MARKUP_CHARACTERS:
            return RenderedAnswer(highlight_plain_text(text, highlights), is_plain=True)
        return RenderedAnswer(Markup(markup), is_plain=False)  # noqa: S704  # of our own parser

    def close(self) -> None:
        """Kill the worker; texts are displayed as they were typed from now on."""
        if self._pool is not None:
            self._pool.kill()


def render_student_markdown(text: str, highlights: Sequence[Highlight] = ()) -> str:
    """Return Markdown with TeX as HTML, without headings, links, images and raw HTML.

    Line breaks stay, and a ``*`` between letters or digits is a product. Raises
    `TexUnavailableError` if formulas cannot be converted just now.

    >>> print(render_student_markdown("*So* 3*4*5 <b>"))
    <p><em>So</em> 3*4*5 &lt;b&gt;</p>
    <BLANKLINE>
    """
    environment = {"highlights": tuple(highlights)}
    return str(render_with_parser(_student_parser(), text, environment))


@lru_cache(maxsize=1)
def _student_parser() -> MarkdownIt:
    parser = make_markdown_parser()
    parser.options["breaks"] = True
    # A heading would break the outline of the page; indented text is no code.
    parser.disable(["heading", "lheading", "code", "hr"])
    parser.inline.ruler.before("emphasis", "product", _parse_literal_asterisk)
    parser.core.ruler.push("highlight", _highlight_tokens)
    return parser


def _parse_literal_asterisk(state: StateInline, silent: bool) -> bool:  # noqa: FBT001  # as markdown-it calls it
    """Take a ``*`` between letters or digits literally."""
    position = state.pos
    if state.src[position] != "*" or not 0 < position < state.posMax - 1:
        return False
    if not (state.src[position - 1].isalnum() and state.src[position + 1].isalnum()):
        return False
    if not silent:
        state.pending += "*"
    state.pos += 1
    return True


def _highlight_tokens(state: StateCore) -> None:
    highlights: tuple[Highlight, ...] = state.env.get("highlights", ())
    pattern = _phrase_pattern(highlights)
    if pattern is None:
        return
    for block in state.tokens:
        for token in block.children or ():
            if token.type == "text" and pattern.search(token.content):
                _replace_with_markup(token, pattern, highlights)


def _replace_with_markup(
    token: Token, pattern: re.Pattern[str], highlights: tuple[Highlight, ...]
) -> None:
    token.content = str(_mark_phrases(token.content, pattern, highlights))
    token.type = "html_inline"  # escaped by `_mark_phrases`


def highlight_plain_text(text: str, highlights: tuple[Highlight, ...]) -> Markup:
    """Return the typed *text* as HTML, without rendering it, with *highlights*."""
    pattern = _phrase_pattern(highlights)
    return escape(text) if pattern is None else _mark_phrases(text, pattern, highlights)


@lru_cache(maxsize=MAX_CACHED_ANSWERS)
def _phrase_pattern(highlights: tuple[Highlight, ...]) -> re.Pattern[str] | None:
    """Return a pattern of all phrases, longest first, each in a group; None without phrases."""
    phrases = {phrase for highlight in highlights for phrase in highlight.phrases}
    if not phrases:
        return None
    longest_first = sorted(phrases, key=lambda phrase: (-len(phrase), phrase))
    return re.compile("|".join(map(build_phrase_pattern, longest_first)), re.IGNORECASE)


def _mark_phrases(text: str, pattern: re.Pattern[str], highlights: tuple[Highlight, ...]) -> Markup:
    """Return *text* escaped, with phrases as `mark` and the labels of their rubric items."""
    pieces, end = [], 0
    labels: dict[str, str] = {}
    for match in islice(pattern.finditer(text), MAX_MARKS):
        word = match[0].casefold()
        if word not in labels:
            labels[word] = ", ".join(
                item.label for item in highlights if find_phrases(word, item.phrases)
            )
        pieces += [
            escape(text[end : match.start()]),
            Markup("<mark>{}<sup>{}</sup></mark>").format(match[0], labels[word]),
        ]
        end = match.end()
    return Markup("").join([*pieces, escape(text[end:])])
