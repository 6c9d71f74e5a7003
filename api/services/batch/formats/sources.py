"""Sources of a batch: a file of answers, opened by its suffix."""

from collections.abc import Mapping
from pathlib import Path

from api.services.batch.formats.blocks import BatchSource
from api.services.batch.formats.columns import check_columns
from api.services.batch.formats.csv_rows import CsvSource
from api.services.batch.formats.json_rows import JsonSource
from api.services.batch.formats.parquet_rows import ParquetSource
from api.services.files.csv_rows import has_json_extension, has_parquet_extension


def open_source(path: Path, names: Mapping[str, str]) -> BatchSource:
    """Open a file of answers; *names* maps our columns to the file's.

    Raises `FileError` if it cannot be used, as far as that is known before reading the rows.
    """
    if has_json_extension(path):
        return JsonSource(path, names)
    source = ParquetSource(path, names) if has_parquet_extension(path) else CsvSource(path, names)
    if source.columns:
        check_columns(path, source.columns, names)
    return source
