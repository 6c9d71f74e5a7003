"""YAML as plain data: no tags, no floats, no surprises, and a line number for every piece.

PyYAML parses; what its events mean is decided here, because its own loaders build objects from
tags, round decimals, let the last of two equal keys win and expand aliases without a limit.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, NoReturn, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from grader.errors import ProblemError
from problems.scalars import plain_scalar

__all__ = ["MAX_BYTES", "PARSER", "Data", "Document", "Path", "dotted", "load_document"]

Data: TypeAlias = "dict[str, Data] | list[Data] | str | int | Fraction | bool | None"
Path: TypeAlias = tuple[str | int, ...]

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 30
MAX_NODES: Final = 20_000
MAX_ALIASES: Final = 50
# A long text counts as several nodes, so that aliases cannot multiply it either.
CHARACTERS_PER_NODE: Final = 100
# What YAML calls not printable, and the line separators that no editor counts as lines.
UNREADABLE: Final = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
# The C parser is some thirty times as fast; PyYAML may have been built without it.
PARSER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
NO_MAPPING: Final = "mapping values are not allowed"
INDENT: Final = (
    "indent this line like the lines beside it; if it goes on with the text above, put that whole "
    "text in quotes"
)
"""The advice on a line that begins deeper than it should, so that YAML takes it for more text."""
BEGUN_EARLIER: Final = ("',' or '", "end of stream", "expected ':'")
"""Slips that YAML notices only behind them: they are told where what is open begins."""
ADVICE: Final = (
    (NO_MAPPING, "put a text that contains ': ' in quotes"),
    ("that cannot start any token", "indent with blanks; quote a text that begins with % @ or `"),
    ("a tab", "put blanks in the place of the tab"),
    ("',' or '", "close the bracket; quote a text that contains brackets or begins with one"),
    ("end of stream", "close the quote or the bracket"),
    ("expected ':'", "write `name: value`"),
    ("", "look at the indentation and the quotes near this line"),
)


def dotted(path: Path) -> str:
    """Return the *path* of a piece as errors show it: ``parts.0.key``."""
    return ".".join(str(piece) for piece in path)


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says as plain *data*, and on which line each piece of it begins."""

    data: Data
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """Return the line, counted from 1, of the piece at *path* or its nearest known ancestor."""
        known = (path[:end] for end in range(len(path), -1, -1) if path[:end] in self.lines)
        return self.lines[next(known)]


def load_document(text: str, *, file: str, parser: type[yaml.SafeLoader] = PARSER) -> Document:
    """Return the one document that *text* holds, or raise `ProblemError` with the place.

    Keys are text as written. Decimals are exact fractions, whole ones integers. A value that is
    left empty is None. *parser* is PyYAML's C one where there is one.
    """
    text = text.removeprefix("\ufeff")
    _check_text(text, file=file)
    events = yaml.parse(text, Loader=parser)
    try:
        return _Reader(events, file).document()
    except yaml.YAMLError as error:
        raise _syntax_error(error, text, file=file) from error
    except (OverflowError, ValueError) as error:  # PyYAML lets "\UFFFFFFFF" through to chr()
        raise ProblemError(f"an escape is no character: {error}; mend it", file=file) from error


def _check_text(text: str, *, file: str) -> None:
    if len(text) > MAX_BYTES or len(text.encode(errors="surrogatepass")) > MAX_BYTES:
        raise ProblemError(
            f"the file is larger than {MAX_BYTES // 1024} KiB; split it into several problems",
            file=file,
        )
    if found := UNREADABLE.search(text):
        raise ProblemError(
            f"the character U+{ord(found[0]):04X} is invisible; delete it",
            file=file,
            line=text.count("\n", 0, found.start()) + 1,
        )


def _syntax_error(error: yaml.YAMLError, text: str, *, file: str) -> ProblemError:
    problem = getattr(error, "problem", None) or str(error)
    mark = _mark(error, problem)
    advice = next(advice for part, advice in ADVICE if part in problem)
    if mark and NO_MAPPING in problem and ":" not in _before(mark, text):
        advice = INDENT
    line = mark.line + 1 if mark else None
    return ProblemError(f"this is not YAML: {problem}; {advice}", file=file, line=line)


def _mark(error: yaml.YAMLError, problem: str) -> yaml.Mark | None:
    """Return the place at which a *problem* is told: where it was noticed, or where it begins."""
    noticed, begun = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    earlier = any(part in problem for part in BEGUN_EARLIER)
    return (begun or noticed) if earlier else (noticed or begun)


