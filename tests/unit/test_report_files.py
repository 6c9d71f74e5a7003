"""Tests of the files of reports: what Word holds is kept, and what is hostile is refused."""

import io
import json
import time
import zipfile
from pathlib import Path

import pytest
from word_files import NUMBERING, from_lines, package, paragraph, run, word_file

from api.services.reports import docx_package
from api.services.reports.documents import MAX_FILE_BYTES, read_blocks, read_marked_answers
from api.services.reports.docx_package import TOO_LARGE
from api.services.reports.docx_text import docx_to_markdown
from api.services.reports.runner import derive_student_names, find_reports
from grader.reports.blocks import MAX_CHARACTERS, WITHOUT_DATA, ReportError
from grader.reports.extraction.passage_finder import find_passages

SUPERSCRIPT = '<w:vertAlign w:val="superscript"/>'
MATRIX = (
    "<m:oMath><m:d><m:dPr><m:begChr m:val='['/></m:dPr><m:e><m:m>"
    "<m:mr><m:e><m:r><m:t>1</m:t></m:r></m:e><m:e><m:r><m:t>2</m:t></m:r></m:e></m:mr>"
    "<m:mr><m:e><m:r><m:t>3</m:t></m:r></m:e><m:e><m:r><m:t>4</m:t></m:r></m:e></m:mr>"
    "</m:m></m:e></m:d></m:oMath>"
)
FRACTION = (
    "<m:oMath><m:f><m:num><m:r><m:t>2</m:t></m:r></m:num>"
    "<m:den><m:r><m:t>7</m:t></m:r></m:den></m:f></m:oMath>"
)
POWER = (
    "<m:oMath><m:sSup><m:e><m:r><m:t>K</m:t></m:r></m:e>"
    "<m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:oMath>"
)


def refusal(data: bytes, ending: str) -> str:
    """Return the message with which a file is refused."""
    with pytest.raises(ReportError) as raised:
        read_blocks(data, ending)
    return str(raised.value)


@pytest.mark.parametrize(
    ("body", "markdown"),
    [
        (paragraph(run("10") + run("5", SUPERSCRIPT)), "10^5"),
        (paragraph(run("10") + run("10", SUPERSCRIPT)), "10^{10}"),
        (paragraph(run("old", "<w:strike/>") + run("new")), "new"),
        (paragraph(run("IoU = ") + FRACTION), r"IoU = $\frac{2}{7}$"),
        (paragraph(POWER), "$K^{2}$"),
        (paragraph(MATRIX), r"$\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}$"),
        (
            paragraph(run("first"), level=0)
            + paragraph(run("part"), level=1)
            + paragraph(run("part"), level=1)
            + paragraph(run("second"), level=0)
            + paragraph(run("part"), level=1),
            "1. first\n  (a) part\n  (b) part\n2. second\n  (a) part",
        ),
    ],
)
def test_docx_formatting_is_converted_to_markdown(body, markdown) -> None:
    assert docx_to_markdown(word_file(body)) == markdown


def test_docx_list_honors_start_number_and_numbers_empty_items() -> None:
    start = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="3"/></w:lvlOverride></w:num>'
    numbering = NUMBERING.replace("</w:num>", start)
    body = paragraph(run(""), level=0) + paragraph(run("part"), level=1)
    text = docx_to_markdown(word_file(body, numbering=numbering))
    assert text == "3. \n  (a) part"


def test_docx_table_keeps_its_rows_and_columns() -> None:
    rows = "".join(
        "<w:tr>" + "".join(f"<w:tc>{paragraph(run(cell))}</w:tc>" for cell in row) + "</w:tr>"
        for row in (("layer", "parameters"), ("Layer 1", "2432"))
    )
    blocks = read_blocks(word_file(f"<w:tbl>{rows}</w:tbl>"), ".docx")
    passage = find_passages(blocks)[-1]
    assert (passage.text, passage.label_text) == ("2432", "Layer 1")


