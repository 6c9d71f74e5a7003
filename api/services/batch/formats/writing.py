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
from api.services.files.atomic_output import cell_text, json_text
from api.services.files.csv_rows import guard, is_json, is_parquet

__all__ = ["CsvWriter", "Form", "JsonWriter", "ParquetWriter", "Writer", "writer_of"]

FORMULA: Final = r"^'*[=+\-@\t\r]"
SPECIAL: Final = r'["\\\x00-\x1f]'
SEPARATOR: Final = "|"


@dataclass(frozen=True, slots=True)
class Form:
    """Input columns; *json*: the cells of the file are JSON text."""

    columns: tuple[str, ...]
    json: bool

    @property
    def kept(self) -> list[str]:
        """The columns of the file that are copied to the output."""
        return [name for name in self.columns if name not in RESULT_FIELDS]


class Writer(Protocol):
    """Writer of the rows of one batch in one format."""

    def results(self, verdicts: pl.DataFrame) -> pl.DataFrame:
        """Return the output columns of each verdict, computed once for all rows that have it."""

    def part(self, path: Path, cells: pl.DataFrame, results: pl.DataFrame) -> None:
        """Write rows: the cells of the file, with the results of their verdicts."""

    def join(self, parts: Sequence[Path], target: Path) -> None:
        """Join the parts, in order, into one file."""


def writer_of(path: Path | None, form: Form) -> Writer:
    """Return the writer for *path*: JSON lines or Parquet by its suffix, otherwise CSV."""
    if path is not None and is_json(path):
        return JsonWriter(form)
    if path is not None and is_parquet(path):
        return ParquetWriter(form)
    return CsvWriter(form)


class CsvWriter:
    """CSV writer; it guards text that a spreadsheet would run as a formula."""

    def __init__(self, form: Form) -> None:
        self._form = form

    def results(self, verdicts: pl.DataFrame) -> pl.DataFrame:
        """Return the result columns as text."""
        return verdicts.select(_guarded(verdicts.get_column(name)) for name in RESULT_FIELDS[:-1])

    def part(self, path: Path, cells: pl.DataFrame, results: pl.DataFrame) -> None:
        """Write rows without a header."""
        texts = [_guarded(as_text(cell, self._form)) for cell in _cells(cells, self._form)]
        current = pl.when(pl.col("current")).then(pl.lit("true")).otherwise(pl.lit("false"))
        told = results.with_columns(current.alias("current"))
        _side_by_side([*texts, *told.select(RESULT_FIELDS)]).write_csv(path, include_header=False)

    def join(self, parts: Sequence[Path], target: Path) -> None:
        """Join the parts below a header."""
        header = io.StringIO(newline="")
        names = [*self._form.kept, *RESULT_FIELDS]
        csv.writer(header, lineterminator="\n").writerow([guard(name) for name in names])
        _joined(parts, target, header.getvalue())


class JsonWriter:
    """JSON lines writer: results as typed data, the credit exact."""

    def __init__(self, form: Form) -> None:
        self._form = form

    def results(self, verdicts: pl.DataFrame) -> pl.DataFrame:
        """Return the result members of each object as JSON text, except `current`."""
        return verdicts.select(
            pl.Series("told", map(_members, verdicts.iter_rows(named=True)), pl.String)
        )

    def part(self, path: Path, cells: pl.DataFrame, results: pl.DataFrame) -> None:
        """Write one object per row; missing cells are left out."""
        given = [as_json(cell, self._form) for cell in _cells(cells, self._form)]
        named = zip(self._form.kept, _side_by_side(given), strict=True)
        members = [pl.lit(f"{json_text(name)}: ") + cell for name, cell in named]
        current = pl.when(pl.col("current")).then(pl.lit("true")).otherwise(pl.lit("false"))
        members += [pl.col("told"), pl.lit('"current": ') + current]
        line = pl.concat_str(members, separator=", ", ignore_nulls=True)
        lines = results.select(pl.concat_str(pl.lit("{"), line, pl.lit("}\n"))).to_series()
        path.write_text("".join(lines.to_list()), encoding="utf-8", newline="")

    def join(self, parts: Sequence[Path], target: Path) -> None:
        """Concatenate the parts."""
        _joined(parts, target, "")


