"""Readers of rendered MathML: its expression, its value, or the cells of its table."""

from typing import Final
from xml.etree import ElementTree as ET

from grader.expressions.arithmetic import FUNCTIONS
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.parser import parse
from grader.values import Value

OPERATORS: Final = {"+": "+", "−": "-", "⋅": "*", "×": "*", "mod": "%"}
FENCES: Final = {"⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")"}
UNSEEN: Final = {"\u2061"}
"""The function application character is invisible."""


def read_element(node: ET.Element) -> str:
    """Return the expression that a MathML element renders."""
    inner = [read_element(child) for child in node]
    match node.tag:
        case "mfrac":
            return f"(({inner[0]})/({inner[1]}))"
        case "msup":
            return f"{inner[0]}**({inner[1]})"
        case "msqrt":
            return f"sqrt({''.join(inner)})"
        case "msub":
            return f"{inner[0]}_{inner[1]}" if inner[0] != "log" else "log2"
        case "mtable":
            return ",".join(f"[{row}]" for row in inner) if len(inner) > 1 else inner[0]
        case "mtr":
            return ",".join(inner)
        case "mo":
            text = node.text or ""
            return "" if text in UNSEEN else FENCES.get(text, OPERATORS.get(text, text))
        case "mrow" | "math" | "mtd":
            return "".join(inner)
        case _:
            return node.text or ""


def read_math(mathml: str) -> str:
    """Return the expression that a whole `math` element renders."""
    return read_element(ET.fromstring(mathml))


def read_value(mathml: str, **names: Value) -> Value:
    """Return the value of the rendered expression; a list of rows is a tuple of tuples."""
    return evaluate(parse(read_math(mathml)).tree, Scope(names, FUNCTIONS))


def read_cells(mathml: str) -> list[list[str]]:
    """Return the text of each cell of the rendered table, row by row."""
    rows = ET.fromstring(mathml).iter("mtr")
    return [["".join(cell.itertext()) for cell in row.iter("mtd")] for row in rows]