def bomb() -> bytes:
    """Return a Word file whose document is 40 MB of blanks."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/document.xml", "w", force_zip64=True) as file,
    ):
        for _ in range(40):
            file.write(b" " * 1_000_000)
    return stream.getvalue()


def encrypted() -> bytes:
    """Return a zip file whose document has the mark of encryption."""
    data = bytearray(from_lines("5"))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    return bytes(data)


DOCTYPE = b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>'


@pytest.mark.parametrize(
    ("data", "ending", "advice"),
    [
        (bomb(), ".docx", TOO_LARGE),
        (encrypted(), ".docx", "without a password"),
        (docx_package.OLE_START + b" WordDocument", ".docx", docx_package.OLD_WORD),
        (
            docx_package.OLE_START + docx_package.ENCRYPTED_STREAM,
            ".docx",
            docx_package.ENCRYPTED,
        ),
        (package({"word/document.xml": DOCTYPE}), ".docx", "save it again"),
        (package({"word/document.xml": b"<a>" * 100_000}), ".docx", TOO_LARGE),
        (package({"word/document.xml": b"<a>" + b"<b/>" * 1_100_000}), ".docx", TOO_LARGE),
        (package({"mimetype": b"application/zip"}), ".docx", "save it again"),
        (package({str(number): b"" for number in range(6_000)}), ".docx", TOO_LARGE),
        (b"PK\x03\x04 cut", ".docx", "save it again"),
        (b"", ".docx", "save it again"),
        (b"\xff\xfe\xff", ".md", "UTF-8"),
        (b"\x80abc", ".txt", "UTF-8"),
        (b"a\0b", ".txt", "export it again"),
        (b" \n \n", ".md", "no text"),
        (b"x" * (MAX_CHARACTERS + 1), ".md", WITHOUT_DATA),
        (b"1\n" * 30_000, ".txt", WITHOUT_DATA),
        (b"x" * (MAX_FILE_BYTES + 1), ".txt", "remove images"),
        (b"[" * 1_000_000, ".ipynb", "save it again"),
        (b'{"cells": 5}', ".ipynb", "save it again"),
        (json.dumps({"cells": [{}] * 6_000}).encode(), ".ipynb", WITHOUT_DATA),
        (b"%PDF-1.7", ".pdf", "export it again"),
        (b"MZ", ".exe", "save it as one of"),
    ],
)
def test_unreadable_report_file_is_refused_with_advice(data, ending, advice) -> None:
    assert advice in refusal(data, ending)


@pytest.mark.parametrize("ending", [".md", ".tex"])
@pytest.mark.parametrize(
    "piece",
    [
        "1,2;3",
        "1, ",
        "- ",
        "| ",
        "$1 ",
        "a: ",
        "[1,",
        "1 x ",
        "= 1 ",
        "(a) ",
        "1.1.",
        "1>2>",
        "~~ ",
    ],
)
def test_long_line_of_syntax_is_parsed_quickly(piece, ending) -> None:
    text = piece * (100_000 // len(piece)) + "!"
    started = time.process_time()
    find_passages(read_blocks(text.encode(), ending))
    assert time.process_time() - started < 5


def test_images_of_a_notebook_do_not_count_as_text() -> None:
    image = {"output_type": "display_data", "data": {"image/png": "A" * (MAX_CHARACTERS + 1)}}
    cells = [
        {"cell_type": "code", "source": "plot()", "outputs": [image]},
        {"cell_type": "markdown", "source": "# answer conv.side\n64"},
    ]
    data = json.dumps({"cells": cells}).encode()
    assert [block.text for block in read_blocks(data, ".ipynb")][-1] == "64"
    assert read_marked_answers(data, ".ipynb")["conv", "side"].text == "64"


def test_the_cells_of_a_notebook_have_a_size_limit_together() -> None:
    cells = [{"cell_type": "raw", "source": ("9" * 999 + "\n") * 300}] * 7
    assert WITHOUT_DATA in refusal(json.dumps({"cells": cells}).encode(), ".ipynb")


def test_a_value_after_a_long_log_of_a_notebook_is_found() -> None:
    log = "".join(f"epoch {epoch}: loss falls\n" for epoch in range(2_000))
    output = {"output_type": "stream", "text": f"{log}Total parameters: 390410\n"}
    cells = [{"cell_type": "code", "source": "", "outputs": [output]}]
    blocks = read_blocks(json.dumps({"cells": cells}).encode(), ".ipynb")
    assert "".join(block.text for block in blocks) == output["text"]
    assert all(block.text.endswith("\n") for block in blocks)
    assert "390410" in {passage.text for passage in find_passages(blocks)}


def test_non_text_notebook_outputs_are_ignored() -> None:
    outputs = [
        {"output_type": "display_data", "data": {"text/html": "<p>1</p>", "image/svg+xml": "<a>"}},
        {"output_type": "error", "traceback": ["2"]},
        {"output_type": "stream", "text": ["loss: 3\n"]},
    ]
    cells = [{"cell_type": "code", "source": "4", "outputs": outputs}, 5, {"cell_type": "markdown"}]
    blocks = read_blocks(json.dumps({"cells": cells}).encode(), ".ipynb")
    assert [block.text for block in blocks] == ["loss: 3\n"]


@pytest.mark.parametrize(
    ("tex", "texts"),
    [
        (r"\begin{document}5 % 6" + "\n" + r"\end{document} 7", ["5"]),
        (r"\textbf{Total}: $5 \cdot 2$", [r"Total: $5 \cdot 2$"]),
        ("\\begin{align}\na &= 1 \\\\\nb &= 2\n\\end{align}", ["$$\na = 1 $$", "$$\nb = 2\n$$"]),
        (
            "\\begin{tabular}{l|r}\nlayer & count \\\\ \\hline\none & 5 \\\\\n\\end{tabular}",
            ["| layer | count |\n|---|---|\n| one | 5 |"],
        ),
        ("\\begin{verbatim}\nx = 5\n\\end{verbatim}", ["x = 5"]),
    ],
)
def test_tex_is_read_without_running_it(tex, texts) -> None:
    assert [block.text for block in read_blocks(tex.encode(), ".tex")] == texts


def test_a_report_that_is_named_twice_is_read_once(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.md", "b.md"):
        Path(name).write_text("Q1 5", encoding="utf-8")
    Path("c.md").symlink_to("a.md")
    paths = [Path("a.md"), Path("./a.md"), tmp_path / "a.md", Path(), Path("b.md")]
    assert derive_student_names(find_reports(paths)) == ["a", "b", "c"]
