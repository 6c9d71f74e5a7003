"""JSON lines in blocks, with every value read exactly."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from api.core.errors import FileError
from api.services.batch.formats.blocks import BLOCK_BYTES, RowBlock
from api.services.batch.formats.columns import INPUT_FIELDS, RESULT_FIELDS
from api.services.files.atomic_output import dump_json
from api.services.files.csv_rows import not_utf8_error
from grader.errors import AnswerError
from grader.json_values import to_json
from grader.reading import load_json

BYTE_ORDER_MARK: Final = "\ufeff"
UNICODE_ESCAPE: Final = "\\u"


class JsonSource:
    """A file with one JSON object per line; *names* maps our columns to the file's."""

    json = typed_json = True

    def __init__(
        self, path: Path, names: Mapping[str, str], *, block_bytes: int = BLOCK_BYTES
    ) -> None:
        self.path, self._names, self._block_bytes = path, names, block_bytes
        self._columns: dict[str, None] = {}
        try:
            self.size = path.stat().st_size
            path.open("rb").close()
        except OSError as error:
            raise FileError(f"{path} cannot be read: {error.strerror}") from error

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of all lines read so far, in order of first appearance."""
        return tuple(self._columns)

    def read_blocks(self) -> Iterator[RowBlock]:
        """Yield the lines of the file, block by block. Raises `FileError` if it cannot be used."""
        offset, line = 0, 1
        while offset < self.size:
            block, count = self._read_block(offset, line)
            offset, line = block.end_byte, line + count
            yield block

    def _read_block(self, offset: int, line: int) -> tuple[RowBlock, int]:
        """Return the block at byte *offset*, whose first line is *line*, and its line count."""
        with self.path.open("rb") as stream:
            stream.seek(offset)
            lines = stream.readlines(self._block_bytes)
            end_byte = stream.tell()
        rows = _BlockBuilder(self._names)
        for number, raw in enumerate(lines, line):
            rows.add(number, self._decode_line(raw, first=number == 1))
        self._columns.update(rows.columns)
        cells, fields = rows.to_frames()
        line_numbers = np.array(rows.lines, np.int64)
        return RowBlock(
            cells, fields, line_numbers, end_byte, partial(self._reload_cells, offset), rows.errors
        ), len(lines)

    def _reload_cells(self, offset: int) -> pl.DataFrame:
        return self._read_block(offset, 1 if offset == 0 else 2)[0].load_cells()

    def _decode_line(self, raw: bytes, *, first: bool) -> str:
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            raise not_utf8_error(self.path) from error
        return text.removeprefix(BYTE_ORDER_MARK) if first else text


@dataclass(slots=True)
class _BlockBuilder:
    """Builder of a block from its rows."""

    names: Mapping[str, str]
    cells: list[dict[str, str]] = field(default_factory=list)
    fields: list[tuple[str | None, ...]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    errors: dict[int, str] = field(default_factory=dict)
    columns: dict[str, None] = field(default_factory=dict)

    def add(self, line: int, text: str) -> None:
        """Add the row of a line; a blank line is skipped."""
        if not text.strip():
            return
        row, error = _parse_object(text)
        if error:
            self.errors[len(self.lines)] = error
        self.lines.append(line)
        self.columns.update(dict.fromkeys(row))
        input_cells = {name: cell for name, cell in row.items() if name not in RESULT_FIELDS}
        self.cells.append({name: dump_json(cell) for name, cell in input_cells.items()})
        self.fields.append(_extract_fields(row, self.names))

    def to_frames(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the cells and our fields as data frames."""
        columns = [name for name in self.columns if name not in RESULT_FIELDS]
        cells = pl.DataFrame(
            {name: [row.get(name) for row in self.cells] for name in columns},
            schema=dict.fromkeys(columns, pl.String),
        )
        if not columns:
            cells = pl.DataFrame({"": [None] * len(self.lines)}, schema={"": pl.String})
        return cells, pl.DataFrame(
            self.fields, schema=dict.fromkeys(INPUT_FIELDS, pl.String), orient="row"
        )


def _parse_object(text: str) -> tuple[dict[str, Any], str]:
    """Return the object of a line, or an empty object and an error."""
    try:
        row = load_json(text)
    except AnswerError as error:
        return {}, f"the line is not JSON: {error}"
    if not isinstance(row, dict):
        return {}, "the line is not a JSON object"
    if UNICODE_ESCAPE in text and not _is_encodable(text):
        return {}, "a character is cut in half; give both \\u"
    return row, ""


def _is_encodable(line: str) -> bool:
    """Return whether the text of a JSON line can be encoded: no surrogate is unpaired."""
    try:
        json.dumps(json.loads(line), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _extract_fields(row: Mapping[str, Any], names: Mapping[str, str]) -> tuple[str | None, ...]:
    """Return student, problem, part, answer and seed as text; the answer as exact JSON."""
    student, problem, part, answer, seed = (row.get(names.get(one, one)) for one in INPUT_FIELDS)
    return (
        None if student is None else str(student),
        problem if isinstance(problem, str) else None,
        part if isinstance(part, str) else None,
        None if answer is None else serialize_exact(answer),
        None if seed is None else str(seed),
    )


def serialize_exact(answer: Any) -> str:
    """Serialize an answer as JSON text that `from_json` restores exactly.

    >>> serialize_exact("1,5"), serialize_exact([1, True])
    ('"1,5"', '[1, true]')
    """
    return json.dumps(to_json(answer), ensure_ascii=False)
