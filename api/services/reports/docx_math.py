"""Formulas of Word as TeX."""

from collections.abc import Callable
from typing import Final

from api.services.reports.docx_package import XmlNode

SYMBOLS: Final = {"×": r"\times ", "⋅": r"\cdot ", "·": r"\cdot ", "−": "-", "∗": "*"}


def to_tex(node: XmlNode) -> str:
    """Return a formula, or a piece of one, as TeX."""
    convert = CONVERTERS.get(node.name)
    return convert(node) if convert else _join_children(node)


def _join_children(node: XmlNode | None) -> str:
    if node is None:
        return ""
    if node.name == "t":
        return "".join(SYMBOLS.get(character, character) for character in node.text)
    return "".join(to_tex(child) for child in node.children if not child.name.endswith("Pr"))


def _convert_fraction(node: XmlNode) -> str:
    return rf"\frac{{{_join_children(node.find('num'))}}}{{{_join_children(node.find('den'))}}}"


def _convert_superscript(node: XmlNode) -> str:
    return f"{_join_children(node.find('e'))}^{{{_join_children(node.find('sup'))}}}"


def _convert_subscript(node: XmlNode) -> str:
    return f"{_join_children(node.find('e'))}_{{{_join_children(node.find('sub'))}}}"


def _both_scripts(node: XmlNode) -> str:
    return f"{_convert_subscript(node)}^{{{_join_children(node.find('sup'))}}}"


def _convert_radical(node: XmlNode) -> str:
    return rf"\sqrt{{{_join_children(node.find('e'))}}}"


def _convert_delimiters(node: XmlNode) -> str:
    properties = node.find("dPr")
    start = properties.value("begChr") if properties and properties.find("begChr") else "("
    end = properties.value("endChr") if properties and properties.find("endChr") else ")"
    inner = [child for child in node.children if child.name == "e"]
    if len(inner) == 1 and inner[0].find("m"):
        return _join_children(inner[0])  # the brackets belong to the matrix
    return f"{start}{','.join(_join_children(child) for child in inner)}{end}"


def _convert_matrix(node: XmlNode) -> str:
    rows = (
        " & ".join(_join_children(cell) for cell in row.children if cell.name == "e")
        for row in node.children
        if row.name == "mr"
    )
    return r"\begin{bmatrix} " + r" \\ ".join(rows) + r" \end{bmatrix}"


CONVERTERS: Final[dict[str, Callable[[XmlNode], str]]] = {
    "f": _convert_fraction,
    "sSup": _convert_superscript,
    "sSub": _convert_subscript,
    "sSubSup": _both_scripts,
    "rad": _convert_radical,
    "d": _convert_delimiters,
    "m": _convert_matrix,
}
