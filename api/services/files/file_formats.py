"""Detection of files uploaded in place of a CSV file, by their content."""

from typing import Final

ZIP_SIGNATURE: Final = b"PK\x03\x04"
ZIPPED_SPREADSHEETS: Final = (
    (b"xl/workbook.", "an Excel workbook (.xlsx)"),
    (b"opendocument.spreadsheet", "an OpenDocument spreadsheet (.ods)"),
    (b".iwa", "a Numbers spreadsheet (.numbers)"),
)
"""Uncompressed bytes that identify a zip file as a spreadsheet, with its description.

They are parts of file names, and a media type.
"""
FILE_SIGNATURES: Final = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (.xls)"),
    (b"%PDF-", "a PDF"),
)


def build_non_csv_message(data: bytes) -> str:
    """Return the message for a spreadsheet, an archive or a PDF, "" for any other file.

    >>> build_non_csv_message(b"%PDF-1.7")
    'the file is a PDF; save the table as CSV UTF-8'
    """
    file_kind = next((name for start, name in FILE_SIGNATURES if data.startswith(start)), "")
    if data.startswith(ZIP_SIGNATURE):
        file_kind = next(
            (name for sign, name in ZIPPED_SPREADSHEETS if sign in data), "a zip archive"
        )
    if file_kind == "a zip archive":
        return f"the file is {file_kind}; unpack it and use the CSV file in it"
    return f"the file is {file_kind}; save the table as CSV UTF-8" if file_kind else ""
