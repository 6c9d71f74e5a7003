"""Detection of files uploaded in place of a CSV file, by their content."""

from typing import Final

__all__ = ["no_csv"]

ZIP: Final = b"PK\x03\x04"
PACKED: Final = (
    (b"xl/workbook.", "an Excel workbook (.xlsx)"),
    (b"opendocument.spreadsheet", "an OpenDocument spreadsheet (.ods)"),
    (b".iwa", "a Numbers spreadsheet (.numbers)"),
)
"""What stands in a zip file that is a spreadsheet: names of files and a media type, not packed."""
BEGINNINGS: Final = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (.xls)"),
    (b"%PDF-", "a PDF"),
)


def no_csv(data: bytes) -> str:
    """Return the message for a spreadsheet, an archive or a PDF, "" for any other file.

    >>> no_csv(b"%PDF-1.7")
    'the file is a PDF; save the table as CSV UTF-8'
    """
    named = next((name for start, name in BEGINNINGS if data.startswith(start)), "")
    if data.startswith(ZIP):
        named = next((name for sign, name in PACKED if sign in data), "a zip archive")
    if named == "a zip archive":
        return f"the file is {named}; unpack it, and take the CSV file that is in it"
    return f"the file is {named}; save the table as CSV UTF-8" if named else ""
