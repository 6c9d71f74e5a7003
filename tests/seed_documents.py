"""Five reports of students as text, and the same reports as LaTeX, notebooks, Word and PDF files.

Run ``PYTHONPATH=. .venv/bin/python tests/seed_documents.py`` to print the PDF files again; this
needs Chromium. All others are made when a test asks for them.
"""

import csv
import json
import re
from collections.abc import Iterator
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

from word_files import paragraph, run, word_file

from api.markup.tex import tex_to_mathml

FOLDER: Final = Path(__file__).parent / "seeds"
NINTH_FOLDER: Final = Path(__file__).parent / "reports" / "ninth"
ENDINGS: Final = (".txt", ".md", ".tex", ".ipynb", ".docx", ".pdf")
SHEETS: Final[dict[str, list[str]]] = json.loads(
    (FOLDER / "sheets.json").read_text(encoding="utf-8")
)
"""Sheet of each report: its problems with the labels that the report uses, if it has any."""
NOT_PRINTED: Final = {("conv-stack-cost", "shape_1"), ("conv-stack-cost", "shape_2")}
"""Answers that follow from two lines of a report (``H' = W' = 64`` and ``N = 64``).

No line states them: a reader would have to compute them.
"""
HEADING: Final = re.compile(r"#+\s+")
FORMULA: Final = re.compile(r"\$\$(?P<display>.+?)\$\$|\$(?P<inline>[^$\n]+)\$", re.DOTALL)
FENCE: Final = re.compile(r"^```\w*\n(.*?)^```\n?", re.DOTALL | re.MULTILINE)
BOLD: Final = re.compile(r"\*\*([^*\n]+)\*\*")
TEX_SPECIAL: Final = re.compile(r"([#%&_~^])")
BRACKETS: Final = re.compile(
    r'<m:r><m:t xml:space="preserve">\[</m:t></m:r>(<m:m>.*?</m:m>)'
    r'<m:r><m:t xml:space="preserve">\]</m:t></m:r>'
)
BRACKETED: Final = (
    r'<m:d><m:dPr><m:begChr m:val="["/><m:endChr m:val="]"/></m:dPr><m:e>\1</m:e></m:d>'
)
PAGE_STYLE: Final = """@page { size: A4; margin: 20mm }
body { font: 11pt/1.4 serif } p { margin: 0 0 4pt } pre { font-size: 9pt }"""


@cache
def expected_answers(seed: str) -> dict[tuple[str, str], dict[str, str]]:
    """Return the computed answers that a report prints, by problem and part."""
    return {
        name: row
        for name, row in _read_computed_answers(seed).items()
        if not row["note"].startswith("derived") and name not in NOT_PRINTED
    }


def unprinted_answers(seed: str) -> set[tuple[str, str]]:
    """Return the computed answers that no line of a report states, by problem and part."""
    return _read_computed_answers(seed).keys() - expected_answers(seed).keys()


def _read_computed_answers(seed: str) -> dict[tuple[str, str], dict[str, str]]:
    with (FOLDER / "answers.csv").open(encoding="utf-8", newline="") as file:
        return {
            (row["problem"], row["part"]): row
            for row in csv.DictReader(file)
            if row["source"] == seed and row["verdict"] != "manual"
        }


def make_document(seed: str, ending: str) -> bytes:
    """Return a report as another kind of file; PDF files are stored."""
    return convert_document(FOLDER / f"{seed}.txt", ending)


def convert_document(path: Path, ending: str) -> bytes:
    """Return the report of a text file as another kind of file; PDF files are stored beside it."""
    if ending == ".pdf":
        return path.with_suffix(ending).read_bytes()
    text = path.read_text(encoding="utf-8")
    if ending == ".docx":
        return to_word(text)
    convert = {".tex": to_tex, ".ipynb": to_notebook}.get(ending, str)
    return convert(text).encode()


def split_pieces(text: str) -> Iterator[tuple[str, str]]:
    """Yield the kinds and pieces of a text: words, inline formulas, displays and code."""
    start = 0
    for fence in FENCE.finditer(text):
        yield from _split_formulas(text[start : fence.start()])
        yield "code", fence[1]
        start = fence.end()
    yield from _split_formulas(text[start:])


def _split_formulas(text: str) -> Iterator[tuple[str, str]]:
    start = 0
    for match in FORMULA.finditer(text):
        yield "text", text[start : match.start()]
        yield ("display", match["display"]) if match["display"] else ("inline", match["inline"])
        start = match.end()
    yield "text", text[start:]


def to_tex(text: str) -> str:
    """Return a report as a LaTeX document."""
    body = ""
    for kind, piece in split_pieces(text):
        if kind == "code":
            body += f"\\begin{{verbatim}}\n{piece}\\end{{verbatim}}\n"
        elif kind == "display":
            body += f"\\[{piece}\\]"
        elif kind == "inline":
            body += f"${piece}$"
        else:
            body += "\n".join(map(_to_tex_line, piece.split("\n")))
    return f"\\documentclass{{article}}\n\\begin{{document}}\n{body}\n\\end{{document}}\n"


