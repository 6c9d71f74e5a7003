"""Files of rows: what is read, on which line, and that one broken row leaves the others whole."""

import io
import json
from pathlib import Path

import pytest
from cpu_time import cpu_seconds

from api.services.output import write_csv
from api.services.rows import FileError, Row, RowError, Table, guard, read_table, unguard

BREAKS = "\u2028\u2029\u0085\v\f\x1c\x1e"


@pytest.fixture
def table(tmp_path: Path):
    def read(text: str, name: str = "in.csv", **names: str) -> Table:
        path = tmp_path / name
        path.write_bytes(text.encode())
        return read_table(path, names=names, required=["a"], results=["r", "s"])

    return read


def cells(row: Row | RowError) -> list[object]:
    assert isinstance(row, Row), row
    return list(row.cells.values())


def test_a_row_ends_only_where_its_line_ends(table) -> None:
    text = f"1{BREAKS}2"
    (row,) = table(f"a,b\n{text},3\n").rows
    assert cells(row) == [text, "3"]
    text = "1\u2028\u2029\u00852"
    (row,) = table(json.dumps({"a": text}, ensure_ascii=False), "in.jsonl").rows
    assert cells(row) == [text]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_know_their_lines_and_cells_keep_theirs(table, end: str) -> None:
    lines = ["", "a,b", "1,2", '"x', "", 'y",3', "", "4,5"]
    rows = table(end.join(lines)).rows
    assert [row.line for row in rows] == [3, 4, 8]
    assert cells(rows[1]) == [f"x{end}{end}y", "3"]


def test_lines_of_json_may_end_as_on_windows(table) -> None:
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
def test_an_unclosed_quote_costs_its_own_line_and_no_other(table, text, failed, count) -> None:
    rows = table(f"a,b\n{text}").rows
    assert [row.row.line for row in rows if isinstance(row, RowError)] == failed
    assert len(rows) == count


@pytest.mark.parametrize("line", ['1",",', '1,"', '"1', '""",', '1,2,"3'])
def test_a_file_of_unclosed_quotes_is_read_soon(table, line: str) -> None:
    assert cpu_seconds(lambda: table("a,b\n" + f"{line}\n" * 30_000)) < 5


def test_a_header_with_an_unclosed_quote_is_refused(table) -> None:
    with pytest.raises(FileError, match="the header is not CSV"):
        table('a,"b\n1,2\n')


def test_empty_columns_at_the_end_are_ignored_while_nothing_is_in_them(table) -> None:
    found = table("a,b,,\n1,2,,\n3,4\n5,6, ,\n7,8,,9\n")
    assert found.columns == ("a", "b")
    assert [cells(row) for row in found.rows[:3]] == [["1", "2"], ["3", "4"], ["5", "6"]]
    assert isinstance(found.rows[3], RowError)
    with pytest.raises(FileError, match="two columns ''"):
        table("a,,,b\n1,,,2\n")


def test_a_mapped_column_takes_the_place_of_ours_and_must_be_there(table) -> None:
    (row,) = table("a,b\n1,2\n", a="b").rows
    assert row.values["a"] == "2"
    (_, short) = table('{"a": 1, "b": 2}\n{"a": 3}\n', "in.jsonl", a="b").rows
    assert "a" not in short.values
    with pytest.raises(FileError, match="no column 'variannt'; it has a, b"):
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
def test_a_guard_comes_off_again(cell: str, written: str) -> None:
    assert guard(cell) == written
    assert unguard(written) == cell


def test_only_an_output_of_ours_is_read_without_guards(table) -> None:
    assert cells(table("a,r\n'=1,2\n").rows[0]) == ["'=1", "2"]
    ours = table("a,'=b,r,s\n'=1,'-x,2,3\n")
    assert ours.columns == ("a", "=b", "r", "s")
    assert cells(ours.rows[0]) == ["=1", "-x", "2", "3"]


def test_what_is_written_is_read_back(table) -> None:
    texts = ["a\rb", "a\r\nb", "a\nb", '"', ",", "=x", "'=x", BREAKS, " ", "'"]
    stream = io.StringIO(newline="")
    write_csv(stream, ["a", "r", "s"], [{"a": text, "r": "", "s": "-"} for text in texts])
    assert [row.values["a"] for row in table(stream.getvalue()).rows] == texts
