"""Rows of a roster file in any of the usual encodings, separators and quoting styles."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from api.services.files.csv_reader import (
    CsvFileError,
    CsvLimits,
    parse_first_row,
    read_rows,
    split_lines,
)
from api.services.files.file_formats import build_non_csv_message

MAX_BYTES: Final = 5_000_000
LIMITS: Final = CsvLimits(200_000, 2_000_000, 5_000, "export the list of students only")
DELIMITERS: Final = ",;\t"
SEPARATOR_LINE: Final = re.compile(r"\s*\"?sep=([,;|\t])\"?\s*", re.IGNORECASE)
BLANK: Final = f'{DELIMITERS}" \r\n'


def read_records(
    content: str | bytes, count_known: Callable[[list[str]], int]
) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each non-blank row, with the line where it begins.

    The separator is chosen by the header: *count_known* counts its known cells. Raises
    `CsvFileError` if the file is too large, is not text, or has a misplaced quote.
    """
    lines = split_lines(_decode_file(content), LIMITS)
    start = next((index for index, line in enumerate(lines) if line.strip(BLANK)), len(lines))
    separator_line = SEPARATOR_LINE.fullmatch(lines[start]) if start < len(lines) else None
    start += separator_line is not None
    delimiter = (
        separator_line[1]
        if separator_line
        else _choose_delimiter("".join(lines[start : start + 1]), count_known)
    )
    for line, cells in read_rows(lines, delimiter, LIMITS, start=start):
        if any(cell.strip() for cell in cells):
            yield line, cells


def _decode_file(content: str | bytes) -> str:
    """Decode a file from UTF-8 or UTF-16, without its byte order mark."""
    if len(content) > MAX_BYTES:
        raise CsvFileError("the file is over 5 MB; export the list of students only")
    try:
        data = content.encode() if isinstance(content, str) else content
        other = build_non_csv_message(data)
        if other:
            raise CsvFileError(other)
        text = data.decode(_detect_encoding(data))
    except UnicodeError as error:
        raise CsvFileError(
            "the file is not UTF-8; save it as UTF-8 (CSV UTF-8 in a spreadsheet)"
        ) from error
    if "\0" in text:
        raise CsvFileError("the file is not text; save it as CSV UTF-8")
    return text.removeprefix("\ufeff")


def _detect_encoding(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if data[1:2] == b"\0":
        return "utf-16-le"
    return "utf-16-be" if data[:1] == b"\0" else "utf-8"


def _choose_delimiter(header: str, count_known: Callable[[list[str]], int]) -> str:
    """Return the delimiter that gives a header the most known cells."""

    def score(delimiter: str) -> tuple[int, int]:
        cells = parse_first_row(header, delimiter)
        return count_known(cells), len(cells)

    return max(DELIMITERS, key=score)
