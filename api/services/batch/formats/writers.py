"""Writers of rows with their results, as CSV, JSON lines or Parquet: part by part, then joined."""

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import polars as pl

from api.services.batch.formats.columns import RESULT_FIELDS
from api.services.files.atomic_output import dump_json, format_cell
from api.services.files.csv_rows import escape_formula, has_json_extension, has_parquet_extension

FORMULA_PATTERN: Final = r"^'*[=+\-@\t\r]"
SPECIAL_PATTERN: Final = r'["\\\x00-\x1f]'
SEPARATOR: Final = "|"


@dataclass(frozen=True, slots=True)
class BatchInputFormat:
    """Input columns; *json*: the cells of the file are JSON text."""

    columns: tuple[str, ...]
    json: bool

    @property
    def input_columns(self) -> list[str]:
        """The columns of the file that are copied to the output."""
        return [name for name in self.columns if name not in RESULT_FIELDS]


class BatchWriter(Protocol):
    """Writer of the rows of one batch in one format."""

    def format_results(self, verdicts: pl.DataFrame) -> pl.DataFrame:
        """Return the output columns of each verdict, computed once for all rows that have it."""

    def write_part(self, path: Path, cells: pl.DataFrame, results: pl.DataFrame) -> None:
        """Write rows: the cells of the file, with the results of their verdicts."""

    def join_parts(self, parts: Sequence[Path], target: Path) -> None:
        """Join the parts, in order, into one file."""


def create_writer(path: Path | None, input_format: BatchInputFormat) -> BatchWriter:
    """Return the writer for *path*: JSON lines or Parquet by its suffix, otherwise CSV."""
    if path is not None and has_json_extension(path):
        return JsonWriter(input_format)
    if path is not None and has_parquet_extension(path):
        return ParquetWriter(input_format)
    return CsvWriter(input_format)


class CsvWriter:
    """CSV writer; it guards text that a spreadsheet would run as a formula."""

    def __init__(self, input_format: BatchInputFormat) -> None:
        self._input_format = input_format

    def format_results(self, verdicts: pl.DataFrame) -> pl.DataFrame:
        """Return the result columns as text."""
        return verdicts.select(
            _format_text_cells(verdicts.get_column(name)) for name in RESULT_FIELDS[:-1]
        )

    def write_part(self, path: Path, cells: pl.DataFrame, results: pl.DataFrame) -> None:
        """Write rows without a header."""
        texts = [
            _format_text_cells(column_to_text(cell, self._input_format))
            for cell in _select_input_columns(cells, self._input_format)
        ]
        current = pl.when(pl.col("current")).then(pl.lit("true")).otherwise(pl.lit("false"))
        with_current = results.with_columns(current.alias("current"))
        _combine_columns([*texts, *with_current.select(RESULT_FIELDS)]).write_csv(
            path, include_header=False
        )

    def join_parts(self, parts: Sequence[Path], target: Path) -> None:
        """Join the parts below a header."""
        header = io.StringIO(newline="")
        names = [*self._input_format.input_columns, *RESULT_FIELDS]
        csv.writer(header, lineterminator="\n").writerow([escape_formula(name) for name in names])
        _concatenate_files(parts, target, header.getvalue())


class JsonWriter:
    """JSON lines writer: results as typed data, the credit exact."""

    def __init__(self, input_format: BatchInputFormat) -> None:
        self._input_format = input_format

    def format_results(self, verdicts: pl.DataFrame) -> pl.DataFrame:
        """Return the result members of each object as JSON text, except `current`."""
        return verdicts.select(
            pl.Series("members", map(_serialize_members, verdicts.iter_rows(named=True)), pl.String)
        )

    def write_part(self, path: Path, cells: pl.DataFrame, results: pl.DataFrame) -> None:
        """Write one object per row; missing cells are left out."""
        columns = [
            column_to_json(cell, self._input_format)
            for cell in _select_input_columns(cells, self._input_format)
        ]
        named = zip(self._input_format.input_columns, _combine_columns(columns), strict=True)
        members = [pl.lit(f"{dump_json(name)}: ") + cell for name, cell in named]
        current = pl.when(pl.col("current")).then(pl.lit("true")).otherwise(pl.lit("false"))
        members += [pl.col("members"), pl.lit('"current": ') + current]
        line = pl.concat_str(members, separator=", ", ignore_nulls=True)
        lines = results.select(pl.concat_str(pl.lit("{"), line, pl.lit("}\n"))).to_series()
        path.write_text("".join(lines.to_list()), encoding="utf-8", newline="")

    def join_parts(self, parts: Sequence[Path], target: Path) -> None:
        """Concatenate the parts."""
        _concatenate_files(parts, target, "")


