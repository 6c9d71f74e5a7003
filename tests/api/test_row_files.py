"""Tests of row files: parsed rows, line numbers, and broken rows that spoil no other."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from cpu_time import cpu_seconds

from api.core.errors import FileError
from api.services.batch.formats import csv_rows
from api.services.batch.formats.blocks import BatchSource
from api.services.batch.formats.columns import INPUT_FIELDS, RESULT_FIELDS, check_columns
from api.services.batch.formats.csv_rows import CsvSource
from api.services.batch.formats.json_rows import JsonSource
from api.services.batch.formats.plain_csv import PlainRows, parse_plain_rows
from api.services.batch.formats.writers import BatchInputFormat, CsvWriter
from api.services.files.csv_rows import escape_formula, unescape_formula

BREAKS = "\u2028\u2029\u0085\v\f\x1c\x1e"
RESULTS = ",".join(RESULT_FIELDS)
MANY = 1000


@dataclass
class Row:
    """A parsed row: its first line, the known fields, the cells and the error."""

    line: int
    fields: dict[str, str | None]
    cells: list[Any]
    error: str | None


@dataclass
class Table:
    columns: tuple[str, ...]
    rows: list[Row]


def table_of(source: BatchSource) -> Table:
    rows = []
    for block in source.read_blocks():
        cells = block.load_cells()
        assert block.height > MANY or cells.equals(block.reload_cells())
        for at, (line, given) in enumerate(zip(block.lines.tolist(), cells.rows(), strict=True)):
            told = [json.loads(one) if source.json and one else one for one in given]
            fields = block.fields.row(at, named=True)
            rows.append(Row(line, fields, told, block.errors.get(at)))
    return Table(source.columns, rows)


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Table]:
    def read(text: str, name: str = "in.csv", block_bytes: int = 1 << 20, **names: str) -> Table:
        path = tmp_path / name
        path.write_bytes(text.encode())
        kind = JsonSource if path.suffix == ".jsonl" else CsvSource
        source = kind(path, names, block_bytes=block_bytes)
        found = table_of(source)
        if names:
            check_columns(path, (*INPUT_FIELDS, *source.columns), names)
        return found

    return read


def cells(row: Row) -> list[object]:
    assert row.error is None, row
    return [cell for cell in row.cells if cell is not None]


def test_unicode_line_separators_do_not_end_a_row(table) -> None:
    text = f"1{BREAKS}2"
    (row,) = table(f"a,b\n{text},3\n").rows
    assert cells(row) == [text, "3"]
    text = "1\u2028\u2029\u00852"
    (row,) = table(json.dumps({"a": text}, ensure_ascii=False), "in.jsonl").rows
    assert cells(row) == [text]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_have_line_numbers_and_cells_keep_line_breaks(table, end: str) -> None:
    lines = ["", "a,b", "1,2", '"x', "", 'y",3', "", "4,5"]
    rows = table(end.join(lines)).rows
    assert [row.line for row in rows] == [3, 4, 8]
    assert cells(rows[1]) == [f"x{end}{end}y", "3"]


def test_json_lines_accept_crlf(table) -> None:
    rows = table('{"a": 1}\r\n\r\n{"a": 2}\r\n', "in.jsonl").rows
    assert [(row.line, cells(row)) for row in rows] == [(1, [1]), (3, [2])]


LONG = "1,2\n" * 5000


@pytest.mark.parametrize(
    ("text", "failed", "count"),
    [
        ('1,2\n3,"4\n5,6\n7,8\n', [3], 4),
        ('1,"2\n3,4\n"5","6"\n', [2], 3),
        ('1,"2\n3,"4\n5,6\n', [2, 3], 3),
        ('1,2\n3,"4"5\n6,7\n', [3], 3),
        ('1,"2', [2], 1),
        (f'1,"2\n{LONG}3,"4\n', [2, 5003], 5002),
        (f'1,"{"2" * 1_000_001}"\n3,4\n', [2], 2),
        ('1,"' + "2\n" * 1000 + '"\n3,4\n', [], 2),
    ],
)
def test_unclosed_quote_invalidates_only_its_line(table, text, failed, count) -> None:
    rows = table(f"a,b\n{text}").rows
    assert [row.line for row in rows if row.error] == failed
    assert len(rows) == count


@pytest.mark.parametrize("line", ['1",",', '1,"', '"1', '""",', '1,2,"3'])
def test_file_of_unclosed_quotes_is_parsed_quickly(table, line: str) -> None:
    assert cpu_seconds(lambda: table("a,b\n" + f"{line}\n" * 30_000)) < 5


def test_header_with_unclosed_quote_is_rejected(table) -> None:
    with pytest.raises(FileError, match="the header is not CSV"):
        table('a,"b\n1,2\n')