def _to_tex_line(line: str) -> str:
    heading = HEADING.match(line)
    text = TEX_SPECIAL.sub(r"\\\1", line[heading.end() :] if heading else line)
    text = BOLD.sub(r"\\textbf{\1}", text)
    return f"\\section*{{{text}}}" if heading else text


def to_notebook(text: str) -> str:
    """Return a report as a notebook with a Markdown cell for each of its pages."""
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": page.splitlines(keepends=True)}
        for page in re.split(r"\n{4,}|\n(?=#+ )", text)
        if page.strip()
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})


def to_word(text: str) -> bytes:
    """Return a report as a Word file whose formulas are those of Word."""
    content, body = "", ""
    for kind, piece in split_pieces(text):
        if kind == "display":
            body += paragraph(content) + paragraph(_to_word_formula(piece))
            content = ""
        elif kind == "inline":
            content += _to_word_formula(piece)
        else:
            *lines, last = BOLD.sub(r"\1", piece).split("\n")
            for line in lines:
                body += _to_word_paragraph(content, line)
                content = ""
            content += run(last)
    return word_file(body + paragraph(content))


def _to_word_paragraph(content: str, line: str) -> str:
    heading = HEADING.match(line)
    if heading is None:
        return paragraph(content + run(line))
    text = run(line[heading.end() :])
    return f'<w:p><w:pPr><w:pStyle w:val="Heading2"/></w:pPr>{text}</w:p>'


def _to_word_formula(tex: str) -> str:
    try:
        root = ET.fromstring(tex_to_mathml(tex.strip()))  # our own markup
    except Exception:  # a formula that a person garbled stays text
        return run(f"${tex}$")
    return f"<m:oMath>{BRACKETS.sub(BRACKETED, ''.join(map(_to_omml, root)))}</m:oMath>"


def _to_omml(node: ET.Element) -> str:
    """Return an element of MathML as one of Word's formulas."""
    name = node.tag.rpartition("}")[2]
    parts = [_to_omml(child) for child in node]
    if name in {"mi", "mn", "mo", "mtext", "ms"}:
        return f'<m:r><m:t xml:space="preserve">{escape(node.text or "")}</m:t></m:r>'
    if name == "mfrac":
        return f"<m:f><m:num>{parts[0]}</m:num><m:den>{parts[1]}</m:den></m:f>"
    if name == "msup":
        return f"<m:sSup><m:e>{parts[0]}</m:e><m:sup>{parts[1]}</m:sup></m:sSup>"
    if name == "msub":
        return f"<m:sSub><m:e>{parts[0]}</m:e><m:sub>{parts[1]}</m:sub></m:sSub>"
    if name == "msubsup":
        base, sub, sup = parts
        return f"<m:sSubSup><m:e>{base}</m:e><m:sub>{sub}</m:sub><m:sup>{sup}</m:sup></m:sSubSup>"
    if name == "mtable":
        return f"<m:m>{''.join(parts)}</m:m>"
    if name == "mtr":
        return f"<m:mr>{''.join(parts)}</m:mr>"
    if name == "mtd":
        return f"<m:e>{''.join(parts)}</m:e>"
    if name == "annotation":
        return ""
    return "".join(parts)


def to_page(text: str) -> str:
    """Return a report as a page, with formulas in MathML."""
    body = ""
    for kind, piece in split_pieces(text):
        if kind == "code":
            body += f"<pre>{escape(piece)}</pre><p>"
        elif kind in {"display", "inline"}:
            body += _to_mathml(piece, display=kind == "display")
        else:
            body += "</p><p>".join(map(_to_html_line, piece.split("\n")))
    return f"<!doctype html><meta charset=utf-8><style>{PAGE_STYLE}</style><p>{body}</p>"


def _to_mathml(tex: str, *, display: bool) -> str:
    try:
        return tex_to_mathml(tex.strip(), display=display)
    except Exception:  # a formula that a person garbled stays text
        return escape(f"${tex}$")


def _to_html_line(line: str) -> str:
    heading = HEADING.match(line)
    text = BOLD.sub(r"<b>\1</b>", escape(line[heading.end() :] if heading else line))
    return f"<b style='font-size: 1.3em'>{text}</b>" if heading else text


def print_pages(browser: Any) -> None:
    """Print each report as a PDF file into the folder of the reports."""
    for path in (*(FOLDER / f"{seed}.txt" for seed in SHEETS), *NINTH_FOLDER.glob("*.txt")):
        page = browser.new_page()
        page.set_content(to_page(path.read_text(encoding="utf-8")))
        page.pdf(path=path.with_suffix(".pdf"), prefer_css_page_size=True)
        page.close()


if __name__ == "__main__":
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        print_pages(chromium)
        chromium.close()
