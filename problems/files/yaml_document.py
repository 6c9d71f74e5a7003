"""Strict YAML loader: plain data without tags or floats, and a line for every node.

PyYAML parses, but this module interprets its events. PyYAML's own loaders build objects
from tags, round decimals, let the last of two equal keys win, and expand aliases
without a limit.
"""

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
from grader.lazy_regex import lazy_regex
from problems.files.yaml_errors import build_syntax_error
from problems.files.yaml_scalars import parse_scalar

YamlData: TypeAlias = "dict[str, YamlData] | list[YamlData] | str | int | Fraction | bool | None"
DataPath: TypeAlias = tuple[str | int, ...]

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 30
MAX_NODES: Final = 20_000
MAX_ALIASES: Final = 50
# A long text counts as several nodes, so that aliases cannot multiply it either.
CHARACTERS_PER_NODE: Final = 100
# What YAML calls not printable, and the line separators that no editor counts as lines.
UNPRINTABLE: Final = lazy_regex(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
# The C parser is some thirty times as fast; PyYAML may have been built without it.
PARSER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def format_path(path: DataPath) -> str:
    """Return *path* as errors show it: ``parts.0.key``."""
    return ".".join(str(piece) for piece in path)


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """The plain *data* of a file, with the line on which each node begins."""

    data: YamlData
    lines: Mapping[DataPath, int]

    def find_line(self, path: DataPath) -> int:
        """Return the line, from 1, of the node at *path* or its nearest known ancestor."""
        known = (path[:end] for end in range(len(path), -1, -1) if path[:end] in self.lines)
        return self.lines[next(known)]


def load_document(text: str, *, file: str, parser: type[yaml.SafeLoader] = PARSER) -> YamlDocument:
    """Return the only document in *text*; raise `ProblemError` with the location.

    Keys are text as written. Decimals are exact fractions, and whole ones are integers.
    An empty value is None. *parser* defaults to PyYAML's C parser if it is available.
    """
    text = text.removeprefix("\ufeff")
    _check_size_and_characters(text, file=file)
    events = yaml.parse(text, Loader=parser)
    try:
        return _DocumentReader(events, file).read_document()
    except yaml.YAMLError as error:
        raise build_syntax_error(error, text, file=file) from error
    except (OverflowError, ValueError) as error:  # PyYAML passes "\UFFFFFFFF" to chr()
        raise ProblemError(f"an escape is not a character: {error}; fix it", file=file) from error


def _check_size_and_characters(text: str, *, file: str) -> None:
    if len(text) > MAX_BYTES or len(text.encode(errors="surrogatepass")) > MAX_BYTES:
        raise ProblemError(
            f"the file is larger than {MAX_BYTES // 1024} KiB; split it into several problems",
            file=file,
        )
    if match := UNPRINTABLE.search(text):
        raise ProblemError(
            f"the character U+{ord(match[0]):04X} is invisible; delete it",
            file=file,
            line=text.count("\n", 0, match.start()) + 1,
        )


@dataclass(frozen=True, slots=True)
class _NodePosition:
    """Position of a node: its path, its line and its nesting depth."""

    path: DataPath = ()
    line: int = 1
    depth: int = 0

    def child(self, piece: str | int, event: Event) -> "_NodePosition":
        return _NodePosition((*self.path, piece), _event_line(event), self.depth + 1)


@dataclass(frozen=True, slots=True)
class _AnchoredNode:
    """Data of an anchored node, with the node count and height that each alias adds."""

    data: YamlData
    nodes: int
    height: int


@dataclass(slots=True)
class _DocumentReader:
    """Reader that builds plain data from the events of one file and enforces all limits."""

    events: Iterator[Event]
    file: str
    lines: dict[DataPath, int] = field(default_factory=dict)
    anchors: dict[str, _AnchoredNode | None] = field(default_factory=dict)
    aliases: int = 0
    nodes: int = 0
    deepest: int = 0

    def read_document(self) -> YamlDocument:
        """Return the document; raise `ProblemError` if it is empty or not the only one."""
        next(self.events)
        if not isinstance(next(self.events), DocumentStartEvent):
            self._fail("the file is empty; begin with `id: ...`", _NodePosition())
        first = next(self.events)
        data = self._read_node(first, _NodePosition(line=_event_line(first)))
        if data is None:
            self._fail("the file is empty; begin with `id: ...`", _NodePosition())
        next(self.events)
        if isinstance(another := next(self.events), DocumentStartEvent):
            position = _NodePosition(line=_event_line(another))
            self._fail("a second document begins here; remove the `---`", position)
        return YamlDocument(data, self.lines)

    def _fail(self, message: str, position: _NodePosition) -> NoReturn:
        raise ProblemError(
            message, file=self.file, line=position.line, field=format_path(position.path)
        )

    def _read_node(self, event: Event, position: _NodePosition) -> YamlData:
        self.lines[position.path] = position.line
        if isinstance(event, AliasEvent):
            return self._read_alias(str(event.anchor), position)
        if tag := getattr(event, "tag", None):
            self._fail(f"the tag {tag!r} is refused; write plain values without tags", position)
        if isinstance(event, NodeEvent) and event.anchor:
            return self._read_anchored_node(event.anchor, event, position)
        return self._read_content(event, position)

    def _read_content(self, event: Event, position: _NodePosition) -> YamlData:
        if isinstance(event, ScalarEvent):
            return self._read_scalar(event, position)
        self._add_to_node_count(position)
        self.deepest = max(self.deepest, position.depth + 1)
        if self.deepest > MAX_DEPTH:
            self._fail(f"nested deeper than {MAX_DEPTH} levels; flatten it", position)
        if isinstance(event, SequenceStartEvent):
            return self._read_sequence(position)
        return self._read_mapping(position, in_braces=bool(getattr(event, "flow_style", False)))

    def _add_to_node_count(self, position: _NodePosition, nodes: int = 1) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            self._fail(
                f"more than {MAX_NODES} values, aliases written out; make it smaller", position
            )

    def _read_scalar_text(self, event: ScalarEvent, position: _NodePosition) -> str:
        self._add_to_node_count(position, 1 + len(event.value) // CHARACTERS_PER_NODE)
        if match := UNPRINTABLE.search(event.value):
            self._fail(f"the escape of U+{ord(match[0]):04X} is refused; delete it", position)
        return event.value

    def _read_scalar(self, event: ScalarEvent, position: _NodePosition) -> YamlData:
        text = self._read_scalar_text(event, position)
        if not event.implicit[0]:
            return text
        try:
            return parse_scalar(text)
        except ProblemError as error:
            self._fail(error.message, position)

    def _read_sequence(self, position: _NodePosition) -> list[YamlData]:
        items: list[YamlData] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            item_position = position.child(len(items), event)
            items.append(self._read_node(event, item_position))
            if items[-1] is None:
                self._fail("an item of a list is empty; write a value or delete it", item_position)
        return items

    def _read_mapping(self, position: _NodePosition, *, in_braces: bool) -> dict[str, YamlData]:
        entries: dict[str, YamlData] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            key = self._read_key(event, position)
            value_position = position.child(key, event)
            if key in entries:
                first = self.lines[value_position.path]
                self._fail(
                    f"{key!r} is repeated; it is first on line {first}. Keep one", value_position
                )
            value = next(self.events)
            if in_braces and isinstance(value, ScalarEvent) and _is_blank(value):
                self._fail(
                    f"{key!r} has no value; inside {{ }} quote a text that contains a comma, "
                    "and write ~ for nothing",
                    value_position,
                )
            entries[key] = self._read_node(value, value_position)
        return entries

    def _read_key(self, event: Event, position: _NodePosition) -> str:
        """Return a key as written; `N`, `on` and `1` are names, never values."""
        position = _NodePosition(position.path, _event_line(event), position.depth)
        if not isinstance(event, ScalarEvent) or event.tag or event.anchor:
            self._fail("a key is plain text; quote a text that begins with { [ & * or !", position)
        if _is_blank(event):
            self._fail("a key is missing before the colon; write a name", position)
        if event.value == "<<" and event.implicit[0]:
            self._fail("merge keys (<<) are refused; write the fields out", position)
        return self._read_scalar_text(event, position)

    def _read_anchored_node(self, name: str, event: Event, position: _NodePosition) -> YamlData:
        """Return the node, and store it for its aliases.

        Its entry is None until it is complete, so that an alias inside it is detected.
        """
        if name in self.anchors:
            self._fail(f"the anchor &{name} is defined again here; rename one", position)
        self.anchors[name] = None
        outer, before = self.deepest, self.nodes
        self.deepest = position.depth
        data = self._read_content(event, position)
        height = self.deepest - position.depth
        self.anchors[name] = _AnchoredNode(data, self.nodes - before, height)
        self.deepest = max(outer, self.deepest)
        return data

    def _read_alias(self, name: str, position: _NodePosition) -> YamlData:
        if name not in self.anchors:
            self._fail(
                f"*{name} has no anchor before it; quote a text that begins with *", position
            )
        anchored = self.anchors[name]
        if anchored is None:
            self._fail(f"*{name} contains itself; write the values out", position)
        self.aliases += 1
        if self.aliases > MAX_ALIASES:
            self._fail(f"more than {MAX_ALIASES} aliases; write the values out", position)
        self._add_to_node_count(position, anchored.nodes)
        self.deepest = max(self.deepest, position.depth + anchored.height)
        if self.deepest > MAX_DEPTH:
            self._fail(f"nested deeper than {MAX_DEPTH} levels; flatten it", position)
        return anchored.data


def _event_line(event: Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _is_blank(event: ScalarEvent) -> bool:
    return event.value == "" and bool(event.implicit[0])
