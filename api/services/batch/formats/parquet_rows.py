"""Parquet in blocks; its numbers and lists are answers like those of JSON."""

import math
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from api.core.errors import FileError
from api.services.batch.formats.blocks import RowBlock
from api.services.batch.formats.columns import INPUT_FIELDS, RESULT_FIELDS, find_column
from api.services.batch.formats.json_rows import serialize_exact

BLOCK_ROWS: Final = 250_000


class ParquetSource:
    """A Parquet file of answers; *names* maps our columns to the file's.

    Rows have no lines, so they are numbered from 1.
    """

    json = False

    def __init__(
        self, path: Path, names: Mapping[str, str], *, block_rows: int = BLOCK_ROWS
    ) -> None:
        self.path, self._block_rows = path, block_rows
        try:
            self.size = path.stat().st_size
            path.open("rb").close()
            self._scan = pl.scan_parquet(path, glob=False)
            schema = self._scan.collect_schema()
            self._rows = int(self._scan.select(pl.len()).collect().item())
        except OSError as error:
            raise FileError(f"{path} cannot be read: {error.strerror or error}") from error
        except pl.exceptions.PolarsError as error:
            raise FileError(f"{path} is not Parquet: {error}") from error
        self._columns = tuple(schema)
        self._fields = {field: find_column(field, self._columns, names) for field in INPUT_FIELDS}
        answer = self._fields["answer"]
        self.typed_json = answer is not None and schema[answer] != pl.String

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the file, in order."""
        return self._columns

    def read_blocks(self) -> Iterator[RowBlock]:
        """Yield the rows of the file, block by block. Raises `FileError` if it is damaged."""
        for start in range(0, self._rows, self._block_rows):
            cells = self._read_cells(start)
            fields = pl.DataFrame(
                [
                    self._extract_field(cells, field, column)
                    for field, column in self._fields.items()
                ]
            )
            lines = np.arange(start + 1, start + cells.height + 1, dtype=np.int64)
            end_byte = self.size * (start + cells.height) // self._rows
            input_cells = cells.select(pl.exclude(RESULT_FIELDS))
            yield RowBlock(input_cells, fields, lines, end_byte, partial(self._reload_cells, start))

    def _reload_cells(self, start: int) -> pl.DataFrame:
        return self._read_cells(start).select(pl.exclude(RESULT_FIELDS))

    def _read_cells(self, start: int) -> pl.DataFrame:
        try:
            return self._scan.slice(start, self._block_rows).collect()
        except (OSError, pl.exceptions.PolarsError) as error:
            raise FileError(f"{self.path} cannot be read: {error}") from error

    def _extract_field(self, cells: pl.DataFrame, field: str, column: str | None) -> pl.Series:
        """Return one of our fields as text."""
        if column is None:
            return pl.Series(field, [None] * cells.height, pl.String)
        values = cells.get_column(column).alias(field)
        if values.dtype == pl.String:
            return values
        if field in {"problem", "part"}:
            return pl.Series(field, [None] * cells.height, pl.String)
        return _map_distinct_values(values, _serialize_answer if field == "answer" else str)


def _map_distinct_values(series: pl.Series, convert: Callable[[Any], str]) -> pl.Series:
    """Map each distinct value to text; null stays null."""
    if series.dtype.is_nested():
        values = [None if one is None else convert(one) for one in series.to_list()]
        return pl.Series(series.name, values, pl.String)
    distinct = series.drop_nulls().unique(maintain_order=True)
    texts = pl.Series([convert(one) for one in distinct.to_list()], dtype=pl.String)
    return series.replace_strict(distinct, texts, default=None, return_dtype=pl.String)


def _serialize_answer(value: Any) -> str:
    return serialize_exact(_to_json_value(value))


def _to_json_value(value: Any) -> Any:
    """Convert a value as if read from JSON: a float becomes its exact decimal."""
    match value:
        case float() if math.isfinite(value):
            return Fraction(repr(value))
        case None | bool() | int() | str():
            return value
        case list():
            return [_to_json_value(one) for one in value]
        case dict():
            return {name: _to_json_value(one) for name, one in value.items()}
        case _:
            return str(value)