def _before(mark: yaml.Mark, text: str) -> str:
    """Return what stands on the line of a *mark* before it."""
    return "".join(text.splitlines()[mark.line : mark.line + 1])[: mark.column]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a node stands: its path, its line, and how many collections it is in."""

    path: Path = ()
    line: int = 1
    depth: int = 0

    def inside(self, piece: str | int, event: Event) -> "_Place":
        return _Place((*self.path, piece), _line(event), self.depth + 1)


@dataclass(frozen=True, slots=True)
class _Anchored:
    """A node with an anchor: what each alias of it repeats, and what that counts."""

    data: Data
    nodes: int
    height: int


@dataclass(slots=True)
class _Reader:
    """Builds plain data from the events of one file and holds every limit while it does."""

    events: Iterator[Event]
    file: str
    lines: dict[Path, int] = field(default_factory=dict)
    anchors: dict[str, _Anchored | None] = field(default_factory=dict)
    aliases: int = 0
    nodes: int = 0
    deepest: int = 0

    def document(self) -> Document:
        """Return the only document of the file."""
        next(self.events)
        if not isinstance(next(self.events), DocumentStartEvent):
            self._fail("the file is empty; begin with `id: ...`", _Place())
        first = next(self.events)
        data = self._node(first, _Place(line=_line(first)))
        if data is None:
            self._fail("the file is empty; begin with `id: ...`", _Place())
        next(self.events)
        if isinstance(another := next(self.events), DocumentStartEvent):
            place = _Place(line=_line(another))
            self._fail("a second document begins here; take the `---` away", place)
        return Document(data, self.lines)

    def _fail(self, message: str, place: _Place) -> NoReturn:
        raise ProblemError(message, file=self.file, line=place.line, field=dotted(place.path))

    def _node(self, event: Event, place: _Place) -> Data:
        self.lines[place.path] = place.line
        if isinstance(event, AliasEvent):
            return self._alias(str(event.anchor), place)
        if tag := getattr(event, "tag", None):
            self._fail(f"the tag {tag!r} is refused; write plain values without tags", place)
        if isinstance(event, NodeEvent) and event.anchor:
            return self._anchored(event.anchor, event, place)
        return self._content(event, place)

    def _content(self, event: Event, place: _Place) -> Data:
        if isinstance(event, ScalarEvent):
            return self._scalar(event, place)
        self._count(place)
        self.deepest = max(self.deepest, place.depth + 1)
        if self.deepest > MAX_DEPTH:
            self._fail(f"nested deeper than {MAX_DEPTH} levels; flatten it", place)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(place)
        return self._mapping(place, in_braces=bool(getattr(event, "flow_style", False)))

    def _count(self, place: _Place, nodes: int = 1) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            self._fail(f"more than {MAX_NODES} values, aliases written out; make it smaller", place)

    def _text(self, event: ScalarEvent, place: _Place) -> str:
        self._count(place, 1 + len(event.value) // CHARACTERS_PER_NODE)
        if found := UNREADABLE.search(event.value):
            self._fail(f"the escape of U+{ord(found[0]):04X} is refused; delete it", place)
        return event.value

    def _scalar(self, event: ScalarEvent, place: _Place) -> Data:
        text = self._text(event, place)
        if not event.implicit[0]:
            return text
        try:
            return plain_scalar(text)
        except ProblemError as error:
            self._fail(error.message, place)

    def _sequence(self, place: _Place) -> list[Data]:
        items: list[Data] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            inside = place.inside(len(items), event)
            items.append(self._node(event, inside))
            if items[-1] is None:
                self._fail("an item of a list is empty; write a value or delete it", inside)
        return items

    def _mapping(self, place: _Place, *, in_braces: bool) -> dict[str, Data]:
        entries: dict[str, Data] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            key = self._key(event, place)
            inside = place.inside(key, event)
            if key in entries:
                first = self.lines[inside.path]
                self._fail(f"{key!r} stands here again, first on line {first}; keep one", inside)
            value = next(self.events)
            if in_braces and isinstance(value, ScalarEvent) and _is_blank(value):
                self._fail(
                    f"{key!r} has no value; inside {{ }} quote a text that contains a comma, "
                    "and write ~ for nothing",
                    inside,
                )
            entries[key] = self._node(value, inside)
        return entries

    def _key(self, event: Event, place: _Place) -> str:
        """Return a key as written: `N`, `on` and `1` are names here, never values."""
        place = _Place(place.path, _line(event), place.depth)
        if not isinstance(event, ScalarEvent) or event.tag or event.anchor:
            self._fail("a key is plain text; quote a text that begins with { [ & * or !", place)
        if _is_blank(event):
            self._fail("a key is missing before the colon; write a name", place)
        if event.value == "<<" and event.implicit[0]:
            self._fail("merge keys (<<) are refused; write the fields out", place)
        return self._text(event, place)

    def _anchored(self, name: str, event: Event, place: _Place) -> Data:
        """Return the node and keep it for its aliases; until it is whole, its entry is None."""
        if name in self.anchors:
            self._fail(f"the anchor &{name} stands here again; rename one", place)
        self.anchors[name] = None
        outer, before = self.deepest, self.nodes
        self.deepest = place.depth
        data = self._content(event, place)
        height = self.deepest - place.depth
        self.anchors[name] = _Anchored(data, self.nodes - before, height)
        self.deepest = max(outer, self.deepest)
        return data

    def _alias(self, name: str, place: _Place) -> Data:
        if name not in self.anchors:
            self._fail(f"*{name} has no anchor before it; quote a text that begins with *", place)
        anchored = self.anchors[name]
        if anchored is None:
            self._fail(f"*{name} contains itself; write the values out", place)
        self.aliases += 1
        if self.aliases > MAX_ALIASES:
            self._fail(f"more than {MAX_ALIASES} aliases; write the values out", place)
        self._count(place, anchored.nodes)
        self.deepest = max(self.deepest, place.depth + anchored.height)
        if self.deepest > MAX_DEPTH:
            self._fail(f"nested deeper than {MAX_DEPTH} levels; flatten it", place)
        return anchored.data


def _line(event: Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _is_blank(event: ScalarEvent) -> bool:
    return event.value == "" and bool(event.implicit[0])
