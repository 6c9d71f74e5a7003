"""Jupyter notebooks as blocks: Markdown cells and what code printed as text."""

import json
from collections.abc import Iterator
from typing import Any, Final

from grader.reports.blocks import (
    WITHOUT_DATA,
    Block,
    Location,
    ReportError,
    check_block_count,
    check_character_count,
    split_long_text,
)
from grader.reports.documents.text_lines import split_text

MAX_CELLS: Final = 5_000
NOT_A_NOTEBOOK: Final = (
    "this is not a Jupyter notebook; save it again as .ipynb, or export Markdown"
)


def split_notebook(text: str) -> list[Block]:
    """Return the blocks of a notebook. Its HTML, SVG and images are never read, nor counted.

    >>> cell = {"cell_type": "markdown", "source": ["# 1", "5"]}
    >>> [str(block.location) for block in split_notebook(json.dumps({"cells": [cell]}))]
    ['cell 1', 'cell 1']
    """
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ReportError(NOT_A_NOTEBOOK) from error
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise ReportError(NOT_A_NOTEBOOK)
    if len(cells) > MAX_CELLS:
        raise ReportError(
            f"the notebook has {len(cells):,} cells, at most {MAX_CELLS:,} are read; {WITHOUT_DATA}"
        )
    blocks: list[Block] = []
    count = 0
    for number, cell in enumerate(cells, 1):
        cell_blocks = list(_split_cell(cell, number))
        count += sum(len(block.text) for block in cell_blocks)
        check_character_count(count)
        blocks += cell_blocks
        check_block_count(len(blocks))
    return blocks


def _split_cell(cell: object, number: int) -> Iterator[Block]:
    """Yield the blocks of a cell: its text if it is Markdown, its printed output if it is code."""
    if not isinstance(cell, dict):
        return
    if cell.get("cell_type") in ("markdown", "raw"):  # a hostile cell may have a list here
        source = "\n".join(join_source(cell.get("source")).splitlines())
        yield from split_text(source, cell=number)
        return
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else ():
        for text in split_long_text(printed_text(output)):
            yield Block(text, Location(1, cell=number), "output")


def printed_text(output: Any) -> str:
    """Return what an output printed as plain text, "" for errors, HTML and images."""
    if not isinstance(output, dict):
        return ""
    if output.get("output_type") == "stream":
        return join_source(output.get("text"))
    data = output.get("data")
    return join_source(data.get("text/plain")) if isinstance(data, dict) else ""


def join_source(source: object) -> str:
    """Return the text of a cell, which is one text or a list of lines."""
    if isinstance(source, str):
        return source
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        ends = all(line.endswith("\n") for line in source[:-1])
        return ("" if ends else "\n").join(source)
    return ""