class ParquetWriter:
    """Parquet writer: numbers as numbers, mistakes as lists, the credit exact."""

    def __init__(self, input_format: BatchInputFormat) -> None:
        self._input_format = input_format

    def format_results(self, verdicts: pl.DataFrame) -> pl.DataFrame:
        """Return the result columns; null if a row has no result."""
        names = pl.col("mistakes").str.split(SEPARATOR)
        nothing = pl.lit([], pl.List(pl.String))
        mistakes = pl.when(pl.col("mistakes") == "").then(nothing).otherwise(names)
        columns = {name: pl.col(name) for name in ("status", "read_as", "feedback")}
        columns |= {"mistakes": mistakes, "credit": pl.col("exact")}
        for name in ("score", "points"):
            columns[name] = pl.col(name).replace("", None).cast(pl.Float64)
        has_result = pl.col("error") == ""
        columns = {name: pl.when(has_result).then(column) for name, column in columns.items()}
        return verdicts.select(**columns, error="error").select(RESULT_FIELDS[:-1])

    def write_part(self, path: Path, cells: pl.DataFrame, results: pl.DataFrame) -> None:
        """Write rows as a separate Parquet file."""
        columns = _select_input_columns(cells, self._input_format)
        native = [
            column_to_text(cell, self._input_format) if self._input_format.json else cell
            for cell in columns
        ]
        names = [*self._input_format.input_columns, *RESULT_FIELDS]
        frame = _combine_columns([*native, *results.select(RESULT_FIELDS)])
        frame.rename(dict(zip(frame.columns, names, strict=True))).write_parquet(path)

    def join_parts(self, parts: Sequence[Path], target: Path) -> None:
        """Join the parts, in order, into one file."""
        pl.scan_parquet(list(parts), glob=False).sink_parquet(target, row_group_size=ROW_GROUP_SIZE)


ROW_GROUP_SIZE: Final = 250_000


def _select_input_columns(cells: pl.DataFrame, input_format: BatchInputFormat) -> list[pl.Series]:
    """Return the columns of the file in order; a column that this block lacks is null."""
    return [
        cells.get_column(name)
        if name in cells.columns
        else pl.Series(name, [None], pl.String).new_from_index(0, cells.height)
        for name in input_format.input_columns
    ]


def _combine_columns(columns: Iterable[pl.Series]) -> pl.DataFrame:
    """Return a data frame of the columns, named by their index."""
    return pl.DataFrame([column.alias(str(index)) for index, column in enumerate(columns)])


def column_to_text(column: pl.Series, input_format: BatchInputFormat) -> pl.Series:
    """Convert a column to text for CSV."""
    if input_format.json:
        return _map_distinct_values(column, lambda text: format_cell(json.loads(text)))
    return column if column.dtype == pl.String else _map_distinct_values(column, format_cell)


def column_to_json(column: pl.Series, input_format: BatchInputFormat) -> pl.Series:
    """Convert a column to JSON text."""
    if input_format.json:
        return column
    if column.dtype != pl.String:
        return _map_distinct_values(column, dump_json).fill_null("null")
    special = column.str.contains(SPECIAL_PATTERN)
    quotes = pl.concat_str(pl.lit('"'), pl.col(column.name), pl.lit('"'))
    quoted = column.to_frame().select(quotes.alias(column.name)).to_series()
    if not special.any():
        return quoted
    escaped = _map_distinct_values(column.filter(special), dump_json)
    return quoted.scatter(special.arg_true(), escaped)


def _format_text_cells(texts: pl.Series) -> pl.Series:
    """Guard texts that a spreadsheet would run as formulas; the empty text becomes null."""
    empty = pl.when(pl.col(texts.name) != "").then(pl.col(texts.name))
    texts = texts.to_frame().select(empty).to_series()
    risky = texts.str.contains(FORMULA_PATTERN)
    if not risky.any():
        return texts
    guarded = _map_distinct_values(texts.filter(risky), escape_formula)
    return texts.scatter(risky.fill_null(value=False).arg_true(), guarded)


def _map_distinct_values(series: pl.Series, convert: Callable[[Any], str]) -> pl.Series:
    """Map each distinct value to text; null stays null."""
    if series.dtype.is_nested():
        values = [None if one is None else convert(one) for one in series.to_list()]
        return pl.Series(series.name, values, pl.String)
    distinct = series.drop_nulls().unique()
    texts = pl.Series([convert(one) for one in distinct.to_list()], dtype=pl.String)
    return series.replace_strict(distinct, texts, default=None, return_dtype=pl.String)


def _serialize_members(verdict: dict[str, Any]) -> str:
    """Serialize a verdict as the members of a JSON object, without braces."""
    failed = verdict["error"] != ""
    members = {
        "status": None if failed else verdict["status"],
        "credit": verdict["exact"],
        "score": json.loads(verdict["score_json"]),
        "points": json.loads(verdict["points_json"]),
        "read_as": None if failed else verdict["read_as"],
        "mistakes": None if failed else list(filter(None, verdict["mistakes"].split(SEPARATOR))),
        "feedback": None if failed else verdict["feedback"],
        "error": verdict["error"],
    }
    return dump_json(members)[1:-1]


def _concatenate_files(parts: Sequence[Path], target: Path, header: str) -> None:
    with target.open("wb") as stream:
        stream.write(header.encode())
        for part in parts:
            with part.open("rb") as source:
                shutil.copyfileobj(source, stream, 1024 * 1024)
