"""Word files as XML trees, with limits against zip and XML bombs."""

import io
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat  # document types are refused, so nothing expands

from grader.reports.blocks import ReportError

MAX_MEMBERS: Final = 5_000
MAX_XML_BYTES: Final = 30_000_000
MAX_RATIO: Final = 200
"""How much a part of the package may grow when it is unpacked; Word's grow about tenfold."""
MAX_NODES: Final = 1_000_000
MAX_DEPTH: Final = 200
NOT_A_DOCUMENT: Final = "this is not a Word document (.docx); save it again as .docx, or as text"
ENCRYPTED: Final = "the document is encrypted; save it without a password"
OLD_WORD: Final = (
    "this is an old Word document (.doc); renaming it does not convert it; open it and save "
    "it as .docx or PDF"
)
TOO_LARGE: Final = (
    "the document is too large when unpacked; submit the answers without logs and drawings"
)
OLE_START: Final = b"\xd0\xcf\x11\xe0"
"""The first bytes of an old .doc file, and of a .docx with a password."""
ENCRYPTED_STREAM: Final = "EncryptedPackage".encode("utf-16-le")
"""The stream that holds a .docx with a password."""


@dataclass(slots=True)
class XmlNode:
    """An element: its local *name*, its attributes by local name, its text and its children."""

    name: str
    attributes: dict[str, str]
    children: list["XmlNode"] = field(default_factory=list)
    text: str = ""

    def find(self, *names: str) -> "XmlNode | None":
        """Return the first descendant along a path of names, None if there is none."""
        node = self
        for name in names:
            child = next((child for child in node.children if child.name == name), None)
            if child is None:
                return None
            node = child
        return node

    def value(self, *names: str) -> str:
        """Return the attribute `val` along a path, "" if there is none."""
        node = self.find(*names)
        return "" if node is None else node.attributes.get("val", "")


def read_package(data: bytes) -> dict[str, XmlNode]:
    """Return the trees of the document and of its numbering; refuse what is no Word file."""
    if data.startswith(OLE_START):
        raise ReportError(ENCRYPTED if ENCRYPTED_STREAM in data else OLD_WORD)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            members = {member.filename: member for member in package.infolist()}
            if len(members) > MAX_MEMBERS:
                raise ReportError(TOO_LARGE)
            if "word/document.xml" not in members:
                raise ReportError(NOT_A_DOCUMENT)
            return {
                name: parse_xml(_unpack(package, members[name]))
                for name in ("word/document.xml", "word/numbering.xml")
                if name in members
            }
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        RuntimeError,  # zipfile does not support the compression or encryption
        OSError,
        ValueError,
    ) as error:
        raise ReportError(NOT_A_DOCUMENT) from error


def _unpack(package: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Return a part of the package; what it says about its size is not trusted."""
    if member.flag_bits & 1:
        raise ReportError(ENCRYPTED)
    limit = min(MAX_XML_BYTES, MAX_RATIO * max(member.compress_size, 10_000))
    with package.open(member) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise ReportError(TOO_LARGE)
    return data


def parse_xml(data: bytes) -> XmlNode:
    """Return XML as a tree; refuse document types, too many elements and too many levels."""
    builder = _TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.add_text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(data, True)  # noqa: FBT003  # the data is whole
    except expat.ExpatError as error:
        raise ReportError(NOT_A_DOCUMENT) from error
    return builder.root


def _refuse_doctype(*_: object) -> None:
    raise ReportError(NOT_A_DOCUMENT)


class _TreeBuilder:
    """Builds the tree from what the parser reports."""

    def __init__(self) -> None:
        self.root = XmlNode("", {})
        self._open = [self.root]
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_NODES or len(self._open) > MAX_DEPTH:
            raise ReportError(TOO_LARGE)
        local = {_strip_namespace(key): text for key, text in attributes.items()}
        node = XmlNode(_strip_namespace(name), local)
        self._open[-1].children.append(node)
        self._open.append(node)

    def end(self, name: str) -> None:
        del name
        self._open.pop()

    def add_text(self, text: str) -> None:
        self._open[-1].text += text


def _strip_namespace(name: str) -> str:
    return name.rpartition("}")[2]