def test_empty_trailing_columns_are_ignored(table) -> None:
    found = table("a,b,,\n1,2,,\n3,4\n5,6, ,\n7,8,,9\n")
    assert found.columns == ("a", "b")
    assert [cells(row) for row in found.rows[:3]] == [["1", "2"], ["3", "4"], ["5", "6"]]
    assert found.rows[3].error
    with pytest.raises(FileError, match="two columns ''"):
        table("a,,,b\n1,,,2\n")


def test_mapped_column_replaces_default_and_must_exist(table) -> None:
    (row,) = table("student,b\n1,2\n", student="b").rows
    assert row.fields["student"] == "2"
    (_, short) = table('{"student": 1, "b": 2}\n{"student": 3}\n', "in.jsonl", student="b").rows
    assert short.fields["student"] is None
    with pytest.raises(FileError, match="no column 'variannt'; it has "):
        table("a,b\n1,2\n", seed="variannt")


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("'=1+1", "''=1+1"),
        ("''-", "'''-"),
        ("\t=", "'\t="),
        ("\r@", "'\r@"),
        ("-1.5", "-1.5"),
        ("+1e3", "+1e3"),
        ("'-1", "''-1"),
        ("'t is", "'t is"),
        ("", ""),
        ("'", "'"),
        ("1-2", "1-2"),
    ],
)
def test_formula_escape_round_trips(cell: str, written: str) -> None:
    assert escape_formula(cell) == written
    assert unescape_formula(written) == cell


def test_only_results_files_are_unescaped(table) -> None:
    assert cells(table("a,status\n'=1,2\n").rows[0]) == ["'=1", "2"]
    ours = table(f"a,'=b,{RESULTS}\n'=1,'-x{',' * len(RESULT_FIELDS)}\n")
    assert ours.columns == ("a", "=b", *RESULT_FIELDS)
    assert cells(ours.rows[0]) == ["=1", "-x"]


def test_written_csv_round_trips(table, tmp_path) -> None:
    texts = ["a\rb", "a\r\nb", "a\nb", '"', ",", "=x", "'=x", BREAKS, " ", "'"]
    writer = CsvWriter(BatchInputFormat(("a", *RESULT_FIELDS), json=False))
    empty = dict.fromkeys(RESULT_FIELDS[:-1], [""] * len(texts))
    results = writer.format_results(pl.DataFrame(empty)).with_columns(current=True)
    writer.write_part(tmp_path / "part", pl.DataFrame({"a": texts}), results)
    writer.join_parts([tmp_path / "part"], tmp_path / "out.csv")
    written = (tmp_path / "out.csv").read_bytes().decode()
    assert [row.cells[0] for row in table(written).rows] == texts


PIECES = [
    *'a",,\n\n\r1 é\0',
    '""',
    '"x,y"',
    '"a\nb"',
    "\r\n",
    "'=1",
    *("s,p,q,1\n", '"s",p,q,\n') * 3,
]


def odd_text(random: Random) -> str:
    """Return random CSV that is nearly plain, or not plain at all."""
    pieces = PIECES if random.random() < 0.5 else PIECES[-8:]
    text = "".join(random.choices(pieces, k=random.randrange(1, 12)))
    if random.random() < 0.2:
        text = text.replace("\r", "").replace("\n", "\r\n")
    return f"student,problem,part,answer\n{text}"


def test_polars_parser_agrees_with_row_reader(table, monkeypatch) -> None:
    """Polars and the row reader agree for any block size. Each of them reads some texts."""
    random, used = Random(1), Counter[bool]()  # noqa: S311  # texts, no secrets

    def counted(*arguments: Any, **named: Any) -> PlainRows | None:
        found = parse_plain_rows(*arguments, **named)
        used[found is None] += 1
        return found

    for text in (odd_text(random) for _ in range(300)):
        monkeypatch.setattr(csv_rows, "parse_plain_rows", counted)
        found = table(text, block_bytes=random.choice([9, 30, 1000])).rows
        monkeypatch.setattr(csv_rows, "parse_plain_rows", lambda *_, **__: None)
        expected = table(text).rows
        assert [told(row) for row in found] == [told(row) for row in expected], text
    assert min(used[True], used[False]) > 100


def told(row: Row) -> tuple[object, ...]:
    return row.line, row.error, [cell or "" for cell in row.cells]


def test_polars_parses_large_file_with_multiline_cells() -> None:
    rows = "".join(f's{at},p,q,"{at}\n""{at},\n"\n' for at in range(40_000))
    found = parse_plain_rows(rows.encode(), ",", 4, last=True)
    assert found is not None
    assert found.cells.get_column("3").to_list() == [f'{at}\n"{at},\n' for at in range(40_000)]
    assert found.lines.tolist() == list(range(0, 120_000, 3))
