"""Word files as Markdown: paragraphs, numbered lists, tables, scripts and formulas."""

import re
from typing import Final

from api.services.reports.docx_math import to_tex
from api.services.reports.docx_package import XmlNode, read_package

ROMAN: Final = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
SKIPPED: Final = frozenset(
    {"del", "moveFrom", "instrText", "drawing", "pict", "object", "txbxContent"}
)
HIDING: Final = ("strike", "dstrike", "vanish")
"""Settings of a run whose text is deleted or hidden."""


def docx_to_markdown(data: bytes) -> str:
    """Return a Word file as Markdown, one line for each paragraph and row."""
    trees = read_package(data)
    body = trees["word/document.xml"].find("document", "body")
    if body is None:
        return ""
    numbering = _Numbering(trees.get("word/numbering.xml"))
    lines: list[str] = []
    for node in body.children:
        if node.name == "p":
            lines.append(_convert_paragraph(node, numbering))
        elif node.name == "tbl":
            lines += ["", *_convert_table(node, numbering), ""]
        elif node.name == "sdt" and (content := node.find("sdtContent")):
            lines += [_convert_paragraph(child, numbering) for child in content.children]
    return "\n".join(lines)


def _convert_paragraph(node: XmlNode, numbering: "_Numbering") -> str:
    """Return a paragraph with the number of its list and the mark of a heading."""
    text = "".join(_convert_inline(child) for child in node.children)
    style = node.value("pPr", "pStyle").lower()
    heading = "# " if style.startswith(("heading", "title", "berschrift")) and text.strip() else ""
    label = numbering.label(node)
    if not text.strip():
        return "" if label.strip() == "-" else label  # a question whose answer stands below it
    return f"{heading}{label.lstrip() if heading else label}{text}"


def _convert_inline(node: XmlNode) -> str:
    """Return the text of a piece of a paragraph."""
    if node.name in SKIPPED or node.name.endswith("Pr"):
        return ""
    match node.name:
        case "t":
            return node.text
        case "tab":
            return "\t"
        case "br" | "cr":
            return "\n"
        case "oMathPara":
            formulas = [to_tex(child) for child in node.children if child.name == "oMath"]
            return "".join(f"$${formula}$$" for formula in formulas)
        case "oMath":
            return f"${to_tex(node)}$"
        case "r":
            return _convert_run(node)
        case _:
            return "".join(_convert_inline(child) for child in node.children)


def _is_on(setting: XmlNode | None) -> bool:
    """Return whether a setting of a run is on; without a value it is."""
    return setting is not None and setting.attributes.get("val", "1") not in {"0", "false", "off"}


def _convert_run(node: XmlNode) -> str:
    text = "".join(_convert_inline(child) for child in node.children)
    script = node.value("rPr", "vertAlign")
    if any(_is_on(node.find("rPr", name)) for name in HIDING):
        return ""
    if not text.strip():
        return text
    if script == "superscript":
        return f"^{{{text}}}" if len(text) > 1 else f"^{text}"
    return f"_{{{text}}}" if script == "subscript" else text


def _convert_table(node: XmlNode, numbering: "_Numbering") -> list[str]:
    """Return the rows of a table as Markdown."""
    rows = [
        " | ".join(
            " ".join(
                _convert_paragraph(paragraph, numbering).replace("|", "/")
                for paragraph in cell.children
                if paragraph.name == "p"
            )
            for cell in row.children
            if cell.name == "tc"
        )
        for row in node.children
        if row.name == "tr"
    ]
    lines = [f"| {row} |".replace("\n", " ") for row in rows]
    rule = f"|{'---|' * (lines[0].count('|') - 1)}" if lines else ""
    return [*lines[:1], rule, *lines[1:]] if lines else []


def _read_starts(node: XmlNode, definition: XmlNode | None) -> list[int]:
    """Return the first number of each of the nine levels of a list."""
    starts = [1] * 9
    levels = [child for child in definition.children if child.name == "lvl"] if definition else []
    overrides = [child for child in node.children if child.name == "lvlOverride"]
    for level, name in [(one, "start") for one in levels] + [
        (one, "startOverride") for one in overrides
    ]:
        depth, start = level.attributes.get("ilvl", ""), level.value(name)
        if depth in set("012345678") and re.fullmatch(r"\d{1,4}", start):
            starts[int(depth)] = int(start)
    return starts


class _Numbering:
    """Counts the numbered lists of a document, as Word does when it shows them."""

    def __init__(self, tree: XmlNode | None) -> None:
        root = tree.find("numbering") if tree else None
        children = root.children if root else []
        abstract = {
            node.attributes.get("abstractNumId", ""): node
            for node in children
            if node.name == "abstractNum"
        }
        lists = {node.attributes.get("numId", ""): node for node in children if node.name == "num"}
        self._lists = {
            name: abstract.get(node.value("abstractNumId")) for name, node in lists.items()
        }
        self._starts = {name: _read_starts(node, self._lists[name]) for name, node in lists.items()}
        self._counts: dict[str, list[int]] = {}

    def label(self, paragraph: XmlNode) -> str:
        """Return the number of a paragraph, such as ``(b) ``; "" if it has none."""
        list_id = paragraph.value("pPr", "numPr", "numId")
        depth_text = paragraph.value("pPr", "numPr", "ilvl") or "0"
        definition = self._lists.get(list_id)
        if not list_id or definition is None or depth_text not in set("012345678"):
            return ""
        depth = int(depth_text)
        indent = "  " * depth
        levels = {
            node.attributes.get("ilvl", ""): node
            for node in definition.children
            if node.name == "lvl"
        }
        level = levels.get(depth_text)
        if level is None or level.value("numFmt") in {"bullet", "none", ""}:
            return f"{indent}- "
        starts = self._starts[list_id]
        counts = self._counts.setdefault(list_id, [start - 1 for start in starts])
        counts[depth] += 1
        counts[depth + 1 :] = [start - 1 for start in starts[depth + 1 :]]
        label = level.value("lvlText")
        for index in range(9):
            upper = levels.get(str(index))
            text_format = upper.value("numFmt") if upper else "decimal"
            label = label.replace(f"%{index + 1}", _format_count(counts[index], text_format))
        return f"{indent}{label} "


def _format_count(count: int, text_format: str) -> str:
    """Return a number in one of Word's formats."""
    if text_format.endswith("Letter"):
        return LETTERS[(count - 1) % 26]
    if text_format.endswith("Roman"):
        return ROMAN[(count - 1) % len(ROMAN)]
    return str(count)