class ParquetWriter:
    """Parquet writer: numbers as numbers, mistakes as lists, the credit exact."""

    def __init__(self, form: Form) -> None:
        self._form = form

    def results(self, verdicts: pl.DataFrame) -> pl.DataFrame:
        """Return the result columns; null if a row has no result."""
        named = pl.col("mistakes").str.split(SEPARATOR)
        nothing = pl.lit([], pl.List(pl.String))
        mistakes = pl.when(pl.col("mistakes") == "").then(nothing).otherwise(named)
        told = {name: pl.col(name) for name in ("status", "read_as", "feedback")}
        told |= {"mistakes": mistakes, "credit": pl.col("exact")}
        for name in ("score", "points"):
            told[name] = pl.col(name).replace("", None).cast(pl.Float64)
        fine = pl.col("error") == ""
        told = {name: pl.when(fine).then(one) for name, one in told.items()}
        return verdicts.select(**told, error="error").select(RESULT_FIELDS[:-1])

    def part(self, path: Path, cells: pl.DataFrame, results: pl.DataFrame) -> None:
        """Write rows as a separate Parquet file."""
        given = _cells(cells, self._form)
        native = [as_text(cell, self._form) if self._form.json else cell for cell in given]
        names = [*self._form.kept, *RESULT_FIELDS]
        frame = _side_by_side([*native, *results.select(RESULT_FIELDS)])
        frame.rename(dict(zip(frame.columns, names, strict=True))).write_parquet(path)

    def join(self, parts: Sequence[Path], target: Path) -> None:
        """Join the parts, in order, into one file."""
        pl.scan_parquet(list(parts), glob=False).sink_parquet(target, row_group_size=ROW_GROUP)


ROW_GROUP: Final = 250_000


def _cells(cells: pl.DataFrame, form: Form) -> list[pl.Series]:
    """Return the columns of the file in order; a column that this block lacks is null."""
    return [
        cells.get_column(name)
        if name in cells.columns
        else pl.Series(name, [None], pl.String).new_from_index(0, cells.height)
        for name in form.kept
    ]


def _side_by_side(columns: Iterable[pl.Series]) -> pl.DataFrame:
    """Return a data frame of the columns, named by their index."""
    return pl.DataFrame([one.alias(str(at)) for at, one in enumerate(columns)])


def as_text(cell: pl.Series, form: Form) -> pl.Series:
    """Convert a column to text for CSV."""
    if form.json:
        return _mapped(cell, lambda text: cell_text(json.loads(text)))
    return cell if cell.dtype == pl.String else _mapped(cell, cell_text)


def as_json(cell: pl.Series, form: Form) -> pl.Series:
    """Convert a column to JSON text."""
    if form.json:
        return cell
    if cell.dtype != pl.String:
        return _mapped(cell, json_text).fill_null("null")
    special = cell.str.contains(SPECIAL)
    quotes = pl.concat_str(pl.lit('"'), pl.col(cell.name), pl.lit('"'))
    quoted = cell.to_frame().select(quotes.alias(cell.name)).to_series()
    if not special.any():
        return quoted
    told = _mapped(cell.filter(special), json_text)
    return quoted.scatter(special.arg_true(), told)


def _guarded(texts: pl.Series) -> pl.Series:
    """Guard texts that a spreadsheet would run as formulas; the empty text becomes null."""
    empty = pl.when(pl.col(texts.name) != "").then(pl.col(texts.name))
    texts = texts.to_frame().select(empty).to_series()
    risky = texts.str.contains(FORMULA)
    if not risky.any():
        return texts
    told = _mapped(texts.filter(risky), guard)
    return texts.scatter(risky.fill_null(value=False).arg_true(), told)


def _mapped(series: pl.Series, told: Callable[[Any], str]) -> pl.Series:
    """Map each distinct value to text; null stays null."""
    if series.dtype.is_nested():
        values = [None if one is None else told(one) for one in series.to_list()]
        return pl.Series(series.name, values, pl.String)
    different = series.drop_nulls().unique()
    texts = pl.Series([told(one) for one in different.to_list()], dtype=pl.String)
    return series.replace_strict(different, texts, default=None, return_dtype=pl.String)


def _members(verdict: dict[str, Any]) -> str:
    """Serialize a verdict as the members of a JSON object, without braces."""
    failed = verdict["error"] != ""
    told = {
        "status": None if failed else verdict["status"],
        "credit": verdict["exact"],
        "score": json.loads(verdict["score_json"]),
        "points": json.loads(verdict["points_json"]),
        "read_as": None if failed else verdict["read_as"],
        "mistakes": None if failed else list(filter(None, verdict["mistakes"].split(SEPARATOR))),
        "feedback": None if failed else verdict["feedback"],
        "error": verdict["error"],
    }
    return json_text(told)[1:-1]


def _joined(parts: Sequence[Path], target: Path, header: str) -> None:
    with target.open("wb") as stream:
        stream.write(header.encode())
        for part in parts:
            with part.open("rb") as given:
                shutil.copyfileobj(given, stream, 1024 * 1024)
